"""The owner's trusted people: listed, invited, invited again, taken back."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.accounts import Account, AddressKind
from domain.change import Change
from domain.contacts import Contact, ContactStatus, allowed_name
from domain.events import Actor, ActorKind
from domain.ids import ContactId, PersonId
from domain.refusals import NotFound, PageExpired, StrongSignInNeeded
from domain.wallets import Wallet
from service.operations.addresses import masked, normal_email, normal_phone
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.owners import OwnerAsking
from service.operations.settling import settle_contacts
from service.security.blind_index import index_of
from service.security.encryption import DataKey, Place
from service.security.tokens import digest, new_id, new_token
from service.storage import load
from service.storage.forgetting import counted_hash
from service.storage.keychain import Opener, find_key, hold_key, make_key
from service.storage.rows import clock, keep, put, record
from service.storage.values import Person


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
    # A replacement whose place is not free yet; it has none.
    waits_for_place: bool
    is_unconfirmed: bool
    paused_until: datetime | None
    may_be_taken_back: bool
    # Unanswered: the same message may go out once more, within the limits.
    may_be_sent_again: bool
    # On the list for good, and no removal has begun that would take its time.
    may_be_removed: bool
    # A removal is under way that the owner can still stop.
    may_stay: bool


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


async def see_people(house: House, wallet: Wallet, session: OwnerAsking) -> PeopleSeen:
    """The owner's five places."""
    async with house.engine.connect() as db:
        account = await owned(db, wallet, session, for_change=False)
        now = await clock(db)
        stored = await load.contacts_of(db, wallet.id, account.id)
        shown = (c for c in stored if c.holds_place(account, now) or c.waits_for_place(now))
        # Who waits for a place comes last.
        held = sorted(shown, key=lambda c: c.place or wallet.policy.contacts.most + 1)
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
            people=tuple(_seen(c, account, opener, now) for c in held),
            may_manage=session.may_manage,
            now=now,
        )


async def invite(
    house: House, wallet: Wallet, session: OwnerAsking, new: NewContact, *, key: str
) -> ContactId:
    """Hold a place and put an invitation on its way. The same form twice invites once.

    While someone is leaving, their replacement may be invited and waits for the place.
    Raises NameNotAllowed, AddressNotAllowed, OwnAddress, AlreadyInvited, NoPlaceLeft, TooSoon,
    TooMany, StrongSignInNeeded.
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
        policy = wallet.policy.contacts
        others = await settle_contacts(db, wallet, account, now)
        place = contacts.place_for(others, account=account, policy=policy, now=now)
        lapses_at = now + policy.invitation_lasts
        if place is None:
            lapses_at = contacts.waiting_until(others, account=account, policy=policy, now=now)
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
            lapses_at=lapses_at,
            link_sha256=digest(token),
        )
        own = await load.addresses_of(db, wallet.id, account.id)
        forgotten = counted_hash(house.keys, wallet.id, index)
        change = contacts.invite(
            invitation,
            account=account,
            others=_recognised(others, index=index, forgotten=forgotten),
            own_addresses=frozenset(a.address_index for a in own if a.removed_at is None),
            sent_there=await load.invitations_sent_to(
                db, wallet.id, new.kind, index, forgotten=forgotten
            ),
            policy=policy,
            now=now,
        )
        promise_id, by = new_id(), Actor(ActorKind.OWNER, account.id)
        # The link belongs to the first of the events.
        await keep(
            db,
            wallet.id,
            None,
            Change(change.value, change.events[:1]),
            by=by,
            promise_id=promise_id,
            secret=wallet_key.seal(Place("outbox", "secret", promise_id), token),
        )
        await record(db, wallet.id, change.events[1:], by=by)
        await remember(db, wallet_key, request, str(contact_id))
        return contact_id


async def send_again(
    house: House, wallet: Wallet, session: OwnerAsking, contact_id: ContactId, *, key: str
) -> None:
    """The invitation once more, under a new link. The same form twice sends once.

    Raises NotOpen, TooSoon, TooMany, StrongSignInNeeded.
    """
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        now = await clock(db)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id,
            caller=str(session.id),
            route="owner/send-again",
            key=key,
            body=contact_id.bytes,
        )
        if await replay(db, wallet_key, request) is not None:
            return
        require_strong(session)
        others = await settle_contacts(db, wallet, account, now)
        contact = next((other for other in others if other.id == contact_id), None)
        if contact is None:
            raise NotFound
        token, promise_id = new_token(), new_id()
        index = contact.address_index
        forgotten = counted_hash(house.keys, wallet.id, index)
        change = contacts.send_again(
            contact,
            account=account,
            others=_recognised(others, index=index, forgotten=forgotten),
            sent_there=await load.invitations_sent_to(
                db, wallet.id, contact.address_kind, index, forgotten=forgotten
            ),
            link_sha256=digest(token),
            policy=wallet.policy.contacts,
            now=now,
        )
        secret = wallet_key.seal(Place("outbox", "secret", promise_id), token)
        by = Actor(ActorKind.OWNER, account.id)
        await keep(db, wallet.id, contact, change, by=by, promise_id=promise_id, secret=secret)
        await remember(db, wallet_key, request, str(contact_id))


async def take_back(
    house: House, wallet: Wallet, session: OwnerAsking, contact_id: ContactId
) -> None:
    """At once: an unanswered invitation, or an acceptance of the last 24 hours."""
    async with house.engine.begin() as db:
        account = await owned(db, wallet, session, for_change=True)
        contact = await load.contact_for_change(db, wallet.id, contact_id)
        if contact.account_id != account.id:
            raise NotFound
        now = await clock(db)
        require_strong(session)
        change = contacts.take_back(contact, account=account, now=now)
        await keep(db, wallet.id, contact, change, by=Actor(ActorKind.OWNER, account.id))


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
        # Held: they may be erased at this very moment, and are then known by nothing any more.
        held = await hold_key(db, house.keys, holder.data_key_id)
        if held is not None:
            return holder, held
    key = await make_key(db, house.keys)
    person = Person(
        id=PersonId(new_id()),
        wallet_id=wallet.id,
        data_key_id=key.id,
        language=account.language,
        created_at=now,
    )
    return await put(db, None, person), key


def _recognised(
    others: tuple[Contact, ...], *, index: bytes, forgotten: bytes
) -> tuple[Contact, ...]:
    """Whoever was forgotten rests like everybody else who was written to and did not answer."""
    return tuple(
        replace(other, address_index=index) if other.address_index == forgotten else other
        for other in others
    )


async def owned(
    db: AsyncConnection, wallet: Wallet, session: OwnerAsking, *, for_change: bool
) -> Account:
    """The session's account, if the session still lives: not across a freeze."""
    if session.account_id is None:
        raise PageExpired
    find = load.account_for_change if for_change else load.account
    account = await find(db, wallet.id, session.account_id)
    if account.is_frozen or account.epoch != session.epoch:
        raise PageExpired
    if account.is_closed(await clock(db)):
        raise PageExpired
    return account


def require_strong(session: OwnerAsking) -> None:
    """The page link was made on a recent strong sign-in; the session is short."""
    if not session.may_manage:
        raise StrongSignInNeeded


def _seen(contact: Contact, account: Account, opener: Opener, now: datetime) -> PersonSeen:
    unanswered = contact.is_unanswered(now)
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
        waits_for_place=contact.waits_for_place(now),
        is_unconfirmed=contact.is_unconfirmed(now),
        paused_until=contact.paused_until if contact.is_paused(now) else None,
        may_be_taken_back=contacts.can_be_taken_back(contact, now),
        may_be_sent_again=unanswered,
        may_be_removed=contact.status in {ContactStatus.ACTIVE, ContactStatus.SUSPENDED},
        may_stay=contacts.is_removal_pending(contact, account, now),
    )


def _written(new: NewContact, wallet: Wallet) -> str:
    if new.kind is AddressKind.EMAIL:
        return normal_email(new.address)
    return normal_phone(
        new.address, country=new.country or wallet.country, dialling_codes=wallet.dialling_codes
    )
