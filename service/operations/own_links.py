"""Personal links made anew by their contact: for a printed card, or because the phone is gone.

Of a link only its SHA-256 is stored. So nothing can print the one there is: each time it is a new
one, and those before it open nothing from that instant.
"""

from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.contacts import Contact
from domain.events import AuthenticatorRemoved, LinkRenewed, LinkShown, LinkStopped
from domain.ids import ContactId
from domain.refusals import NotFound
from domain.wallets import Wallet
from service.operations import apps, browsers, space, visits
from service.operations.house import House
from service.security.encryption import Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, put, record
from service.storage.tables import browser_sessions, now
from service.storage.values import BrowserKind, BrowserSession, PersonAddress


async def stop(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """The phone is gone, too: links and authenticator app count for nothing, and every other
    browser of theirs is sent away. Twice changes nothing."""
    async with house.engine.begin() as db:
        space.require_verified(session)
        theirs = await space.contacts_here(db, wallet, session)
        # Browsers before contacts, as whoever reports locks them.
        await _end_others(db, wallet, session, [contact.id for contact in theirs])
        person = await space.person_here(db, wallet, session)
        held = [await load.contact_for_change(db, wallet.id, contact.id) for contact in theirs]
        at = await clock(db)
        for contact in held:
            await put(db, contact, replace(contact, link_sha256=None))
        here = await space.contact_here(db, wallet, session)
        if any(contact.link_sha256 is not None for contact in held):
            event = LinkStopped(contact_id=here.id, at=at)
            await record(db, wallet.id, (event,), by=space.by(here))
        if await apps.forget(db, wallet, person.id, confirmed=True):
            gone = AuthenticatorRemoved(contact_id=here.id, at=at)
            await record(db, wallet.id, (gone,), by=space.by(here))


async def renew_after_loss(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """A new link for each owner, to the second address; without one it is only shown on the page:
    what is written to the first may be read on the phone that is gone."""
    async with house.engine.begin() as db:
        contact = await space.contact_here(db, wallet, session)
        theirs = await space.live_here(db, wallet, session)
        second = await load.second_address(db, wallet.id, contact.person_id, contact.address_index)
        await _renew(db, house, wallet, session, theirs, to=second, phone_is_gone=True)


async def renew_for_card(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId
) -> str:
    """A new link to print; it is sent to the enrolled address as well, so that the message and the
    card open the same. Answers its token. Raises NotFound."""
    async with house.engine.begin() as db:
        theirs = [c for c in await space.live_here(db, wallet, session) if c.id == contact_id]
        if not theirs:
            raise NotFound
        made = await _renew(db, house, wallet, session, theirs, to=None, phone_is_gone=False)
        return made[str(contact_id)]


async def _renew(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    theirs: tuple[Contact, ...] | list[Contact],
    *,
    to: PersonAddress | None,
    phone_is_gone: bool,
) -> dict[str, str]:
    """Tokens by contact, kept sealed in this visit alone until it ends."""
    current = await browsers.again(db, session)
    draft = await visits.read_draft(db, house, wallet, current)
    wallet_key = await find_key(db, house.keys, wallet.data_key_id)
    made: dict[str, str] = {}
    for one in theirs:
        contact = await load.contact_for_change(db, wallet.id, one.id)
        at, token, promise_id = await clock(db), new_token(), new_id()
        made[str(contact.id)] = token
        await put(db, contact, replace(contact, link_sha256=digest(token)))
        if phone_is_gone and to is None:
            shown = LinkShown(contact_id=contact.id, at=at)
            await record(db, wallet.id, (shown,), by=space.by(contact))
            continue
        event = LinkRenewed(contact_id=contact.id, address_id=to.id if to else None, at=at)
        sealed = wallet_key.seal(Place("outbox", "secret", promise_id), token)
        await record(
            db, wallet.id, (event,), by=space.by(contact), secret=sealed, promise_id=promise_id
        )
    kept = replace(draft, new_links=draft.new_links | made)
    await put(db, current, replace(current, draft=visits.sealed(wallet_key, current, kept)))
    return made


async def _end_others(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, theirs: list[ContactId]
) -> None:
    """A visit that has reported keeps its receipt, which names nobody."""
    ours = (browser_sessions.c.wallet_id == wallet.id) & (
        browser_sessions.c.kind == BrowserKind.CONTACT.value
    )
    ours &= browser_sessions.c.contact_id.in_(theirs)
    locked = select(browser_sessions.c.id).where(ours).order_by(browser_sessions.c.id)
    await db.execute(locked.with_for_update())
    await db.execute(
        update(browser_sessions)
        .where(ours, browser_sessions.c.id != session.id, browser_sessions.c.expires_at > now)
        .values(expires_at=now, row_version=browser_sessions.c.row_version + 1)
    )
