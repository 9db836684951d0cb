"""Trusted contacts."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ScalarSelect, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AccountState, AddressKind
from domain.contacts import Contact
from domain.events import RemovalBegun, name_of
from domain.ids import AccountId, ContactId, PersonId, WalletId
from service.storage.rows import every, one, the_one
from service.storage.tables import accounts, contacts, deliveries, now, person_addresses


async def contacts_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[Contact, ...]:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.account_id == account_id)
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def accounts_to_settle(db: AsyncConnection, wallet_id: WalletId) -> tuple[AccountId, ...]:
    """Whose contacts the clock has something to do for: invitations past their end, removals whose
    instant has come or of which nobody was told yet, replacements that wait, addresses to ask
    about or never confirmed. Frozen accounts wait."""
    here = contacts.c.status.in_(("active", "leaving", "suspended"))
    unanswered = contacts.c.status.in_(("invited", "declined")) & contacts.c.lapsed_at.is_(None)
    due = or_(
        unanswered & (contacts.c.lapses_at <= now),
        unanswered & contacts.c.place.is_(None),
        here & (contacts.c.leaves_at <= now),
        here & contacts.c.leaves_at.isnot(None) & contacts.c.removal_noticed_at.is_(None),
        here & (contacts.c.ends_at <= now),
        here & (contacts.c.remind_at <= now) & contacts.c.ends_at.is_(None),
    )
    ours = (contacts.c.wallet_id == wallet_id) & (accounts.c.state == AccountState.ACTIVE.value)
    found = await db.scalars(
        select(contacts.c.account_id)
        .join(accounts, accounts.c.id == contacts.c.account_id)
        .where(ours, due)
        .distinct()
        .order_by(contacts.c.account_id)
    )
    return tuple(AccountId(row) for row in found)


async def invitations_sent_to(
    db: AsyncConnection,
    wallet_id: WalletId,
    kind: AddressKind,
    address_index: bytes,
    *,
    forgotten: bytes,
) -> tuple[datetime, ...]:
    """When any owner had one sent there; also to whoever was forgotten since, of whom only the
    hash `forgotten` is left. Whoever counts them holds the address until its own is
    stored: two owners at once must not both be the last."""
    turn = int.from_bytes(address_index[:8], signed=True)
    await db.execute(select(func.pg_advisory_xact_lock(turn)))
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.address_kind == kind.value)
    ours &= contacts.c.address_index.in_((address_index, forgotten))
    rows = await db.scalars(select(contacts.c.sent_at).where(ours))
    return tuple(at for sent in rows for at in sent)


async def removal_noticed_at(db: AsyncConnection, contact: Contact) -> datetime | None:
    """When the first notice of the present removal was accepted for delivery, by anybody's mail
    server or carrier: the contact's or the owner's."""
    to_them, notice = deliveries.alias("to_them"), deliveries
    ours = (to_them.c.wallet_id == contact.wallet_id) & (to_them.c.contact_id == contact.id)
    ours &= to_them.c.event == name_of(RemovalBegun)
    ours &= to_them.c.created_at >= contact.removal_began_at
    told = (notice.c.wallet_id == contact.wallet_id) & (notice.c.state == "sent")
    return await db.scalar(
        select(func.min(notice.c.sent_at))
        .join(to_them, to_them.c.outbox_id == notice.c.outbox_id)
        .where(ours, told)
    )


async def contact(db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId) -> Contact:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.id == contact_id)
    return await the_one(db, select(contacts).where(ours), Contact)


async def contacts_with(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[ContactId]
) -> tuple[Contact, ...]:
    """Many at once, for a list."""
    ours = (contacts.c.wallet_id == wallet_id) & contacts.c.id.in_(ids)
    return await every(db, select(contacts).where(ours), Contact)


async def contact_for_change(
    db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
) -> Contact:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.id == contact_id)
    return await the_one(db, select(contacts).where(ours).with_for_update(), Contact)


async def contact_by_link(
    db: AsyncConnection, wallet_id: WalletId, link_sha256: bytes
) -> Contact | None:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.link_sha256 == link_sha256)
    return await one(db, select(contacts).where(ours), Contact)


async def contacts_of_address(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId, address_index: bytes
) -> tuple[Contact, ...]:
    """A code opens only contacts enrolled under the very address it went to, or under the one
    beside which that stands as the person's second."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.person_id == person_id)
    first = _beside(wallet_id, address_index)
    ours &= (contacts.c.address_index == address_index) | (contacts.c.address_index == first)
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def contacts_beside(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> tuple[Contact, ...]:
    """Whose second address this is: every time they were named under their first."""
    first, second = person_addresses.alias("first"), person_addresses.alias("second")
    ours = (contacts.c.wallet_id == wallet_id) & (second.c.wallet_id == wallet_id)
    ours &= (second.c.address_index == address_index) & (second.c.kind == kind.value)
    ours &= (first.c.id == second.c.beside_id) & (contacts.c.person_id == second.c.person_id)
    ours &= contacts.c.address_index == first.c.address_index
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


def _beside(wallet_id: WalletId, address_index: bytes) -> ScalarSelect[bytes]:
    first, second = person_addresses.alias("first"), person_addresses.alias("second")
    ours = (second.c.wallet_id == wallet_id) & (second.c.address_index == address_index)
    ours &= second.c.person_id == contacts.c.person_id
    return (
        select(first.c.address_index)
        .join(second, second.c.beside_id == first.c.id)
        .where(ours)
        .limit(1)
        .correlate(contacts)
        .scalar_subquery()
    )


async def contacts_at(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> tuple[Contact, ...]:
    """Everyone who was ever named under an address, whatever became of it."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.address_index == address_index)
    ours &= contacts.c.address_kind == kind.value
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)
