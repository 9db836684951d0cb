"""What happened."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, WalletId
from service.storage.tables import journal


async def journal_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, *, since: datetime
) -> tuple[tuple[datetime, str], ...]:
    """When and what, in order, for one account."""
    ours = (journal.c.wallet_id == wallet_id) & (journal.c.account_id == account_id)
    rows = await db.execute(
        select(journal.c.at, journal.c.entry)
        .where(ours, journal.c.at >= since)
        .order_by(journal.c.at, journal.c.id)
    )
    return tuple((row.at, row.entry) for row in rows)
