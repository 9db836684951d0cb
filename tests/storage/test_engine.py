"""A database that was away is back: nobody is given a connection that has ended meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.operations.house import House
from service.storage import direct
from service.storage.engine import open_engine

pytestmark = pytest.mark.anyio
MANY = 4


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    engine = open_engine(database_url, connections=MANY, waits=5)
    yield engine
    await engine.dispose()


async def _open_all(engine: AsyncEngine) -> list[Any]:
    """The driver's own of each, all of them idle again."""
    opened = [await engine.connect() for _ in range(MANY)]
    drivers = [(await db.get_raw_connection()).driver_connection for db in opened]
    for db in opened:
        await db.close()
    return drivers


async def _end(house: House, drivers: Sequence[Any]) -> None:
    """As a database that goes down ends them, and until this side has heard of it."""
    heard = asyncio.Semaphore(0)

    def is_over(_: object) -> None:
        heard.release()

    for one in drivers:
        one.add_termination_listener(is_over)
    end_all = text("select pg_terminate_backend(pid) from unnest(cast(:pids as int[])) as pid")
    async with house.engine.connect() as db:
        await db.execute(end_all, {"pids": [one.get_server_pid() for one in drivers]})
    async with asyncio.timeout(20):
        for _ in drivers:
            await heard.acquire()


async def _ask(engine: AsyncEngine) -> int:
    async with engine.connect() as db:
        return await db.scalar(text("select 1")) or 0


async def _ask_directly(engine: AsyncEngine) -> int:
    async with direct.transaction(engine) as line:
        return (await line.fetch("select 1", ()))[0][0]


@pytest.mark.parametrize("ask", [_ask, _ask_directly])
async def test_the_first_who_ask_are_answered(engine: AsyncEngine, house: House, ask: Any) -> None:
    await _end(house, await _open_all(engine))

    assert await asyncio.gather(*(ask(engine) for _ in range(2 * MANY))) == [1] * (2 * MANY)


async def test_one_that_has_ended_tells_of_those_beside_it(
    engine: AsyncEngine, house: House
) -> None:
    """Whose end this side has not heard of yet: nobody tries an old one after a new one."""
    before = await _open_all(engine)
    await _end(house, before[:1])

    for _ in range(MANY):
        await _ask(engine)

    after = await _open_all(engine)
    assert not {one.get_server_pid() for one in before} & {one.get_server_pid() for one in after}
