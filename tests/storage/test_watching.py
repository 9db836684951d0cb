"""Whoever watches the queue hears what changes: once it is committed, and what they see alone."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, text, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.ids import TicketId
from domain.refusals import TooManyWatch
from domain.wallets import Wallet
from service.operations import browsers, desk, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.watching import MOST_OF_AN_AGENT, Told, Watching, What
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.security.tokens import new_id
from service.storage.tables import agent_addresses
from service.storage.tables import agents as agents_table
from service.storage.tables import tickets as ticket_rows
from service.storage.watching import is_snapshot
from tests import people as cast
from tests.desks import Case, a_case, tickets_like

pytestmark = pytest.mark.anyio
LIKE: dict[str, Any] = {}


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    engine = create_async_engine(database_url, pool_size=8, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, wallet: Wallet) -> SignedIn:
    return await cast.an_agent(house, wallet, "astrid", 2)


@pytest.fixture
async def process(house: House) -> AsyncIterator[Watching]:
    """What one web process has."""
    made = Watching(house)
    yield made
    await made.close()


async def a_page(house: House, by: SignedIn) -> str:
    """What a page of the queue has seen."""
    return (await desk.see_queue(house, by)).snapshot


@asynccontextmanager
async def watched(
    process: Watching, by: SignedIn, since: str
) -> AsyncGenerator[tuple[AsyncGenerator[Told], Told]]:
    """An open stream, and the first thing it said."""
    async with aclosing(process.watch(by, since)) as stream:
        yield stream, await anext(stream)


async def heard(stream: AsyncGenerator[Told]) -> Told:
    """The next that says something: on a slow machine a sign of life may come before it."""
    async with asyncio.timeout(60):
        while True:
            told = await anext(stream)
            if told.tickets or told.looking or told.too_much or told.ended:
                return told


async def in_silence(stream: AsyncGenerator[Told]) -> bool:
    waiting = asyncio.ensure_future(anext(stream))
    done, _ = await asyncio.wait((waiting,), timeout=1.5)
    if not done:
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    return not done


async def touch(house: House, ticket_id: TicketId) -> None:
    async with house.engine.begin() as db:
        await db.execute(_boost(ticket_id))


def _boost(ticket_id: TicketId) -> Any:
    one = ticket_rows.c.id == ticket_id
    return update(ticket_rows).where(one).values(boost=ticket_rows.c.boost + 1)


async def test_new_changed_and_closed_are_told_apart(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    async with watched(process, astrid, await a_page(house, astrid)) as (stream, first):
        assert first.tickets == {}
        await tickets.reach_owner(house, case.ticket_id, by=astrid)
        told = await heard(stream)
        assert told.tickets == {case.ticket_id: What.CHANGED}
        (other,) = await tickets_like(house, case, LIKE)
        assert (await heard(stream)).tickets == {other: What.NEW}
        async with house.engine.begin() as db:
            over = {"stage": "released", "closed_at": await cast.now(house)}
            await db.execute(update(ticket_rows).where(ticket_rows.c.id == other).values(**over))
        told = await heard(stream)
        assert told.tickets == {other: What.CLOSED}
        assert is_snapshot(told.since)


async def test_what_was_begun_earlier_and_committed_later_is_not_missed(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    (other,) = await tickets_like(house, case, LIKE)
    async with watched(process, astrid, await a_page(house, astrid)) as (stream, _):
        async with house.engine.begin() as late:
            await late.execute(_boost(case.ticket_id))
            await touch(house, other)
            assert (await heard(stream)).tickets == {other: What.CHANGED}
            await asyncio.sleep(1)
        assert (await heard(stream)).tickets == {case.ticket_id: What.CHANGED}


async def test_a_stream_begins_with_what_was_missed_since_the_page_was_made(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    page = await a_page(house, astrid)
    async with watched(process, astrid, page) as (_, first):
        assert first.tickets == {}
    await touch(house, case.ticket_id)
    (other,) = await tickets_like(house, case, LIKE)

    # Cut and back, at another process.
    again = Watching(house)
    async with watched(again, astrid, first.since) as (_, missed):
        assert missed.tickets == {case.ticket_id: What.CHANGED, other: What.NEW}
    await again.close()


async def test_nobody_hears_of_other_wallets_or_of_an_own_ticket(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    sur = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    stranger = await cast.an_agent(house, sur, "stranger", 4)
    pages = [await a_page(house, one) for one in (astrid, stranger)]
    async with (
        watched(process, astrid, pages[0]) as (hers, _),
        watched(process, stranger, pages[1]) as (strangers, _),
    ):
        # It becomes hers while the stream is open.
        async with house.engine.begin() as db:
            index = await db.scalar(
                text("select address_index from account_addresses where account_id = :a limit 1"),
                {"a": case.account.id},
            )
            at = await cast.now(house)
            own = {"id": new_id(), "agent_id": astrid.agent.id, "wallet_id": case.wallet.id}
            await db.execute(
                insert(agent_addresses).values(**own, address_index=index, added_at=at)
            )
        await touch(house, case.ticket_id)
        assert await in_silence(hers)
        assert await in_silence(strangers)
        # Both sides: the streams were alive.
        await tickets_like(house, case, LIKE)
    async with watched(process, astrid, pages[0]) as (_, missed):
        assert case.ticket_id not in missed.tickets
        assert list(missed.tickets.values()) == [What.NEW]


async def test_a_safety_ticket_is_named_to_trained_agents_alone(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    trained = await cast.an_agent(house, case.wallet, "sofia", 2)
    async with house.engine.begin() as db:
        hers = agents_table.c.id == trained.agent.id
        await db.execute(update(agents_table).where(hers).values(trained_for_safety=True))
    page = await a_page(house, astrid)
    async with (
        watched(process, astrid, page) as (untold, _),
        watched(process, trained, page) as (told, _),
    ):
        (safety,) = await tickets_like(house, case, {"kind": "safety"})
        assert (await heard(told)).tickets == {safety: What.NEW}
        assert await in_silence(untold)


@pytest.mark.parametrize("how", ["signs out", "is ended", "is quiet for half an hour"])
async def test_a_stream_ends_with_the_session_and_with_the_agent(
    house: House, case: Case, astrid: SignedIn, how: str
) -> None:
    process = Watching(house, asks_who_every=0.5)
    async with watched(process, astrid, await a_page(house, astrid)) as (stream, _):
        if how == "signs out":
            await browsers.end(house, astrid.session)
        elif how == "is ended":
            async with house.engine.begin() as db:
                this = agents_table.c.id == astrid.agent.id
                at = await cast.now(house)
                await db.execute(update(agents_table).where(this).values(ended_at=at))
        else:
            await cast.move_clock(house, timedelta(minutes=31))
        told = await heard(stream)
        assert told.ended
        with pytest.raises(StopAsyncIteration):
            await heard(stream)
    await process.close()


async def test_an_agent_has_five_streams_and_another_agent_their_own(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    page = await a_page(house, astrid)
    streams = [process.watch(astrid, page) for _ in range(MOST_OF_AN_AGENT)]
    for stream in streams:
        await anext(stream)
    with pytest.raises(TooManyWatch):
        await anext(process.watch(astrid, page))
    async with watched(process, arne, page) as (_, first):
        assert first.tickets == {}
    await streams[0].aclose()
    async with watched(process, astrid, page) as (_, first):
        assert first.tickets == {}
    for stream in streams:
        await stream.aclose()


@pytest.mark.parametrize(
    "since", ["", "1:2", "x", "5:4:", "4:5:9", "3:9:6,5", "0:1:", "1" * 20 + ":1:", "1:2:\n"]
)
async def test_whoever_names_no_snapshot_is_told_to_look_anew(
    house: House, case: Case, astrid: SignedIn, process: Watching, since: str
) -> None:
    async with watched(process, astrid, since) as (_, first):
        assert first.too_much
        assert is_snapshot(first.since)


async def test_a_snapshot_of_another_database_does_no_harm(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    for since in ("9000000000000:9000000000000:", "4:4:"):
        async with watched(process, astrid, since) as (_, first):
            assert not first.ended


async def test_when_the_database_is_away_nobody_is_left_believing_that_all_is_quiet(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    page = await a_page(house, astrid)
    async with watched(process, astrid, page) as (stream, _), house.engine.connect() as db:
        await db.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
        with pytest.raises(StopAsyncIteration):
            await heard(stream)
    # And whoever comes back is told what they missed.
    await touch(house, case.ticket_id)
    async with watched(process, astrid, page) as (stream, missed):
        assert missed.tickets == {case.ticket_id: What.CHANGED}
        await touch(house, case.ticket_id)
        assert (await heard(stream)).tickets == {case.ticket_id: What.CHANGED}


async def test_a_process_that_ends_lets_everybody_go_and_takes_nobody_more(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    page = await a_page(house, astrid)
    async with watched(process, astrid, page) as (stream, _):
        await process.close()
        with pytest.raises(StopAsyncIteration):
            await heard(stream)
    with pytest.raises(TooManyWatch):
        await anext(process.watch(astrid, page))
