"""Trusted contacts."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AddressKind
from domain.contacts import Contact
from domain.ids import AccountId, ContactId, PersonId, WalletId
from service.storage.rows import every, one, the_one
from service.storage.tables import contacts, now


async def contacts_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[Contact, ...]:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.account_id == account_id)
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def overdue_contacts(db: AsyncConnection, wallet_id: WalletId) -> tuple[Contact, ...]:
    """Invitations past their 7 days that still stand on a place."""
    due = (contacts.c.wallet_id == wallet_id) & (contacts.c.lapses_at <= now)
    due &= contacts.c.status.in_(("invited", "declined")) & contacts.c.place.isnot(None)
    return await every(db, select(contacts).where(due).order_by(contacts.c.lapses_at), Contact)


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
    """A code opens only contacts enrolled under the very address it went to."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.person_id == person_id)
    ours &= contacts.c.address_index == address_index
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def contacts_at(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> tuple[Contact, ...]:
    """Everyone who was ever named under an address, whatever became of it."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.address_index == address_index)
    ours &= contacts.c.address_kind == kind.value
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)
