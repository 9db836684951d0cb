"""A contact answers an invitation: reads, gets a code, accepts or declines."""

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import AddressKind
from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact, ContactStatus, allowed_name
from domain.events import Actor, ActorKind
from domain.ids import AddressId, PersonId
from domain.refusals import CodeNeeded, LinkNotValid, NotOpen, PageExpired
from domain.wallets import Wallet
from service.operations import codes, visits
from service.operations.addresses import masked
from service.operations.house import House
from service.operations.settling import settle_contacts
from service.operations.visits import Draft
from service.security.encryption import Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.keychain import Opener, find_key, hold_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession, PersonAddress

# Which words a contact agreed to; raised whenever the consent page says something new.
CONSENT_TEXT: Final = "2026-11"


class InvitationSeen(Struct, frozen=True, kw_only=True):
    owner_name: str
    contact_name: str
    kind: AddressKind
    masked: str
    lapses_at: datetime
    now: datetime


class Accepted(Struct, frozen=True, kw_only=True):
    """The personal link's token: shown on the page this once, and sent in a message."""

    cookie: str
    link_token: str


class AcceptedSeen(Struct, frozen=True, kw_only=True):
    owner_name: str
    # Where codes will go.
    kind: AddressKind
    masked: str
    label: str | None
    now: datetime
    # None once the browser session that accepted has nothing more to show.
    link_token: str | None


async def see_invitation(house: House, wallet: Wallet, session: BrowserSession) -> InvitationSeen:
    """Who invites. Raises LinkNotValid once it has been answered or taken back."""
    async with house.engine.connect() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.ACCEPT)
        now = await clock(db)
        if not contact.is_open_invitation(now):
            raise LinkNotValid
        account = await load.account(db, wallet.id, contact.account_id)
        opener = await Opener.for_values(
            db, house.keys, (account.first_name, contact.name, contact.address)
        )
        address = opener.text(Place("contacts", "address", contact.id), contact.address)
        return InvitationSeen(
            owner_name=opener.text(Place("accounts", "first_name", account.id), account.first_name),
            contact_name=opener.text(Place("contacts", "name", contact.id), contact.name),
            kind=contact.address_kind,
            masked=masked(contact.address_kind, address),
            lapses_at=contact.lapses_at,
            now=now,
        )


async def accept(
    house: House, wallet: Wallet, session: BrowserSession, typed: str, *, language: str
) -> Accepted | CodeResult:
    """The right code is consent and proof of address in one: spent with what it authorises."""
    async with house.engine.connect() as db:
        challenge = await load.challenge_of(db, wallet.id, session.id, Purpose.ACCEPT)
    if challenge is None or challenge.contact_id is None:
        return CodeResult.EXPIRED
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    if not codes.compare(house, counted, typed):
        return CodeResult.WRONG
    async with house.engine.begin() as db:
        before = await load.contact(db, wallet.id, challenge.contact_id)
        account = await load.account_for_change(db, wallet.id, before.account_id)
        before = await load.contact_for_change(db, wallet.id, before.id)
        now = await clock(db)
        if before.waits_for_place(now):
            # The place may be free by now, and the job late.
            await settle_contacts(db, wallet, account, now)
            before = await load.contact_for_change(db, wallet.id, before.id)
        if not await codes.spend(db, house, wallet, challenge):
            return CodeResult.USED_UP
        contact = await _with_proved_address(db, house, wallet, before, now)
        token = new_token()
        change = contacts.accept(
            contact,
            account=account,
            policy=wallet.policy.contacts,
            text_version=CONSENT_TEXT,
            language=language,
            link_sha256=digest(token),
            now=now,
        )
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        promise_id = new_id()
        await keep(
            db,
            wallet.id,
            before,
            change,
            by=Actor(ActorKind.CONTACT, contact.id),
            promise_id=promise_id,
            secret=wallet_key.seal(Place("outbox", "secret", promise_id), token),
        )
        cookie = await visits.verify(
            db,
            wallet_key,
            session,
            contact,
            now=now,
            until=now + wallet.policy.sessions.contact_lasts,
            draft=Draft(link_token=token),
        )
        return Accepted(cookie=cookie, link_token=token)


async def see_accepted(house: House, wallet: Wallet, session: BrowserSession) -> AcceptedSeen:
    """What a new trusted contact takes along. Only in the browser that accepted."""
    if session.verified_at is None:
        raise CodeNeeded
    async with house.engine.connect() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.ACCEPT)
        account = await load.account(db, wallet.id, contact.account_id)
        draft = await visits.read_draft(db, house, wallet, session)
        opener = await Opener.for_values(
            db, house.keys, (account.first_name, contact.label, contact.address)
        )
        address = opener.text(Place("contacts", "address", contact.id), contact.address)
        return AcceptedSeen(
            owner_name=opener.text(Place("accounts", "first_name", account.id), account.first_name),
            kind=contact.address_kind,
            masked=masked(contact.address_kind, address),
            label=opener.open(Place("contacts", "label", contact.id), contact.label),
            now=await clock(db),
            link_token=draft.link_token,
        )


async def see_declined(
    house: House, wallet: Wallet, session: BrowserSession
) -> tuple[str, datetime]:
    """Whose invitation this browser declined, and when it is now. Raises PageExpired otherwise."""
    async with house.engine.connect() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.ACCEPT)
        if contact.status is not ContactStatus.DECLINED:
            raise PageExpired
        account = await load.account(db, wallet.id, contact.account_id)
        opener = await Opener.for_values(db, house.keys, (account.first_name,))
        place = Place("accounts", "first_name", account.id)
        return opener.text(place, account.first_name), await clock(db)


async def decline(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """Private: the owner reads "not answered" until the invitation lapses."""
    async with house.engine.begin() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.ACCEPT, for_change=True)
        change = contacts.decline(contact, now=await clock(db))
        await keep(db, wallet.id, contact, change, by=Actor(ActorKind.CONTACT, contact.id))


async def set_label(house: House, wallet: Wallet, session: BrowserSession, label: str) -> None:
    """The contact's own name for the owner ("Mum"), shown to them when reporting."""
    if session.verified_at is None:
        raise CodeNeeded
    name = allowed_name(label)
    async with house.engine.begin() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.ACCEPT, for_change=True)
        if contact.status is not ContactStatus.ACTIVE:
            raise NotOpen
        person = await load.person(db, wallet.id, contact.person_id)
        if person.data_key_id is None:
            raise PageExpired
        key = await find_key(db, house.keys, person.data_key_id)
        sealed = key.seal(Place("contacts", "label", contact.id), name)
        await put(db, contact, replace(contact, label=sealed))


async def _with_proved_address(
    db: AsyncConnection, house: House, wallet: Wallet, contact: Contact, now: datetime
) -> Contact:
    """The address has a holder now. If somebody proved it meanwhile, it is the same human."""
    person = await load.person(db, wallet.id, contact.person_id)
    holder = await load.holder_of(db, wallet.id, contact.address_kind, contact.address_index)
    if holder is not None and holder.id == person.id:
        return contact
    if person.data_key_id is None or (holder is not None and holder.data_key_id is None):
        raise LinkNotValid
    key = await find_key(db, house.keys, person.data_key_id)
    name = key.open(Place("contacts", "name", contact.id), contact.name)
    address = key.open(Place("contacts", "address", contact.id), contact.address)
    if holder is None:
        address_id = AddressId(new_id())
        held = PersonAddress(
            id=address_id,
            wallet_id=wallet.id,
            person_id=person.id,
            kind=contact.address_kind,
            address=key.seal(Place("person_addresses", "address", address_id), address),
            address_index=contact.address_index,
            proved_at=now,
        )
        await put(db, None, held)
        return contact
    assert holder.data_key_id is not None  # noqa: S101  (said above; the checker cannot see it)
    other = await hold_key(db, house.keys, holder.data_key_id)
    if other is None:
        raise LinkNotValid
    return replace(
        contact,
        person_id=PersonId(holder.id),
        name=other.seal(Place("contacts", "name", contact.id), name),
        address=other.seal(Place("contacts", "address", contact.id), address),
    )
