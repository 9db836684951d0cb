"""What waits at a browser."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.challenges import Challenge, Purpose
from domain.ids import BrowserSessionId, WalletId
from service.storage.rows import one
from service.storage.tables import challenges


async def challenge_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    browser_session_id: BrowserSessionId,
    purpose: Purpose,
) -> Challenge | None:
    """The browser's newest challenge for this purpose."""
    ours = (challenges.c.wallet_id == wallet_id) & (
        challenges.c.browser_session_id == browser_session_id
    )
    ours &= challenges.c.purpose == purpose.value
    newest = select(challenges).where(ours).order_by(challenges.c.id.desc()).limit(1)
    return await one(db, newest, Challenge)
