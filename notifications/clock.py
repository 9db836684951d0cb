"""The instant, as the database sees it: machines may disagree, rows must not."""

from datetime import datetime

from sqlalchemy import DateTime, ScalarSelect, func, select
from sqlalchemy.ext.asyncio import AsyncConnection


def at_this_instant() -> ScalarSelect[datetime]:
    """The clock inside a statement, asked once for the whole statement.

    As a subquery, because a volatile function in a condition would be called for every row
    and would keep the index on `due_at` from being used.
    """
    return select(func.resguardo_clock(type_=DateTime(timezone=True))).scalar_subquery()


async def clock(db: AsyncConnection) -> datetime:
    return (await db.execute(select(at_this_instant()))).scalar_one()
