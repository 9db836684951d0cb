"""Persons, and the trusted contacts they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    SmallInteger,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from domain.contacts import ContactStatus
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_sealed,
    maybe_to,
    maybe_words,
    metadata,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class persons_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    # Dropping the key erases the person: everything about them is sealed under it.
    data_key_id: Named[UUID | None] = maybe_to("data_keys.id")
    language: Named[str] = words()
    created_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


persons = Table("persons", metadata, persons_columns)


class person_addresses_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    person_id: Named[UUID] = to("persons.id")
    kind: Named[str] = words()
    address: Named[bytes] = sealed()
    address_index: Named[bytes] = sealed()
    proved_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


person_addresses = Table(
    "person_addresses",
    metadata,
    person_addresses_columns,
    one_of("kind", "email", "phone"),
    # An address has at most one holder.
    UniqueConstraint("wallet_id", "kind", "address_index"),
    Index("person_addresses_person_id_idx", "person_id"),
)


class contacts_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    person_id: Named[UUID] = to("persons.id")
    status: Named[str] = words()
    place: Named[int | None] = Column(SmallInteger, nullable=True)
    name: Named[bytes] = sealed()
    label: Named[bytes | None] = maybe_sealed()
    address_kind: Named[str] = words()
    address: Named[bytes] = sealed()
    address_index: Named[bytes] = sealed()
    language: Named[str] = words()
    invited_at: Named[datetime] = instant()
    lapses_at: Named[datetime] = instant()
    link_sha256: Named[bytes | None] = Column(LargeBinary, nullable=True, unique=True)
    accepted_at: Named[datetime | None] = maybe_instant()
    consent_version: Named[str | None] = maybe_words()
    consent_language: Named[str | None] = maybe_words()
    leaves_at: Named[datetime | None] = maybe_instant()
    ended_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


contacts = Table(
    "contacts",
    metadata,
    contacts_columns,
    # Five places, one contact each: a sixth is impossible.
    CheckConstraint("place BETWEEN 1 AND 5", name="five_places"),
    UniqueConstraint("account_id", "place"),
    CheckConstraint(
        "place IS NOT NULL OR status NOT IN ('active', 'leaving', 'suspended')",
        name="on_a_place",
    ),
    CheckConstraint(
        "place IS NULL OR status IN ('invited', 'active', 'leaving', 'suspended', 'declined')",
        name="gone_from_its_place",
    ),
    one_of("address_kind", "email", "phone"),
    one_of("status", *(status.value for status in ContactStatus)),
    Index("contacts_account_id_idx", "account_id"),
    Index("contacts_person_id_idx", "person_id"),
    Index("contacts_address_index_idx", "wallet_id", "address_index"),
)
Index(
    "contacts_lapsing_idx",
    contacts.c.lapses_at,
    postgresql_where=contacts.c.status.in_(("invited", "declined")) & contacts.c.place.isnot(None),
)
