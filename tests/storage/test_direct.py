"""The driver's own connection keeps the promises of every other transaction."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.storage import direct
from service.storage.direct import ConnectionLost

pytestmark = pytest.mark.anyio


# A table without conditions of its own.
_COUNT = "insert into limits values (gen_random_uuid(), {}, '', resguardo_clock())"


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """One connection, so that who comes next gets the one that was used before."""
    engine = create_async_engine(database_url, pool_size=1, max_overflow=0, pool_timeout=5)
    yield engine
    await engine.dispose()


async def _counted(engine: AsyncEngine) -> list[str]:
    async with engine.connect() as db:
        return list(await db.scalars(text("select name from limits order by name")))


async def _count_and_fail(engine: AsyncEngine) -> None:
    async with direct.transaction(engine) as line:
        await line.fetch(_COUNT.format("$1"), ("4",))
        await (await line.slowly()).execute(text(_COUNT.format("'5'")))
        raise ZeroDivisionError


async def test_all_of_it_is_kept_or_nothing(engine: AsyncEngine) -> None:
    async with direct.transaction(engine) as line:
        await line.fetch(_COUNT.format("$1"), ("1",))
        for name in ("'2'", "'3'"):
            await (await line.slowly()).execute(text(_COUNT.format(name)))
    with pytest.raises(ZeroDivisionError):
        await _count_and_fail(engine)

    assert await _counted(engine) == ["1", "2", "3"]


async def test_who_listens_to_statements_and_commits_hears_of_them(engine: AsyncEngine) -> None:
    heard: list[str] = []
    sync = engine.sync_engine

    def statement(_: object, __: object, said: str, *___: object) -> None:
        heard.append(said)

    def commit(_: object) -> None:
        heard.append("commit")

    event.listen(sync, "before_cursor_execute", statement)
    event.listen(sync, "commit", commit)
    try:
        async with direct.transaction(engine) as line:
            await line.fetch("select $1::int", (1,))
    finally:
        event.remove(sync, "before_cursor_execute", statement)
        event.remove(sync, "commit", commit)

    assert heard == ["select $1::int", "commit"]


async def test_a_database_that_goes_away_is_told_as_that_and_the_next_is_served(
    engine: AsyncEngine,
) -> None:
    with pytest.raises(ConnectionLost):
        async with direct.transaction(engine) as line:
            await line.fetch("select pg_terminate_backend(pg_backend_pid())", ())

    async with direct.transaction(engine) as line:
        assert [tuple(row) for row in await line.fetch("select 1", ())] == [(1,)]
