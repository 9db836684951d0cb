"""What an owner reads on the page where they say that nothing was lost.

Who reported, and with what words, is not there: whether it is the owner has not been proved yet.
In danger the page is the same.
"""

from datetime import datetime

from msgspec import Struct

from domain.refusals import PageExpired
from domain.wallets import Wallet
from service.operations.house import House
from service.operations.obeying import of_account
from service.storage import load
from service.storage.rows import clock
from service.storage.values import BrowserSession, LinkPurpose


class FrozenSeen(Struct, frozen=True, kw_only=True):
    # None: it is not frozen, so there is nothing to object to.
    frozen_at: datetime | None
    # The wallet has not said in time that it obeys.
    confirmation_is_late: bool
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
        now = await clock(db)
        told = of_account(account, wallet, now)
        return FrozenSeen(
            frozen_at=told.frozen_at if told is not None else None,
            confirmation_is_late=told is not None and told.is_late,
            time_zone=account.time_zone,
            now=now,
        )
