"""How often something may be tried: taking from a limit.

What is counted is named by a keyed hash, so that the rows tell nobody's address and no network.
"""

import hmac
from hashlib import sha256

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.limits import Limit, Rate, Standing
from domain.refusals import TooMany
from domain.reports import Way
from service.operations.house import House
from service.security.keys import KeyRing
from service.storage import limits as rows
from service.storage.limits import Subject

log = structlog.get_logger("service.limits")


def subject_of(
    keys: KeyRing, wallet_id: WalletId, limit: Limit, *counted: bytes, way: Way = Way.LINK
) -> Subject:
    """The row that counts this. What is counted could be guessed; its row, not without the key."""
    parts = [limit.name.encode(), way.value.encode(), *counted]
    # Each with its length, so that no two lists of parts look alike.
    said = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    key = hmac.digest(keys.index.secret, b"limit|" + wallet_id.bytes, sha256)
    return Subject(
        wallet_id=wallet_id,
        name=row_name(limit, way),
        subject=hmac.digest(key, said, sha256),
    )


def row_name(limit: Limit, way: Way) -> str:
    """What strangers spend lies in rows of its own, and can be seen and reset apart."""
    apart = way is Way.ADDRESS and limit.without_link is not None
    return f"{limit.name}-without-link" if apart else limit.name


async def require(db: AsyncConnection, of: Subject, rate: Rate) -> Standing:
    """Take one attempt, in the transaction of what it allows: if that fails, it was none.

    Raises TooMany.
    """
    allowed, left = await rows.take(db, of, rate)
    if not allowed:
        raise TooMany(left.retry_at or left.whole_at, now=left.at)
    return left


async def count(house: House, *attempts: tuple[Subject, Rate]) -> None:
    """Count an attempt, committed before anything is compared. Raises TooMany. Fails closed."""
    async with house.engine.begin() as db:
        for of, rate in attempts:
            await require(db, of, rate)


async def count_if_possible(house: House, of: Subject, rate: Rate) -> Standing | None:
    """The same for what fails open: None when the limiter itself does not answer."""
    try:
        async with house.engine.begin() as db:
            # A crash may forget the last counts; no call waits for the disk because of them.
            await db.execute(text("SET LOCAL synchronous_commit TO off"))
            return await require(db, of, rate)
    except (SQLAlchemyError, OSError) as error:
        log.warning("limit.open", limit=of.name, error=type(error).__name__)
        return None
