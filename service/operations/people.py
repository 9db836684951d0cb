"""The owner's trusted people: listed, invited, taken back."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account, AddressKind
from domain.contacts import Contact, ContactStatus, allowed_name
from domain.events import THE_CLOCK, Actor, ActorKind
from domain.ids import ContactId, PersonId
from domain.refusals import NotFound, PageExpired, StrongSignInNeeded
from domain.wallets import Wallet
from service.operations.addresses import masked, normal_email, normal_phone
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.blind_index import index_of
from service.security.encryption import DataKey, Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.keychain import Opener, find_key, make_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession, Person


class PersonSeen(Struct, frozen=True, kw_only=True):
    """One of the five places as its owner sees it. A decline looks like an unanswered one."""

    contact_id: ContactId
    place: int
    name: str
    kind: AddressKind
    masked: str
    status: ContactStatus
    lapses_at: datetime
    accepted_at: datetime | None
    leaves_at: datetime | None
    may_be_taken_back: bool


class PeopleSeen(Struct, frozen=True, kw_only=True):
    owner_first_name: str
    time_zone: str
    places: int
    people: tuple[PersonSeen, ...]
    may_manage: bool
    now: datetime


class NewContact(Struct, frozen=True, kw_only=True):
    name: str
    kind: AddressKind
    # As it was typed; a phone may come with the country it was chosen for.
    address: str
    country: str | None = None


async def see_people(house: House, wallet: Wallet, session: BrowserSession) -> PeopleSeen:
    """The owner's five places."""
    async with house.engine.connect() as db:
        account = await owned(db, wallet, session, for_change=False)
        now = await clock(db)
        stored = await load.contacts_of(db, wallet.id, account.id)
        held = sorted((c for c in stored if c.holds_place(now)), key=lambda c: c.place or 0)
        opener = await Opener.for_values(
            db, house.keys, [account.first_name, *(v for c in held for v in (c.name, c.address))]
        )
        policy = wallet.policy.contacts
        return PeopleSeen(
            owner_first_name=opener.text(
                Place("accounts", "first_name", account.id), account.first_name
            ),
            time_zone=account.time_zone,
            places=policy.most,
            people=tuple(_seen(c, opener, policy.acceptance_undone_within, now) for c in held),
            may_manage=session.may_manage,
            now=now,
        )


async def invite(
    house: House, wallet: Wallet, session: BrowserSession, new: NewContact, *, key: str
) -> ContactId:
    """Hold a place and put an invitation on its way. The same form twice invites once.

    Raises NameNotAllowed, AddressNotAllowed, OwnAddress, AlreadyInvited, NoPlaceLeft,
    StrongSignInNeeded.
    """
    name = allowed_name(new.name)
    written = _written(new, wallet)
    index = index_of(house.keys, wallet.id, new.kind, written)
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id,
            caller=str(session.id),
            route="owner/invite",
            key=key,
            body=f"{name}|{new.kind}|{written}".encode(),
        )
        if (answered := await replay(db, wallet_key, request)) is not None:
            return ContactId(UUID(answered))
        require_strong(session)
        others = await _settle_overdue(db, wallet, account, now)
        place = contacts.free_place(others, policy=wallet.policy.contacts, now=now)
        person, person_key = await _person_for(
            db, house, wallet, account, kind=new.kind, index=index, now=now
        )
        contact_id = ContactId(new_id())
        token = new_token()
        invitation = Contact(
            id=contact_id,
            wallet_id=wallet.id,
            account_id=account.id,
            person_id=person.id,
            place=place,
            name=person_key.seal(Place("contacts", "name", contact_id), name),
            address_kind=new.kind,
            address=person_key.seal(Place("contacts", "address", contact_id), written),
            address_index=index,
            language=person.language,
            invited_at=now,
            lapses_at=now + wallet.policy.contacts.invitation_lasts,
            link_sha256=digest(token),
        )
        own = await load.addresses_of(db, wallet.id, account.id)
        change = contacts.invite(
            invitation,
            account=account,
            others=others,
            own_addresses=frozenset(a.address_index for a in own if a.removed_at is None),
            now=now,
        )
        promise_id = new_id()
        await keep(
            db,
            wallet.id,
            None,
            change,
            by=Actor(ActorKind.OWNER, account.id),
            promise_id=promise_id,
            secret=wallet_key.seal(Place("outbox", "secret", promise_id), token),
        )
        await remember(db, wallet_key, request, str(contact_id))
        return contact_id


async def take_back(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId
) -> None:
    """At once: an unanswered invitation, or an acceptance of the last 24 hours."""
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        contact = await load.contact_for_change(db, wallet.id, contact_id)
        if contact.account_id != account.id:
            raise NotFound
        now = await clock(db)
        require_strong(session)
        change = contacts.take_back(
            contact, account=account, policy=wallet.policy.contacts, now=now
        )
        await keep(db, wallet.id, contact, change, by=Actor(ActorKind.OWNER, account.id))


async def lapse_overdue(house: House, wallet: Wallet) -> int:
    """The job that settles what every rule concludes anyway. Late or twice, it harms nothing."""
    settled = 0
    async with house.engine.connect() as db:
        due = await load.overdue_contacts(db, wallet.id)
    for account_id in dict.fromkeys(contact.account_id for contact in due):
        async with house.engine.begin() as db:
            account = await load.account_for_change(db, wallet.id, account_id)
            now = await clock(db)
            before = await load.contacts_of(db, wallet.id, account_id)
            await _settle_overdue(db, wallet, account, now)
            settled += sum(c.place is not None and not c.holds_place(now) for c in before)
    return settled


async def _settle_overdue(
    db: AsyncConnection, wallet: Wallet, account: Account, now: datetime
) -> tuple[Contact, ...]:
    """Overdue rows give up their places before a place is counted."""
    settled: list[Contact] = []
    for contact in await load.contacts_of(db, wallet.id, account.id):
        overdue = contact.place is not None and not contact.holds_place(now)
        if overdue and contact.status in {ContactStatus.INVITED, ContactStatus.DECLINED}:
            change = contacts.lapse(contact, now=now)
            settled.append(await keep(db, wallet.id, contact, change, by=THE_CLOCK))
        else:
            settled.append(contact)
    return tuple(settled)


async def _person_for(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    account: Account,
    *,
    kind: AddressKind,
    index: bytes,
    now: datetime,
) -> tuple[Person, DataKey]:
    """Whoever proved the address already, or someone known by nothing else yet."""
    holder = await load.holder_of(db, wallet.id, kind, index)
    if holder is not None and holder.data_key_id is not None:
        return holder, await find_key(db, house.keys, holder.data_key_id)
    key = await make_key(db, house.keys)
    person = Person(
        id=PersonId(new_id()),
        wallet_id=wallet.id,
        data_key_id=key.id,
        language=account.language,
        created_at=now,
    )
    return await put(db, None, person), key


async def owned(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, *, for_change: bool
) -> Account:
    """The session's account, if the session still lives: not across a freeze."""
    if session.account_id is None:
        raise PageExpired
    find = load.account_for_change if for_change else load.account
    account = await find(db, wallet.id, session.account_id)
    if account.is_frozen or account.epoch != session.epoch:
        raise PageExpired
    return account


def require_strong(session: BrowserSession) -> None:
    """The page link was made on a recent strong sign-in; the session is short."""
    if not session.may_manage:
        raise StrongSignInNeeded


def _seen(contact: Contact, opener: Opener, undone_within: timedelta, now: datetime) -> PersonSeen:
    unanswered = contact.status in {ContactStatus.INVITED, ContactStatus.DECLINED}
    may_undo = contact.accepted_at is not None and now < contact.accepted_at + undone_within
    address = opener.text(Place("contacts", "address", contact.id), contact.address)
    return PersonSeen(
        contact_id=contact.id,
        place=contact.place or 0,
        name=opener.text(Place("contacts", "name", contact.id), contact.name),
        kind=contact.address_kind,
        masked=masked(contact.address_kind, address) if address else "",
        status=ContactStatus.INVITED if unanswered else contact.status,
        lapses_at=contact.lapses_at,
        accepted_at=contact.accepted_at,
        leaves_at=contact.leaves_at,
        may_be_taken_back=unanswered or (contact.status is ContactStatus.ACTIVE and may_undo),
    )


def _written(new: NewContact, wallet: Wallet) -> str:
    if new.kind is AddressKind.EMAIL:
        return normal_email(new.address)
    return normal_phone(
        new.address, country=new.country or wallet.country, dialling_codes=wallet.dialling_codes
    )
