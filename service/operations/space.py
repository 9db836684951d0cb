"""A contact's own space: who trusts them, what they call them, and leaving.

A browser comes here by the personal link or by an address, and with a code for this alone. What a
contact does here concerns every owner who named them under the address the code stands for.
"""

from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account
from domain.challenges import Purpose
from domain.contacts import Contact, ContactStatus, allowed_name
from domain.events import Actor, ActorKind
from domain.ids import AccountId, ContactId
from domain.refusals import CodeNeeded, NotFound, PageExpired
from domain.wallets import Wallet
from service.operations import visits
from service.operations.addresses import masked
from service.operations.house import House
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession, Person, PersonAddress


class OwnerSeen(Struct, frozen=True, kw_only=True):
    """Someone who trusts this person; nothing of their wallet, not even whether it is blocked."""

    contact_id: ContactId
    owner_name: str
    label: str | None
    status: ContactStatus
    leaves_at: datetime | None
    paused_until: datetime | None
    # Whether their personal link opens anything.
    has_link: bool
    since: datetime | None


class SpaceSeen(Struct, frozen=True, kw_only=True):
    owners: tuple[OwnerSeen, ...]
    second: str | None
    second_withdraws_from: datetime | None
    app_since: datetime | None
    erased_by: datetime | None
    # New personal links of this visit, by contact.
    new_links: dict[str, str]
    now: datetime


async def see_space(house: House, wallet: Wallet, session: BrowserSession) -> SpaceSeen:
    """Raises PageExpired, and CodeNeeded before the code."""
    async with house.engine.connect() as db:
        person = await person_here(db, wallet, session)
        contact = await contact_here(db, wallet, session)
        second = await load.second_address(db, wallet.id, person.id, contact.address_index)
        app = await load.authenticator(db, wallet.id, person.id, confirmed=True)
        erasure = await load.open_erasure(db, wallet.id, person.id)
        draft = await visits.read_draft(db, house, wallet, session)
        return SpaceSeen(
            owners=await _owners(db, house, wallet, session),
            second=None if second is None else await _masked(db, house, second),
            second_withdraws_from=second.withdraws_from if second else None,
            app_since=app.confirmed_at if app else None,
            erased_by=erasure.due_at if erasure else None,
            new_links=draft.new_links,
            now=await clock(db),
        )


async def set_label(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId, label: str
) -> None:
    """The contact's own name for an owner; empty: none. Raises NameNotAllowed, NotFound."""
    name = allowed_name(label) if label.strip() else None
    async with house.engine.begin() as db:
        person = await person_here(db, wallet, session)
        (contact,) = await _for_change(db, wallet, session, only=contact_id)
        if person.data_key_id is None:
            raise PageExpired
        key = await find_key(db, house.keys, person.data_key_id)
        place = Place("contacts", "label", contact.id)
        sealed = None if name is None else key.seal(place, name)
        await put(db, contact, replace(contact, label=sealed))


async def leave(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId | None = None
) -> None:
    """At once, also while a wallet is blocked; without a contact everyone. Twice changes nothing.

    Raises NotFound for somebody else's.
    """
    async with house.engine.begin() as db:
        require_verified(session)
        await leave_all(db, wallet, session, only=contact_id)


async def leave_all(
    db: AsyncConnection,
    wallet: Wallet,
    session: BrowserSession,
    *,
    only: ContactId | None = None,
) -> None:
    """In the caller's transaction: every owner's account is locked before any contact."""
    theirs = [c for c in await contacts_here(db, wallet, session) if only in {None, c.id}]
    if only is not None and not theirs:
        raise NotFound
    owned = await lock_accounts(db, wallet, theirs)
    for one in theirs:
        contact = await load.contact_for_change(db, wallet.id, one.id)
        account = owned[contact.account_id]
        now = await clock(db)
        if not contact.is_gone(account, now):
            change = contacts.leave(contact, account=account, now=now)
            await keep(db, wallet.id, contact, change, by=by(contact))


async def lock_accounts(
    db: AsyncConnection, wallet: Wallet, theirs: Iterable[Contact]
) -> dict[AccountId, Account]:
    """Always in this order, so that no two wait for one another."""
    ids = sorted({contact.account_id for contact in theirs})
    return {one: await load.account_for_change(db, wallet.id, one) for one in ids}


# Who is here -----------------------------------------------------------------------------------


def require_verified(session: BrowserSession) -> None:
    if session.purpose != Purpose.SPACE.value:
        raise PageExpired
    if session.verified_at is None:
        raise CodeNeeded


async def contact_here(db: AsyncConnection, wallet: Wallet, session: BrowserSession) -> Contact:
    """The one contact through whom this browser was verified."""
    require_verified(session)
    return await visits.contact_of(db, wallet, session, Purpose.SPACE)


async def person_here(db: AsyncConnection, wallet: Wallet, session: BrowserSession) -> Person:
    contact = await contact_here(db, wallet, session)
    return await load.person(db, wallet.id, contact.person_id)


async def person_for_change(db: AsyncConnection, wallet: Wallet, session: BrowserSession) -> Person:
    """Locked, so that of two windows one waits for the other. Never while a contact is locked."""
    contact = await contact_here(db, wallet, session)
    return await load.person_for_change(db, wallet.id, contact.person_id)


async def contacts_here(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession
) -> tuple[Contact, ...]:
    """Everything they were ever named for, under the address that was proved."""
    contact = await contact_here(db, wallet, session)
    index = session.address_index or contact.address_index
    found = await load.contacts_of_address(db, wallet.id, contact.person_id, index)
    return tuple(c for c in found if c.accepted_at is not None and not c.removed_for_safety)


async def live_here(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession
) -> tuple[Contact, ...]:
    """For whom they are a contact now."""
    theirs = await contacts_here(db, wallet, session)
    accounts = await load.accounts_with(db, (wallet.id,), [c.account_id for c in theirs])
    owned = {account.id: account for account in accounts}
    now = await clock(db)
    return tuple(c for c in theirs if is_live(c, owned[c.account_id], now))


def is_live(contact: Contact, account: Account, now: datetime) -> bool:
    return not contact.is_gone(account, now) and not account.is_closed(now)


def by(contact: Contact) -> Actor:
    return Actor(ActorKind.CONTACT, contact.id)


async def _for_change(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, *, only: ContactId
) -> tuple[Contact]:
    """One of theirs, locked. Raises NotFound for anybody else's, and for one that is over."""
    if only not in {contact.id for contact in await live_here(db, wallet, session)}:
        raise NotFound
    return (await load.contact_for_change(db, wallet.id, only),)


async def _owners(
    db: AsyncConnection, house: House, wallet: Wallet, session: BrowserSession
) -> tuple[OwnerSeen, ...]:
    theirs = await live_here(db, wallet, session)
    accounts = await load.accounts_with(db, (wallet.id,), [c.account_id for c in theirs])
    owned = {account.id: account for account in accounts}
    opener = await Opener.for_values(
        db, house.keys, [v for c in theirs for v in (c.label, owned[c.account_id].first_name)]
    )
    now = await clock(db)
    return tuple(
        OwnerSeen(
            contact_id=c.id,
            owner_name=opener.text(
                Place("accounts", "first_name", c.account_id), owned[c.account_id].first_name
            ),
            label=opener.open(Place("contacts", "label", c.id), c.label),
            status=c.status,
            leaves_at=c.leaves_at,
            paused_until=c.paused_until if c.is_paused(now) else None,
            has_link=c.link_sha256 is not None,
            since=c.accepted_at,
        )
        for c in theirs
    )


async def _masked(db: AsyncConnection, house: House, address: PersonAddress) -> str:
    opener = await Opener.for_values(db, house.keys, (address.address,))
    place = Place("person_addresses", "address", address.id)
    return masked(address.kind, opener.text(place, address.address))
