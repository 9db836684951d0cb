"""A real PostgreSQL with the outbox's tables, and a clock that can be moved."""

from collections.abc import AsyncGenerator, Generator
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from notifications.tables import metadata
from service.embedded import OWNER
from tests.clusters import throw_away_cluster
from tests.notifications.cast import Later
from tests.notifications.house import House, a_house

CLOCK: Final = (
    "CREATE TABLE clock_moved (ahead interval NOT NULL)",
    "INSERT INTO clock_moved VALUES ('0')",
    """
    CREATE FUNCTION resguardo_clock() RETURNS timestamptz LANGUAGE sql VOLATILE
    AS 'SELECT clock_timestamp() + ahead FROM clock_moved'
    """,
)


@pytest.fixture(scope="session")
def database_url() -> Generator[str]:
    with throw_away_cluster() as cluster:
        yield cluster.url(OWNER)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def engine(database_url: str, anyio_backend: str) -> AsyncGenerator[AsyncEngine]:
    """An engine on an empty database with the notifications' tables and the clock."""
    made = create_async_engine(database_url)
    async with made.begin() as db:
        for statement in CLOCK:
            await db.execute(text(statement))
        await db.run_sync(metadata.create_all)
    yield made
    async with made.begin() as db:
        await db.run_sync(metadata.drop_all)
        await db.execute(text("DROP FUNCTION resguardo_clock()"))
        await db.execute(text("DROP TABLE clock_moved"))
    await made.dispose()


@pytest.fixture
async def house(engine: AsyncEngine) -> AsyncGenerator[House]:
    async with a_house(engine) as ready:
        yield ready


@pytest.fixture
def later(engine: AsyncEngine) -> Later:
    """Let time pass for the database."""

    async def pass_time(by: timedelta) -> None:
        moved = text("UPDATE clock_moved SET ahead = ahead + :by")
        async with engine.begin() as db:
            await db.execute(moved.bindparams(bindparam("by", by, type_=INTERVAL())))

    return pass_time
