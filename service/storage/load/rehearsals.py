"""Rehearsals."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.drills import Drill
from domain.ids import AccountId, DrillId, WalletId
from service.storage.rows import one, the_one
from service.storage.tables import drills


async def drill_by_link(
    db: AsyncConnection, wallet_id: WalletId, link_sha256: bytes
) -> Drill | None:
    ours = (drills.c.wallet_id == wallet_id) & (drills.c.link_sha256 == link_sha256)
    return await one(db, select(drills).where(ours), Drill)


async def drill(
    db: AsyncConnection, wallet_id: WalletId, drill_id: DrillId, *, for_change: bool = False
) -> Drill:
    ours = (drills.c.wallet_id == wallet_id) & (drills.c.id == drill_id)
    statement = select(drills).where(ours)
    return await the_one(db, statement.with_for_update() if for_change else statement, Drill)


async def last_drill_begun_at(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> datetime | None:
    ours = (drills.c.wallet_id == wallet_id) & (drills.c.account_id == account_id)
    return await db.scalar(select(func.max(drills.c.begun_at)).where(ours))
