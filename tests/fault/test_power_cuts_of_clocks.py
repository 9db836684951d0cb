"""Deadlines, pauses and whoever is rung: cut at every statement."""

from datetime import timedelta
from typing import Final

import pytest

from domain.accounts import AddressKind
from domain.tickets import PauseReason
from service.operations import clocks, on_call, pausing
from service.operations.house import House
from service.operations.on_call import NewOnCall
from tests import desks
from tests import people as cast
from tests.desks import Case
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
OMAR: Final = NewOnCall(
    wallet_id=None,
    name="Omar",
    kind=AddressKind.PHONE,
    address="+54 9 11 2345-6789",
    language="es",
    time_zone="UTC",
    place=1,
)


@pytest.fixture
async def case(house: House) -> Case:
    return await desks.a_case(house, await cast.a_wallet(house))


async def test_a_ticket_waits_wholly_or_not_at_all(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 1)
    await everything_or_nothing(
        house,
        lambda: pausing.pause(
            house, case.ticket_id, reason=PauseReason.OWNER, lasts=HOUR, by=astrid
        ),
    )
    await everything_or_nothing(house, lambda: pausing.go_on(house, case.ticket_id, by=astrid))


async def test_what_runs_out_is_concluded_and_rung_wholly_or_not_at_all(
    house: House, case: Case
) -> None:
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    await everything_or_nothing(house, lambda: on_call.add(house, OMAR))
    await cast.move_clock(house, 9 * HOUR)
    # What is due beside each other is each whole by itself; the rest comes with the next look.
    await everything_or_nothing(house, lambda: clocks.look_at_tickets(house))
    await everything_or_nothing(house, lambda: on_call.ring_due(house))
    # The next one of the list, five minutes later: the job as it is run.
    await cast.move_clock(house, 5 * MINUTE)
    await everything_or_nothing(house, lambda: clocks.keep_clocks(house))
    await everything_or_nothing(house, lambda: on_call.answer(house, case.ticket_id, by=sofia))
    (omar,) = await on_call.listed(house)
    await everything_or_nothing(
        house,
        lambda: on_call.send_test(house, omar.person.id, wallet_id=case.wallet.id),
    )
    await everything_or_nothing(house, lambda: on_call.remove(house, omar.person.id))
