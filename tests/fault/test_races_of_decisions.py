"""Decisions against whatever else happens to the ticket at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from domain.client_mistakes import MistakeStatus
from domain.refusals import (
    AlreadyProposed,
    ChangedMeanwhile,
    NothingPending,
    Refused,
    TicketClosed,
)
from domain.tickets import (
    Clock,
    ClockWhat,
    KeepReason,
    ReleaseReason,
    Stage,
    recompute,
    running,
)
from service.operations import (
    client_mistakes,
    clocks,
    keeping_frozen,
    mistakes_undone,
    picking,
    tickets,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage import load
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case, proposed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def desk(house: House, case: Case) -> tuple[SignedIn, SignedIn, SignedIn]:
    """Who proposes, and two who may decide."""
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    return astrid, arne, await cast.an_agent(house, case.wallet, "sofia", 4)


async def at_once(*acts: Awaitable[Any]) -> list[Any]:
    ends = await asyncio.gather(*acts, return_exceptions=True)
    faults = [e for e in ends if isinstance(e, BaseException) and not isinstance(e, Refused)]
    assert not faults, faults
    return list(ends)


Desk = tuple[SignedIn, SignedIn, SignedIn]


async def test_two_approvals_and_a_no_at_once_are_one_decision(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, sofia = desk
    await proposed(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)

    ends = await at_once(
        tickets.approve_release(house, case.ticket_id, waits, by=arne),
        tickets.approve_release(house, case.ticket_id, waits, by=sofia),
        tickets.reject_release(house, case.ticket_id, waits, by=sofia),
    )

    assert sum(end is None for end in ends) == 1
    refused: set[type[Any]] = {type(end) for end in ends if end is not None}
    assert refused <= {NothingPending, TicketClosed, ChangedMeanwhile}
    stage = (await deciding.the_ticket(house, case.wallet, case.ticket_id)).stage
    account = await cast.the_account(house, case.wallet, case.account.id)
    assert account.is_frozen == (stage is not Stage.RELEASED)


async def test_an_approval_against_new_evidence_is_either_before_it_or_refused(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk
    await proposed(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)

    approved, _ = await at_once(
        tickets.approve_release(house, case.ticket_id, waits, by=arne),
        proving.card_used(house, case.wallet, case.ticket_id),
    )

    # A card's code after the release freezes anew; the ticket tells which came first.
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    assert (ticket.stage is Stage.RELEASED) == (approved is None)
    assert isinstance(approved, NothingPending | None)


async def test_a_release_against_a_freeze_leaves_one_open_ticket_or_none(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk
    await proposed(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)

    approved, reported = await at_once(
        tickets.approve_release(house, case.ticket_id, waits, by=arne),
        cast.a_report(house, case.wallet, case.cleo, case.cleos_link),
    )

    assert approved is None
    assert not isinstance(reported, Refused)
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    account = await cast.the_account(house, case.wallet, case.account.id)
    # Joined before the release, it is released with it; after it, it froze anew.
    assert ticket.stage is Stage.RELEASED
    assert account.is_frozen == (reported.ticket_id != case.ticket_id)


async def test_a_release_and_keeping_frozen_proposed_at_once_are_one_proposal(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk
    await proving.proved(house, case.wallet, case.ticket_id, astrid)

    ends = await at_once(
        tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid),
        keeping_frozen.propose(
            house, case.ticket_id, reason=KeepReason.SIGNS_OF_FRAUD, to_bring=(), by=arne
        ),
    )

    assert sum(end is None for end in ends) == 1


async def test_two_who_keep_it_frozen_and_a_no_at_once_are_one_decision(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, sofia = desk
    waits = (await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)).id

    ends = await at_once(
        keeping_frozen.approve(house, case.ticket_id, waits, by=arne),
        keeping_frozen.approve(house, case.ticket_id, waits, by=sofia),
        tickets.reject_release(house, case.ticket_id, waits, by=sofia),
    )

    assert sum(end is None for end in ends) == 1
    refused: set[type[Any]] = {type(end) for end in ends if end is not None}
    assert refused <= {NothingPending, ChangedMeanwhile}
    stage = (await deciding.the_ticket(house, case.wallet, case.ticket_id)).stage
    assert stage is (Stage.OPENED if ends[2] is None else Stage.KEPT_FROZEN)
    assert (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_two_who_propose_to_keep_it_frozen_at_once_made_one_proposal(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk

    ends = await at_once(
        *(
            deciding.keeping_proposed(house, case.wallet, case.ticket_id, by)
            for by in (astrid, arne)
        )
    )

    assert sum(isinstance(end, AlreadyProposed) for end in ends) == 1
    waits = await deciding.what_waits(house, case.wallet, case.ticket_id)
    assert waits.proposed_by in {astrid.agent.id, arne.agent.id}


async def test_keeping_it_frozen_against_new_evidence_is_either_before_it_or_refused(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk
    waits = (await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)).id

    approved, _ = await at_once(
        keeping_frozen.approve(house, case.ticket_id, waits, by=arne),
        proving.card_used(house, case.wallet, case.ticket_id),
    )

    # One proof alone leads nothing back: where it stands tells which came first.
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    assert ticket.stage is (Stage.KEPT_FROZEN if approved is None else Stage.OPENED)
    assert isinstance(approved, NothingPending | None)


async def test_the_clock_against_who_keeps_it_frozen_rings_for_nothing_or_not_at_all(
    house: House, case: Case, desk: Desk
) -> None:
    astrid, arne, _ = desk
    waits = await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)
    await cast.move_clock(house, timedelta(minutes=15))

    await at_once(
        clocks.keep_clocks(house),
        clocks.keep_clocks(house),
        keeping_frozen.approve(house, case.ticket_id, waits.id, by=arne),
    )

    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    assert ticket.stage is Stage.KEPT_FROZEN
    async with house.engine.connect() as db:
        written = await load.clock_events_of(db, case.wallet.id, case.ticket_id)
    # Whoever was first: it was late, once, and every deadline can be computed from what is written.
    late = [one for one in written if one.what is ClockWhat.BREACHED]
    assert [one.kind for one in late].count(Clock.APPROVAL) == 1
    assert recompute(ticket, written) == running(ticket)


async def test_two_workers_pick_once_and_undo_once(house: House, case: Case, desk: Desk) -> None:
    astrid, _, sofia = desk
    bea = await cast.an_agent(house, case.wallet, "bea", 4)
    await proposed(house, case, astrid)
    first = await deciding.what_waits(house, case.wallet, case.ticket_id)
    assert first.answers_until is not None
    await cast.move_clock(house, first.answers_until - first.proposed_at)

    assert sum(await at_once(picking.pick_again(house), picking.pick_again(house))) == 1

    caller = await deciding.a_caller(house, case.wallet)
    for name in ("otto", "ole", "olaf"):
        await deciding.frozen_by(house, case.wallet, caller, name)
    mistake_id = await deciding.mistake_proposed(house, caller, sofia)
    await client_mistakes.approve(house, mistake_id, by=bea)
    done = await at_once(mistakes_undone.carry_on(house), mistakes_undone.carry_on(house))
    assert sum(done) == 3
    mistake, _ = await deciding.the_mistake(house, case.wallet, mistake_id)
    assert mistake.status is MistakeStatus.DONE
