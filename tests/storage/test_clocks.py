"""Deadlines in the tables: kept by every writer, concluded by a job, waited for, rung about."""

from datetime import datetime, timedelta
from typing import Final

import anyio
import msgspec
import pytest

from domain import tickets
from domain.policy import Policy
from domain.refusals import NotPaused, PauseTooLong
from domain.tickets import Clock, PauseReason, Ticket
from domain.wallets import Wallet
from service.operations import (
    clocks,
    pausing,
    wallets,
)
from service.operations import (
    tickets as ticket_acts,
)
from service.operations.house import House
from service.storage import load
from tests import desks
from tests import people as cast
from tests.desks import Case

pytestmark = pytest.mark.anyio
MINUTE: Final = timedelta(minutes=1)
QUARTER: Final = timedelta(minutes=15)
HOUR: Final = timedelta(hours=1)
A_MOMENT: Final = timedelta(milliseconds=1)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await desks.a_case(house, wallet)


async def the_ticket(house: House, case: Case) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, case.wallet.id, case.ticket_id)


async def written(house: House, case: Case) -> list[tuple[str, str]]:
    async with house.engine.connect() as db:
        events = await load.clock_events_of(db, case.wallet.id, case.ticket_id)
    return [(event.what.value, event.kind.value if event.kind else "") for event in events]


async def until(house: House, instant: datetime) -> None:
    """The clock is moved to this instant."""
    await cast.move_clock(house, instant - await cast.now(house))


async def test_an_opening_writes_nothing_and_is_the_activation_of_two_clocks(
    house: House, case: Case
) -> None:
    ticket = await the_ticket(house, case)

    assert await written(house, case) == []
    assert tickets.recompute(ticket, ()) == {
        Clock.FIRST_ATTEMPT: ticket.opened_at + QUARTER,
        Clock.DECISION: ticket.opened_at + 4 * HOUR,
    }


async def test_what_was_written_down_says_every_deadline_of_a_whole_life(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    for step in (
        lambda: pausing.pause(
            house, case.ticket_id, reason=PauseReason.OWNER, lasts=HOUR, by=astrid
        ),
        lambda: pausing.go_on(house, case.ticket_id, by=astrid),
        lambda: ticket_acts.reach_owner(house, case.ticket_id, by=astrid),
        lambda: pausing.pause(
            house, case.ticket_id, reason=PauseReason.CARRIER, lasts=2 * HOUR, by=astrid
        ),
        lambda: clocks.keep_clocks(house),
    ):
        await step()
        ticket = await the_ticket(house, case)
        async with house.engine.connect() as db:
            events = await load.clock_events_of(db, case.wallet.id, case.ticket_id)
        assert tickets.recompute(ticket, events) == tickets.running(ticket)
        await cast.move_clock(house, 7 * MINUTE)
    assert await written(house, case) == [
        *[("paused", "first-attempt"), ("paused", "decision")],
        *[("resumed", "first-attempt"), ("resumed", "decision")],
        ("fulfilled", "first-attempt"),
        ("paused", "decision"),
    ]


@pytest.mark.usefixtures("clock_stands")
async def test_a_job_that_is_late_or_runs_twice_or_at_once_concludes_it_once(
    house: House, case: Case
) -> None:
    ticket = await the_ticket(house, case)
    await until(house, ticket.first_attempt_until - 10 * A_MOMENT * 1000)
    assert await clocks.keep_clocks(house) == 0
    await until(house, ticket.opened_at + HOUR)

    async with anyio.create_task_group() as group:
        group.start_soon(clocks.keep_clocks, house)
        group.start_soon(clocks.keep_clocks, house)
    await clocks.keep_clocks(house)

    after = await the_ticket(house, case)
    assert (after.level, after.breached_until) == (2, ticket.first_attempt_until)
    assert await written(house, case) == [("breached", "first-attempt"), ("level-raised", "")]


async def test_a_ticket_that_was_solved_in_time_is_never_late_however_late_the_job(
    house: House, case: Case
) -> None:
    await cast.released(house, case.wallet)
    before = await the_ticket(house, case)
    await cast.move_clock(house, timedelta(days=3))

    assert await clocks.keep_clocks(house) == 0

    assert await the_ticket(house, case) == before
    assert ("breached", "decision") not in await written(house, case)


async def test_a_sign_from_the_owner_ends_the_waiting_and_takes_back_its_rest(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 1)
    before = await the_ticket(house, case)
    began = await cast.now(house)
    await pausing.pause(house, case.ticket_id, reason=PauseReason.OWNER, lasts=10 * HOUR, by=astrid)
    assert (await the_ticket(house, case)).decision_until == before.decision_until + 10 * HOUR
    await cast.move_clock(house, HOUR)

    await ticket_acts.reach_owner(house, case.ticket_id, by=astrid)

    after = await the_ticket(house, case)
    assert after.paused_until is None
    waited = after.decision_until - before.decision_until
    assert HOUR <= waited <= HOUR + (await cast.now(house) - began - HOUR)
    with pytest.raises(NotPaused):
        await pausing.go_on(house, case.ticket_id, by=astrid)


async def test_a_changed_policy_takes_nothing_from_a_pause_that_was_given(
    house: House, case: Case
) -> None:
    """A known fault of other desks: the pause is lost when the policy changes."""
    astrid = await cast.an_agent(house, case.wallet, "astrid", 1)
    await pausing.pause(
        house, case.ticket_id, reason=PauseReason.WALLET, lasts=12 * HOUR, by=astrid
    )
    given = await the_ticket(house, case)
    stricter = msgspec.convert(
        {"tickets": {"pause_lasts_at_most": 3600, "decided_within": 3600}}, Policy, strict=False
    )
    await wallets.change_policy(house, case.wallet.origin, stricter)

    await clocks.keep_clocks(house)
    assert await the_ticket(house, case) == given
    await cast.move_clock(house, 12 * HOUR)
    await clocks.keep_clocks(house)
    after = await the_ticket(house, case)

    assert (after.paused_until, after.decision_until) == (None, given.decision_until)
    with pytest.raises(PauseTooLong):
        await pausing.pause(
            house, case.ticket_id, reason=PauseReason.WALLET, lasts=2 * HOUR, by=astrid
        )
