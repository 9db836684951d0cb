"""Persons and the addresses they proved."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AddressKind
from domain.ids import PersonId, WalletId
from service.storage.rows import one, the_one
from service.storage.tables import person_addresses, persons
from service.storage.values import Person


async def person(db: AsyncConnection, wallet_id: WalletId, person_id: PersonId) -> Person:
    ours = (persons.c.wallet_id == wallet_id) & (persons.c.id == person_id)
    return await the_one(db, select(persons).where(ours), Person)


async def holder_of(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> Person | None:
    """Whoever proved the address; at most one person holds it."""
    ours = (person_addresses.c.wallet_id == wallet_id) & (
        person_addresses.c.address_index == address_index
    )
    ours &= person_addresses.c.kind == kind.value
    return await one(
        db,
        select(persons)
        .join(person_addresses, person_addresses.c.person_id == persons.c.id)
        .where(ours),
        Person,
    )
