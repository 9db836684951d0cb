"""What is stored about a contact: shown, erased on request, and never written to again."""

from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts, erasures
from domain.contacts import Contact
from domain.erasures import Erasure
from domain.events import WritingStopped
from domain.ids import ErasureId
from domain.wallets import Wallet
from service.operations import space
from service.operations.house import House
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock, keep, record
from service.storage.suppressed import is_suppressed, suppress
from service.storage.tables import deliveries
from service.storage.values import BrowserSession, PersonAddress

# More than anybody files in the years a ticket is kept.
_MOST_REPORTS: Final = 1000


class HeldAddress(Struct, frozen=True, kw_only=True):
    kind: str
    address: str
    proved_at: datetime
    second: bool


class Named(Struct, frozen=True, kw_only=True):
    """One owner's invitation and what became of it."""

    owner_first_name: str
    # As the owner calls this person; as this person calls the owner.
    named_as: str
    own_label: str | None
    status: str
    address: str
    language: str
    invited_at: datetime
    accepted_at: datetime | None
    consent_version: str | None
    consent_language: str | None
    leaves_at: datetime | None
    paused_until: datetime | None
    ended_at: datetime | None


class Filed(Struct, frozen=True, kw_only=True):
    reference: str
    filed_at: datetime
    kind: str
    status: str
    withdrawn_at: datetime | None
    # What was written at the time; sealed under the owner's key, and gone with it.
    note: str | None


class Written(Struct, frozen=True, kw_only=True):
    """A message to this person: what it was about, never its words."""

    about: str
    channel: str
    state: str
    created_at: datetime


class OwnData(Struct, frozen=True, kw_only=True):
    wallet: str
    stored_at: datetime
    language: str
    known_since: datetime
    addresses: tuple[HeldAddress, ...]
    contacts: tuple[Named, ...]
    reports: tuple[Filed, ...]
    messages: tuple[Written, ...]
    authenticator_since: datetime | None
    erasure_asked_at: datetime | None
    erased_by: datetime | None
    # Why it would wait: a report of theirs is being worked on.
    erasure_is_held: bool
    # The legal basis: domain/erasures.Basis.
    held_because: str | None
    # Whether the addresses are never written to again.
    never_written_to: bool


async def see_data(house: House, wallet: Wallet, session: BrowserSession) -> OwnData:
    """Everything, as it is now. Raises PageExpired, CodeNeeded."""
    async with house.engine.connect() as db:
        person = await space.person_here(db, wallet, session)
        theirs = await space.contacts_here(db, wallet, session)
        held = await load.held_addresses(db, wallet.id, person.id)
        app = await load.authenticator(db, wallet.id, person.id, confirmed=True)
        erasure = await load.open_erasure(db, wallet.id, person.id)
        because = await load.held_by(db, wallet.id, person.id)
        return OwnData(
            wallet=wallet.name,
            stored_at=await clock(db),
            language=person.language,
            known_since=person.created_at,
            addresses=await _addresses(db, house, held),
            contacts=await _named(db, house, wallet, theirs),
            reports=await _filed(db, house, wallet, theirs),
            messages=await _written(db, wallet, theirs),
            authenticator_since=app.confirmed_at if app else None,
            erasure_asked_at=erasure.asked_at if erasure else None,
            erased_by=erasure.due_at if erasure else None,
            erasure_is_held=because is not None,
            held_because=because.value if because is not None else None,
            never_written_to=await _is_never_written_to(db, house, wallet, held),
        )


async def ask_erasure(house: House, wallet: Wallet, session: BrowserSession) -> Erasure:
    """The consent is withdrawn: they are nobody's contact from now on. The data go by the stored
    deadline, or once the tickets are closed that need what they reported. Twice is once."""
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        await space.leave_all(db, wallet, session)
        contact = await space.contact_here(db, wallet, session)
        before = await load.open_erasure(db, wallet.id, person.id)
        now = await clock(db)
        asked = Erasure(
            id=ErasureId(new_id()),
            wallet_id=wallet.id,
            person_id=person.id,
            asked_at=now,
            due_at=now + wallet.policy.space.erased_within,
        )
        change = erasures.ask(asked, before=before, contact_id=contact.id, now=now)
        return await keep(db, wallet.id, before, change, by=space.by(contact))


async def never_write(house: House, wallet: Wallet, session: BrowserSession) -> None:
    """They leave everyone, say no to what is open, and no address of theirs is written to again,
    whoever names it. To an owner it looks like having left, or like silence."""
    async with house.engine.begin() as db:
        person = await space.person_for_change(db, wallet, session)
        await space.leave_all(db, wallet, session)
        held = await load.held_addresses(db, wallet.id, person.id)
        for address in held:
            await suppress(db, house.keys, wallet.id, address.address_index)
            for one in await load.contacts_at(db, wallet.id, address.kind, address.address_index):
                await _decline(db, wallet, one)
        contact = await space.contact_here(db, wallet, session)
        event = WritingStopped(contact_id=contact.id, at=await clock(db))
        await record(db, wallet.id, (event,), by=space.by(contact))


async def _is_never_written_to(
    db: AsyncConnection, house: House, wallet: Wallet, held: tuple[PersonAddress, ...]
) -> bool:
    answers = [await is_suppressed(db, house.keys, wallet.id, one.address_index) for one in held]
    return bool(answers) and all(answers)


async def _decline(db: AsyncConnection, wallet: Wallet, one: Contact) -> None:
    contact = await load.contact_for_change(db, wallet.id, one.id)
    now = await clock(db)
    if contact.is_open_invitation(now):
        change = contacts.decline(contact, now=now)
        await keep(db, wallet.id, contact, change, by=space.by(contact))


async def _addresses(
    db: AsyncConnection, house: House, held: tuple[PersonAddress, ...]
) -> tuple[HeldAddress, ...]:
    opener = await Opener.for_values(db, house.keys, (one.address for one in held))
    return tuple(
        HeldAddress(
            kind=one.kind.value,
            address=opener.text(Place("person_addresses", "address", one.id), one.address),
            proved_at=one.proved_at,
            second=one.beside_id is not None,
        )
        for one in held
    )


async def _named(
    db: AsyncConnection, house: House, wallet: Wallet, theirs: tuple[Contact, ...]
) -> tuple[Named, ...]:
    accounts = await load.accounts_with(db, (wallet.id,), [c.account_id for c in theirs])
    owned = {account.id: account.first_name for account in accounts}
    values = [v for c in theirs for v in (c.name, c.label, c.address, owned[c.account_id])]
    opener = await Opener.for_values(db, house.keys, values)
    return tuple(
        Named(
            owner_first_name=opener.text(
                Place("accounts", "first_name", c.account_id), owned[c.account_id]
            ),
            named_as=opener.text(Place("contacts", "name", c.id), c.name),
            own_label=opener.open(Place("contacts", "label", c.id), c.label),
            status=c.status.value,
            address=opener.text(Place("contacts", "address", c.id), c.address),
            language=c.language,
            invited_at=c.invited_at,
            accepted_at=c.accepted_at,
            consent_version=c.consent_version,
            consent_language=c.consent_language,
            leaves_at=c.leaves_at,
            paused_until=c.paused_until,
            ended_at=c.ended_at,
        )
        for c in theirs
    )


async def _filed(
    db: AsyncConnection, house: House, wallet: Wallet, theirs: tuple[Contact, ...]
) -> tuple[Filed, ...]:
    ids = [contact.id for contact in theirs]
    found = await load.reports_by(db, wallet.id, ids, limit=_MOST_REPORTS)
    opener = await Opener.for_values(db, house.keys, (report.note for report in found))
    return tuple(
        Filed(
            reference=report.reference,
            filed_at=report.filed_at,
            kind=report.kind.value,
            status=report.status.value,
            withdrawn_at=report.withdrawn_at,
            note=opener.open(Place("loss_reports", "note", report.id), report.note),
        )
        for report in found
    )


async def _written(
    db: AsyncConnection, wallet: Wallet, theirs: tuple[Contact, ...]
) -> tuple[Written, ...]:
    ours = (deliveries.c.wallet_id == wallet.id) & deliveries.c.contact_id.in_(
        [contact.id for contact in theirs]
    )
    ours &= deliveries.c.role == "contact"
    rows = await db.execute(select(deliveries).where(ours).order_by(deliveries.c.id))
    return tuple(
        Written(about=row.event, channel=row.channel, state=row.state, created_at=row.created_at)
        for row in rows
    )
