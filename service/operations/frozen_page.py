"""What an owner reads on the page where they say that nothing was lost.

Who reported, and with what words, is not there: whether it is the owner has not been proved yet.
In danger the page is the same.
"""

from datetime import datetime

from msgspec import Struct

from domain.refusals import PageExpired
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock
from service.storage.values import BrowserSession, LinkPurpose


class FrozenSeen(Struct, frozen=True, kw_only=True):
    # None: it is not frozen, so there is nothing to object to.
    frozen_at: datetime | None
    time_zone: str
    now: datetime


async def see_frozen(house: House, wallet: Wallet, session: BrowserSession) -> FrozenSeen:
    """Raises PageExpired for any other page of the owner's, and once the freeze is another one."""
    if session.purpose != LinkPurpose.DISPUTE.value or session.account_id is None:
        raise PageExpired
    async with house.engine.connect() as db:
        account = await load.account(db, wallet.id, session.account_id)
        if account.epoch != session.epoch:
            raise PageExpired
        return FrozenSeen(
            frozen_at=account.frozen_at if account.is_frozen else None,
            time_zone=account.time_zone,
            now=await clock(db),
        )
