"""Browser sessions of contacts, owners and agents: begun by a press, ended by time or a freeze."""

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import BrowserSessionId, WalletId
from domain.refusals import PageExpired
from service.operations.house import House
from service.security.tokens import digest, new_id, new_token
from service.storage.rows import one
from service.storage.tables import browser_sessions, now
from service.storage.values import BrowserKind, BrowserSession


class Opened(Struct, frozen=True):
    """A session and the cookie's value, which is stored nowhere."""

    session: BrowserSession
    cookie: str


class Cookie(Struct, frozen=True):
    """Whatever session it is that sends this cookie; not looked up yet."""

    token_sha256: bytes

    @classmethod
    def of(cls, cookie: str) -> "Cookie":
        return cls(digest(cookie))


def begin(
    *,
    kind: BrowserKind,
    purpose: str,
    wallet_id: WalletId | None,
    at: datetime,
    expires_at: datetime,
) -> Opened:
    """A new session of this kind; what it is for is filled in by the operation that begins it."""
    cookie = new_token()
    session = BrowserSession(
        id=BrowserSessionId(new_id()),
        wallet_id=wallet_id,
        kind=kind,
        token_sha256=digest(cookie),
        purpose=purpose,
        began_at=at,
        seen_at=at,
        expires_at=expires_at,
    )
    return Opened(session, cookie)


async def find(
    db: AsyncConnection, kind: BrowserKind, wallet_id: WalletId | None, cookie: str
) -> BrowserSession | None:
    """The live session behind a cookie."""
    return await live(db, kind, wallet_id, digest(cookie))


async def live(
    db: AsyncConnection, kind: BrowserKind, wallet_id: WalletId | None, token_sha256: bytes
) -> BrowserSession | None:
    """The same, by what is stored of the cookie."""
    ours = (
        browser_sessions.c.wallet_id.is_(None)
        if wallet_id is None
        else browser_sessions.c.wallet_id == wallet_id
    )
    ours &= (browser_sessions.c.kind == kind.value) & (browser_sessions.c.expires_at > now)
    return await one(
        db,
        select(browser_sessions).where(ours, browser_sessions.c.token_sha256 == token_sha256),
        BrowserSession,
    )


async def find_last(
    db: AsyncConnection, kind: BrowserKind, wallet_id: WalletId, cookie: str
) -> BrowserSession | None:
    """The session behind a cookie, whether it still lives or its time is over."""
    ours = (browser_sessions.c.wallet_id == wallet_id) & (browser_sessions.c.kind == kind.value)
    return await one(
        db,
        select(browser_sessions).where(ours, browser_sessions.c.token_sha256 == digest(cookie)),
        BrowserSession,
    )


async def again(
    db: AsyncConnection, session: BrowserSession, *, even_ended: bool = False
) -> BrowserSession:
    """The session as it is now, locked. Raises PageExpired when it has ended."""
    this = browser_sessions.c.id == session.id
    found = await one(
        db,
        select(browser_sessions)
        .where(this if even_ended else this & (browser_sessions.c.expires_at > now))
        .with_for_update(),
        BrowserSession,
    )
    if found is None:
        raise PageExpired
    return found


async def end(house: House, session: BrowserSession) -> None:
    """Sign-out."""
    async with house.engine.begin() as db:
        await db.execute(delete(browser_sessions).where(browser_sessions.c.id == session.id))


async def touch(
    db: AsyncConnection, session: BrowserSession, at: datetime, *, until: datetime
) -> None:
    """Keep an agent's session alive; written at most once a minute."""
    if at - session.seen_at < timedelta(minutes=1):
        return
    await db.execute(
        update(browser_sessions)
        .where(browser_sessions.c.id == session.id)
        .values(seen_at=at, expires_at=until)
    )
