"""Everyday work on a ticket is stored whole, or not at all."""

from datetime import timedelta

import pytest

from domain.tickets import BoostReason, ContactReply, OwnerReply
from service.operations import boosting, desk, desk_messages, handing_over, notes, reassigning
from service.operations.agents import SignedIn
from service.operations.house import House
from tests import people as cast
from tests.desks import Case, a_case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 2)


async def _version(house: House, case: Case, by: SignedIn) -> int:
    return (await desk.see_ticket(house, case.ticket_id, by)).ticket.row_version


async def test_a_ticket_is_taken_and_handed_over_with_its_note_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    ticket = case.ticket_id
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    seen = await _version(house, case, astrid)
    await everything_or_nothing(
        house, lambda: handing_over.take(house, ticket, by=astrid, seen=seen)
    )
    then = await _version(house, case, astrid)
    await everything_or_nothing(
        house,
        lambda: handing_over.hand_over(
            house, ticket, arne.agent.id, note="called twice", by=astrid, seen=then
        ),
    )


async def test_supervisors_give_a_ticket_to_somebody_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    seen = await _version(house, case, astrid)
    await everything_or_nothing(
        house,
        lambda: reassigning.reassign(
            house, case.ticket_id, arne.agent.id, reason="his shift", by=sofia, seen=seen
        ),
    )


async def test_a_ticket_moves_up_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    seen = await _version(house, case, astrid)
    reason = BoostReason.OWNER_IN_NEED
    await everything_or_nothing(
        house, lambda: boosting.boost(house, case.ticket_id, reason, by=astrid, seen=seen)
    )


async def test_a_note_is_kept_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await everything_or_nothing(
        house, lambda: notes.add(house, case.ticket_id, "called", key="one", by=astrid)
    )


async def test_a_message_is_promised_wholly_or_not_at_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    ticket = case.ticket_id
    await everything_or_nothing(
        house,
        lambda: desk_messages.write(
            house,
            ticket,
            None,
            OwnerReply.STILL_CHECKING,
            own_line="Llamamos dos veces.",
            key="one",
            by=astrid,
        ),
    )
    await cast.move_clock(house, timedelta(minutes=1))
    people = (await desk.see_ticket(house, ticket, astrid)).work.people
    (carl,) = [one.contact_id for one in people if one.reported]
    await everything_or_nothing(
        house,
        lambda: desk_messages.write(
            house, ticket, carl, ContactReply.PLEASE_CALL, key="two", by=astrid
        ),
    )
