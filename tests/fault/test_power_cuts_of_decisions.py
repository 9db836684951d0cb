"""Kept frozen, picked anew, undone together, looked at again: cut at every statement."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest

from domain.client_mistakes import MistakeReason
from domain.tickets import Finding, KeepReason, PauseReason, RejectReason, ToBring
from service.operations import (
    client_mistakes,
    clocks,
    keeping_frozen,
    mistakes_undone,
    on_call,
    pausing,
    picking,
    recovery_cards,
    release_reviews,
    tickets,
)
from service.operations.house import House
from service.storage import load
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case, proposed
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio
QUARTER = timedelta(minutes=15)


@pytest.fixture
async def case(house: House) -> Case:
    wallet = await deciding.every_release_is_drawn(house, await cast.a_wallet(house))
    return await a_case(house, wallet)


async def test_keeping_frozen_happens_wholly_or_not_at_all(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    ticket = case.ticket_id

    def propose() -> Awaitable[None]:
        return keeping_frozen.propose(
            house,
            ticket,
            reason=KeepReason.IDENTITY_NOT_PROVED,
            to_bring=(ToBring.RECOVERY_CARD,),
            by=astrid,
        )

    await everything_or_nothing(house, propose)
    first = await deciding.its_id(house, case.wallet, ticket)
    await everything_or_nothing(
        house,
        lambda: tickets.reject_release(
            house, ticket, first, by=arne, reason=RejectReason.OTHER, words="call her first"
        ),
    )
    await propose()
    second = await deciding.its_id(house, case.wallet, ticket)
    await everything_or_nothing(
        house, lambda: keeping_frozen.approve(house, ticket, second, by=arne)
    )
    await everything_or_nothing(
        house, lambda: keeping_frozen.review(house, ticket, keeps=False, by=sofia)
    )


async def test_what_waits_to_stay_frozen_is_rung_about_and_picked_anew_wholly_or_not_at_all(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    for name in ("arne", "bea", "dan"):
        await cast.an_agent(house, case.wallet, name, 3)
    await tickets.reach_owner(house, case.ticket_id, by=astrid)
    await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)
    await cast.move_clock(house, QUARTER)

    await everything_or_nothing(house, lambda: picking.pick_again(house))
    # The breach, its level, what is written down of both, and the bell.
    await everything_or_nothing(house, lambda: clocks.look_at_tickets(house))
    await everything_or_nothing(house, lambda: on_call.ring_due(house))


async def test_a_wait_that_a_decision_ends_ends_wholly_or_not_at_all(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    hour = timedelta(hours=1)
    await pausing.pause(house, case.ticket_id, reason=PauseReason.OWNER, lasts=hour, by=astrid)
    waits = await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)

    await everything_or_nothing(
        house, lambda: keeping_frozen.approve(house, case.ticket_id, waits.id, by=arne)
    )


async def test_a_young_card_s_code_freezes_and_is_recorded_wholly_or_not_at_all(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)
    code = await proving.a_code_of_a_card(
        house, case.wallet, case.ticket_id, made_before=timedelta(hours=1)
    )

    # The proof, what it voids, the code that is used up.
    await everything_or_nothing(house, lambda: recovery_cards.use_code(house, case.wallet, code))


async def test_picking_anew_and_looking_again_happen_wholly_or_not_at_all(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    others = {
        name: await cast.an_agent(house, case.wallet, name, 3) for name in ("arne", "bea", "dan")
    }
    await proposed(house, case, astrid)
    await cast.move_clock(house, QUARTER)
    await everything_or_nothing(house, lambda: picking.pick_again(house))
    waits = await deciding.what_waits(house, case.wallet, case.ticket_id)
    (picked,) = [one for one in others.values() if one.agent.id == waits.approver_id]
    await tickets.approve_release(house, case.ticket_id, waits.id, by=picked)
    async with house.engine.connect() as db:
        review = await load.release_review_of(db, case.wallet.id, case.ticket_id)
    assert review is not None
    # Whoever let the first quarter of an hour pass was asked too, and took part.
    (uninvolved,) = [one for one in others.values() if one.agent.id not in review.involved]
    await everything_or_nothing(
        house,
        lambda: release_reviews.find(
            house, case.ticket_id, review.id, Finding.NOT_IN_ORDER, "too fast", by=uninvolved
        ),
    )


async def test_undoing_a_client_s_freezes_happens_wholly_or_not_at_all(house: House) -> None:
    wallet = await cast.a_wallet(house)
    caller = await deciding.a_caller(house, wallet)
    for name in ("olga", "otto"):
        await deciding.frozen_by(house, wallet, caller, name)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    bea = await cast.an_agent(house, wallet, "bea", 4)

    window = await deciding.the_window(house, caller)
    why = MistakeReason.KEY_STOLEN

    await everything_or_nothing(
        house, lambda: client_mistakes.propose(house, window, why, by=sofia)
    )
    async with house.engine.connect() as db:
        (first,) = await load.client_mistakes_of(db, (wallet.id,), limit=5)
    await everything_or_nothing(house, lambda: client_mistakes.reject(house, first.id, by=bea))
    second = await deciding.mistake_proposed(house, caller, sofia)
    await everything_or_nothing(house, lambda: client_mistakes.approve(house, second, by=bea))
    mistake, (one, other) = await deciding.the_mistake(house, wallet, second)
    await everything_or_nothing(house, lambda: mistakes_undone.undo(house, mistake, one))
    await mistakes_undone.undo(house, mistake, other)
    await everything_or_nothing(house, lambda: mistakes_undone.finish(house, mistake))
    # The job is these two, for one account after the other.
    assert await mistakes_undone.carry_on(house) == 0
