"""Clocks that do not depend on when a test runs.

One that stands still: time moves only when a test moves it, so nothing refills meanwhile. And one
that goes on from half past something, for what is stated in whole hours from now.
"""

from datetime import timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.embedded import OWNER, Cluster
from service.operations.house import House
from tests import people as cast

_STANDING: Final = """
CREATE OR REPLACE FUNCTION resguardo_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT timestamptz '2026-11-21 12:00Z' + (SELECT moved FROM test_clock) $$
"""


async def stand_still(cluster: Cluster, database: str) -> None:
    """In this house alone, from now on. `people.move_clock` moves on from there."""
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    async with engine.begin() as db:
        await db.execute(text(_STANDING))
    await engine.dispose()


async def stop_clock(house: House) -> None:
    """At this instant, until a test moves it on."""
    async with house.engine.begin() as db:
        await db.execute(text("UPDATE test_clock SET stands_at = clock_timestamp()"))


async def at_half_past(house: House) -> None:
    """The hour does not change while the test runs, nor in the minutes that it moves on."""
    now = await cast.now(house)
    half_past = now.replace(minute=30, second=0, microsecond=0)
    await cast.move_clock(house, half_past - now + timedelta(hours=now > half_past))
