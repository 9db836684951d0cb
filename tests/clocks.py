"""A clock that stands still: time moves only when a test moves it, so nothing refills meanwhile."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from service.embedded import OWNER, Cluster

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
