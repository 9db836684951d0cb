"""A page of the queue and "Next" look at about a page of tickets, however many there are."""

import json
from collections.abc import AsyncIterator, Generator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from msgspec.structs import replace
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations import next_ticket
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage import load, queue
from service.storage.queue import MOST_ON_A_PAGE, Asked, View
from tests import people as cast
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
OPEN: Final = 4000
CLOSED: Final = 20_000
SAFETY: Final = 20
# A page of each kind, and one more row that says whether there is another page; in a union each is
# looked at once more for what it brings.
MOST: Final = 4 * (MOST_ON_A_PAGE + 1)


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    engine = create_async_engine(database_url, pool_size=4, max_overflow=0)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@contextmanager
def statements(house: House) -> Generator[list[tuple[str, Any]]]:
    """Every statement that reads tickets, as it goes to the database."""
    found: list[tuple[str, Any]] = []

    def note(_db: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "FROM tickets" in statement and statement.lstrip().lower().startswith("select"):
            found.append((statement, parameters))

    event.listen(house.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(house.engine.sync_engine, "before_cursor_execute", note)


async def filled(house: House, case: Case, cluster: Cluster) -> None:
    """Every second open ticket is a safety ticket."""
    async with house.engine.begin() as db:
        await db.execute(text(_ACCOUNTS), {"of": case.account.id})
        for statement in (_OPEN, _CLOSED):
            await db.execute(text(statement), {"of": case.ticket_id})
    owner = cluster.url("resguardo_owner", str(house.engine.url.database))
    engine = create_async_engine(owner, isolation_level="AUTOCOMMIT")
    async with engine.connect() as db:
        await db.execute(text("vacuum analyze"))
        # So that no other test is lent a database with so much room in it.
        await db.execute(text("create table much_was_here ()"))
    await engine.dispose()


async def read(house: House, asked: list[tuple[str, Any]]) -> int:
    """How many rows of tickets the plan that looks at most of them has looked at."""
    async with house.engine.connect() as db:
        raw: Any = (await db.get_raw_connection()).driver_connection
        plans = [
            _plain(await raw.fetchval(f"explain (analyze, format json) {statement}", *parameters))
            for statement, parameters in asked
        ]
    return max(sum(map(_looked_at, _nodes(plan[0]["Plan"]))) for plan in plans)


def _looked_at(node: dict[str, Any]) -> int:
    if node.get("Relation Name") != "tickets":
        return 0
    return (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]


def _plain(plan: Any) -> Any:
    return json.loads(plan) if isinstance(plan, str) else plan


def _nodes(plan: dict[str, Any]) -> Generator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


async def test_a_page_and_next_look_at_a_page_of_each_kind(
    house: House, case: Case, cluster: Cluster
) -> None:
    found = await cast.an_agent(house, case.wallet, "sofia", 4)
    sofia: SignedIn = replace(found, agent=replace(found.agent, trained_for_safety=True))
    await filled(house, case, cluster)
    for view in (View.OPEN, View.NEXT, View.MINE, View.SAFETY, View.CLOSED):
        with statements(house) as asked:
            await a_page(house, sofia, view)
        assert len(asked) == 1
        assert await read(house, asked) <= MOST, view
    only = replace(sofia, agent=replace(sofia.agent, serves_losses=False))
    for one, how_many in ((sofia, MOST_ON_A_PAGE), (only, SAFETY)):
        with statements(house) as asked:
            assert len(await a_page(house, one, View.CLOSED)) == how_many
        assert await read(house, asked) <= MOST, one.agent.serves_losses
    with statements(house) as asked:
        assert await next_ticket.take(house, sofia) is not None
    assert len(asked) > 1
    assert await read(house, asked) <= MOST


async def a_page(house: House, by: SignedIn, view: View) -> tuple[queue.Row, ...]:
    async with house.engine.connect() as db:
        sight = await load.sight_of(db, by.agent)
        return (await queue.page(db, sight, by.agent, Asked(view=view)))[0]


_COLUMNS: Final = "wallet_id, priority, boost, unconfirmed, danger, evidence_version, row_version"
_ACCOUNTS: Final = f"""
insert into accounts (id, wallet_id, subject, person_id, first_name, display_name, language,
                      time_zone, state, version, epoch, display, frozen_at, confirmed_done,
                      created_at, row_version)
select ('aaaa0000' || lpad(to_hex(n), 24, '0'))::uuid, wallet_id, 'many-' || n, person_id,
       first_name, display_name, language, time_zone, state, version, epoch, display, frozen_at,
       confirmed_done, created_at, 1
  from accounts, generate_series(1, {OPEN}) n where id = :of
"""  # noqa: S608  # our own words
_OPEN: Final = f"""
insert into tickets (id, account_id, kind, stage, reference, opened_at, first_attempt_until,
                     decision_until, {_COLUMNS})
select gen_random_uuid(), ('aaaa0000' || lpad(to_hex(n), 24, '0'))::uuid,
       case when n % 2 = 0 then 'safety' else 'loss' end, 'opened', 'OPEN-' || n, opened_at,
       first_attempt_until + n * interval '1 s', decision_until + n * interval '1 s', {_COLUMNS}
  from tickets, generate_series(1, {OPEN}) n where id = :of
"""  # noqa: S608  # our own words
# Safety tickets are few, and were closed before all the others.
_CLOSED: Final = f"""
insert into tickets (id, account_id, kind, stage, reference, opened_at, first_attempt_until,
                     decision_until, closed_at, {_COLUMNS})
select gen_random_uuid(), account_id, case when n <= {SAFETY} then 'safety' else 'loss' end,
       case when n <= {SAFETY} then 'closed' else 'released' end, 'OVER-' || n, opened_at,
       first_attempt_until, decision_until, opened_at + n * interval '1 s', {_COLUMNS}
  from tickets, generate_series(1, {CLOSED}) n where id = :of
"""  # noqa: S608  # our own words
