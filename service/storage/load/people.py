"""Persons, the addresses they proved, and what else is theirs."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import AddressKind
from domain.erasures import Erasure
from domain.ids import AddressId, BrowserSessionId, ContactId, PersonId, WalletId
from service.storage.rows import every, one, the_one, value_of
from service.storage.tables import (
    authenticators,
    contacts,
    erasures,
    new_addresses,
    person_addresses,
    persons,
)
from service.storage.values import Authenticator, NewAddress, Person, PersonAddress


async def person(db: AsyncConnection, wallet_id: WalletId, person_id: PersonId) -> Person:
    ours = (persons.c.wallet_id == wallet_id) & (persons.c.id == person_id)
    return await the_one(db, select(persons).where(ours), Person)


async def person_for_change(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> Person:
    """Without keeping anybody from referring to them: that would wait for who waits for us."""
    ours = (persons.c.wallet_id == wallet_id) & (persons.c.id == person_id)
    locked = select(persons).where(ours).with_for_update(key_share=True)
    return await the_one(db, locked, Person)


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


async def held_addresses(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> tuple[PersonAddress, ...]:
    ours = (person_addresses.c.wallet_id == wallet_id) & (person_addresses.c.person_id == person_id)
    found = select(person_addresses).where(ours).order_by(person_addresses.c.id)
    return await every(db, found, PersonAddress)


async def address_held(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> PersonAddress | None:
    """At most one person holds it."""
    ours = (person_addresses.c.wallet_id == wallet_id) & (
        person_addresses.c.address_index == address_index
    )
    ours &= person_addresses.c.kind == kind.value
    return await one(db, select(person_addresses).where(ours), PersonAddress)


async def address_by_id(
    db: AsyncConnection, wallet_id: WalletId, address_id: AddressId
) -> PersonAddress | None:
    ours = (person_addresses.c.wallet_id == wallet_id) & (person_addresses.c.id == address_id)
    return await one(db, select(person_addresses).where(ours), PersonAddress)


async def second_address(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId, address_index: bytes
) -> PersonAddress | None:
    """The one beside the address under which somebody was named."""
    first = person_addresses.alias("first")
    ours = (person_addresses.c.wallet_id == wallet_id) & (person_addresses.c.person_id == person_id)
    ours &= (first.c.id == person_addresses.c.beside_id) & (first.c.address_index == address_index)
    return await one(db, select(person_addresses).where(ours), PersonAddress)


async def second_addresses(
    db: AsyncConnection, wallet_id: WalletId, contact_ids: Collection[ContactId]
) -> dict[ContactId, PersonAddress]:
    """Of each of these the one beside the address under which they were named, if there is one."""
    if not contact_ids:
        return {}
    first, second = person_addresses.alias("first"), person_addresses
    ours = (contacts.c.wallet_id == wallet_id) & contacts.c.id.in_(contact_ids)
    ours &= (second.c.wallet_id == wallet_id) & (second.c.person_id == contacts.c.person_id)
    ours &= (first.c.id == second.c.beside_id) & (first.c.kind == contacts.c.address_kind)
    ours &= first.c.address_index == contacts.c.address_index
    found = await db.execute(select(contacts.c.id.label("contact_id"), second).where(ours))
    return {
        ContactId(row["contact_id"]): value_of(dict(row), PersonAddress) for row in found.mappings()
    }


async def new_address(
    db: AsyncConnection, wallet_id: WalletId, session_id: BrowserSessionId
) -> NewAddress | None:
    """The address that waits in this visit for its code."""
    ours = (new_addresses.c.wallet_id == wallet_id) & (
        new_addresses.c.browser_session_id == session_id
    )
    return await one(db, select(new_addresses).where(ours), NewAddress)


async def new_address_by_id(
    db: AsyncConnection, wallet_id: WalletId, address_id: AddressId
) -> NewAddress | None:
    ours = (new_addresses.c.wallet_id == wallet_id) & (new_addresses.c.id == address_id)
    return await one(db, select(new_addresses).where(ours), NewAddress)


async def authenticator(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId, *, confirmed: bool
) -> Authenticator | None:
    """The app that counts, or the one that is being set up."""
    ours = (authenticators.c.wallet_id == wallet_id) & (authenticators.c.person_id == person_id)
    ours &= (
        authenticators.c.confirmed_at.isnot(None)
        if confirmed
        else authenticators.c.confirmed_at.is_(None)
    )
    return await one(db, select(authenticators).where(ours), Authenticator)


async def open_erasure(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> Erasure | None:
    """Asked for, and not carried out yet."""
    ours = (erasures.c.wallet_id == wallet_id) & (erasures.c.person_id == person_id)
    return await one(db, select(erasures).where(ours, erasures.c.done_at.is_(None)), Erasure)
