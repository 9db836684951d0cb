"""The bell: rung after a commit, heard in another process, and missed by nobody for long."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from sqlalchemy import text

from service.operations.house import House
from service.storage.bell import Bell, Ears
from service.storage.direct import transaction

pytestmark = pytest.mark.anyio
# Far more than a ring takes; a ring that never comes is waited for so long.
LONG: Final = 60.0
QUIET: Final = 0.5


class Heard:
    """One loop's turn, and how often it came."""

    def __init__(self, turn: asyncio.Event) -> None:
        self._turn = turn

    async def soon(self) -> None:
        await asyncio.wait_for(self._turn.wait(), LONG)
        self._turn.clear()

    async def not_now(self) -> bool:
        try:
            await asyncio.wait_for(self._turn.wait(), QUIET)
        except TimeoutError:
            return True
        return False


@asynccontextmanager
async def hung(house: House, url: str) -> AsyncGenerator[tuple[Heard, Heard]]:
    """A bell at this house's engine, and two loops that wait for it."""
    plain = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    ears, bell = Ears(plain), Bell(plain, house.engine)
    first, second = Heard(ears.turn()), Heard(ears.turn())
    ears.start()
    bell.start()
    try:
        # What was stored before anybody listened.
        await first.soon()
        await second.soon()
        yield first, second
    finally:
        await bell.close()
        await ears.close()


async def test_after_a_commit_every_loop_looks_at_once(house: House, database_url: str) -> None:
    async with hung(house, database_url) as (first, second):
        async with house.engine.begin() as db:
            await db.execute(text("SELECT 1"))
        await first.soon()
        await second.soon()
        # The report's own way to the database rings as well.
        async with transaction(house.engine) as direct:
            await direct.fetch("select 1", ())
        await first.soon()
        await second.soon()


async def test_what_was_only_read_or_was_undone_rings_nobody(
    house: House, database_url: str
) -> None:
    async with hung(house, database_url) as (first, _):
        async with house.engine.connect() as db:
            await db.execute(text("SELECT 1"))
        async with house.engine.begin() as db:
            await db.rollback()
        assert await first.not_now()
        async with house.engine.begin() as db:
            await db.execute(text("SELECT 1"))
        await first.soon()


async def test_nobody_is_rung_before_the_commit(house: House, database_url: str) -> None:
    async with hung(house, database_url) as (first, _):
        async with house.engine.begin() as db:
            await db.execute(text("SELECT 1"))
            assert await first.not_now()
        await first.soon()


async def test_whoever_was_cut_off_listens_again_and_looks_at_what_was_missed(
    house: House, database_url: str
) -> None:
    async with hung(house, database_url) as (first, _):
        async with house.engine.connect() as db:
            await db.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE pid <> pg_backend_pid() AND datname = current_database()"
                    " AND query LIKE '%LISTEN%'"
                )
            )
        # Not a ring: it looks because it was away.
        await first.soon()
        async with house.engine.begin() as db:
            await db.execute(text("SELECT 1"))
        await first.soon()
