"""How an owner gets from the wallet's app into the hosted pages, and when that ends."""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select

from domain import sign_ins
from domain.accounts import Account
from domain.ids import PageLinkId, SessionId, WalletId
from domain.refusals import (
    AccountIsFrozen,
    LinkNotValid,
    NotFound,
    PageExpired,
    SignInVoid,
    StrongSignInNeeded,
)
from domain.sign_ins import SignIn
from domain.signs import TryWay
from domain.wallets import Wallet
from service.operations import browsers, refused_tries
from service.operations.browsers import Opened
from service.operations.house import House
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.rows import clock, one, put
from service.storage.tables import page_links
from service.storage.values import BrowserKind, BrowserSession, LinkPurpose, PageLink

# Two machines' clocks are seldom further apart; a minute more or less of trust is no harm.
_CLOCKS_DIFFER: Final = timedelta(minutes=1)


class AskedLink(Struct, frozen=True, kw_only=True):
    """What the wallet vouches for when it asks for a page link."""

    purpose: LinkPurpose
    # None only for a dispute while frozen: no session lives then.
    session_id: SessionId | None
    auth_time: datetime
    acr: str


class MadeLink(Struct, frozen=True, kw_only=True):
    url: str
    expires_at: datetime


async def make_page_link(house: House, wallet: Wallet, subject: str, asked: AskedLink) -> MadeLink:
    """The app's way into the owner's pages: 60 seconds, once, in the session it was asked in.

    To dispute it is open while the account is frozen too, on a strong sign-in later than the
    freeze. Raises AccountIsFrozen, SignInVoid, StrongSignInNeeded.
    """
    policy = wallet.policy.sessions
    lasts = policy.strong_sign_in_lasts
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
        if account is None:
            raise NotFound
        now = await clock(db)
        if asked.purpose is LinkPurpose.DISPUTE and account.is_frozen:
            try:
                _require_strong_since_freeze(wallet, account, asked, now)
            except (SignInVoid, StrongSignInNeeded):
                refused_tries.note(house, account, TryWay.DISPUTE)
                raise
        elif account.is_frozen:
            refused_tries.note(house, account, TryWay.PAGE_LINK)
            raise AccountIsFrozen
        else:
            known = await load.sessions_of(db, wallet.id, account.id)
            if not any(s.id == asked.session_id and s.is_active(account, now) for s in known):
                raise NotFound
        # A sign-in of the future is a wrong clock, or a wish: it never counts as recent.
        is_recent = asked.auth_time - _CLOCKS_DIFFER <= now < asked.auth_time + lasts
        is_strong = asked.acr in wallet.strong_acr and is_recent
        once = new_token()
        link = PageLink(
            id=PageLinkId(new_id()),
            wallet_id=wallet.id,
            account_id=account.id,
            once_sha256=digest(once),
            purpose=asked.purpose,
            epoch=account.epoch,
            may_manage=is_strong and asked.purpose is LinkPurpose.MANAGE,
            session_id=asked.session_id,
            signed_in_at=asked.auth_time,
            acr=asked.acr,
            expires_at=now + policy.page_link_lasts,
        )
        await put(db, None, link)
    return MadeLink(url=f"{wallet.origin}/owner/enter?once={once}", expires_at=link.expires_at)


async def enter(house: House, wallet: Wallet, once: str) -> Opened:
    """Spend a page link. Raises LinkNotValid for used, expired, foreign and void ones alike."""
    async with house.engine.begin() as db:
        ours = (page_links.c.wallet_id == wallet.id) & (page_links.c.once_sha256 == digest(once))
        link = await one(db, select(page_links).where(ours), PageLink)
        if link is None:
            raise LinkNotValid
        account = await load.account_for_change(db, wallet.id, link.account_id)
        now = await clock(db)
        is_open = not account.is_frozen or link.purpose is LinkPurpose.DISPUTE
        lives = account.epoch == link.epoch and is_open
        if link.used_at is not None or now >= link.expires_at or not lives:
            raise LinkNotValid
        # Saved against what was read: of two presses one finds the link used.
        await put(db, link, replace(link, used_at=now))
        opened = browsers.begin(
            kind=BrowserKind.OWNER,
            purpose=link.purpose.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=now + wallet.policy.sessions.owner_lasts,
        )
        session = replace(
            opened.session,
            account_id=account.id,
            epoch=account.epoch,
            may_manage=link.may_manage,
            signed_in_at=link.signed_in_at,
            acr=link.acr,
        )
        return Opened(await put(db, None, session), opened.cookie)


async def owner_session(house: House, wallet_id: WalletId, cookie: str) -> BrowserSession:
    """Raises PageExpired; an owner's page kept open across a freeze has expired with it."""
    async with house.engine.connect() as db:
        session = await browsers.find(db, BrowserKind.OWNER, wallet_id, cookie)
        if session is None or session.account_id is None:
            raise PageExpired
        account = await load.account(db, wallet_id, session.account_id)
        is_open = not account.is_frozen or session.purpose == LinkPurpose.DISPUTE.value
        if not is_open or account.epoch != session.epoch:
            raise PageExpired
        return session


def _require_strong_since_freeze(
    wallet: Wallet, account: Account, asked: AskedLink, now: datetime
) -> None:
    sign_in = SignIn(at=asked.auth_time, acr=asked.acr)
    sign_ins.let_in(sign_in, account, strong_acr=wallet.strong_acr, while_frozen=True)
    if not sign_ins.is_recent(sign_in, policy=wallet.policy, now=now):
        raise StrongSignInNeeded
