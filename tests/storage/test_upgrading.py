"""What a migration does to rows that were there before it."""

import importlib.util
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import delete, text, update

from domain import tickets as rules
from domain.tickets import Clock, PauseReason
from service.operations import pausing
from service.operations.house import House
from service.storage import load
from service.storage.tables import clock_events, proofs, recovery_codes, tickets
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"
QUARTER = timedelta(minutes=15)


def migration(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, VERSIONS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


async def test_the_card_of_an_earlier_proof_is_as_old_as_it_was(house: House, case: Case) -> None:
    await proving.card_used(house, case.wallet, case.ticket_id)
    await proving.reproved(house, case.wallet, case.ticket_id)
    async with house.engine.connect() as db:
        before = await load.proofs_of(db, case.wallet.id, case.ticket_id)

    async def upgraded() -> list[object]:
        async with house.engine.begin() as db:
            await db.execute(update(proofs).values(card_made_at=None))
            await db.execute(text(migration("0022_card_age").CARD_MADE_AT))
            stored = await load.proofs_of(db, case.wallet.id, case.ticket_id)
            return [one.card_made_at for one in stored]

    assert before[0].card_made_at is not None
    assert await upgraded() == [before[0].card_made_at, None]
    # Replaced since, its age is not known any more, and it counts for nothing.
    async with house.engine.begin() as db:
        await db.execute(delete(recovery_codes))
    assert await upgraded() == [None, None]


async def test_what_waited_to_be_kept_frozen_gets_a_clock_and_what_had_one_keeps_it(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    await deciding.keeping_proposed(house, case.wallet, case.ticket_id, astrid)
    upgrade = text(migration("0022_card_age").APPROVAL_UNTIL)
    had = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    async with house.engine.begin() as db:
        await db.execute(upgrade)
    assert await deciding.the_ticket(house, case.wallet, case.ticket_id) == had

    # As it was stored before.
    async with house.engine.begin() as db:
        await db.execute(update(tickets).values(approval_until=None))
        await db.execute(delete(clock_events))
        await cast.move_clock(house, QUARTER)
        await db.execute(upgrade)

    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    async with house.engine.connect() as db:
        events = await load.clock_events_of(db, case.wallet.id, case.ticket_id)
    now = await cast.now(house)
    assert now < rules.running(ticket)[Clock.APPROVAL] <= now + QUARTER
    assert rules.recompute(ticket, events) == rules.running(ticket)


async def test_what_waits_gets_the_time_that_its_decision_had_before_the_pause(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)

    async def upgraded() -> datetime | None:
        async with house.engine.begin() as db:
            await db.execute(update(tickets).values(decision_before_pause=None))
            await db.execute(text(migration("0023_desk_faults").BEFORE_PAUSE))
        ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
        return ticket.decision_before_pause

    assert await upgraded() is None
    for _ in range(2):
        had = await deciding.the_ticket(house, case.wallet, case.ticket_id)
        await pausing.pause(
            house, case.ticket_id, reason=PauseReason.CARRIER, lasts=QUARTER, by=astrid
        )
        waits = await deciding.the_ticket(house, case.wallet, case.ticket_id)
        assert waits.decision_before_pause == had.decision_until
        assert await upgraded() == had.decision_until
        await cast.move_clock(house, QUARTER)
    # Over, although no job has looked since.
    assert await upgraded() is None
