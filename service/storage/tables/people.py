"""Persons, and the trusted contacts they are."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    Named,
    SmallInteger,
    Table,
    TypedColumns,
    UniqueConstraint,
    text,
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
    # A second address stands beside the one under which its holder was named.
    beside_id: Named[UUID | None] = maybe_to("person_addresses.id")
    withdraws_from: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


person_addresses = Table(
    "person_addresses",
    metadata,
    person_addresses_columns,
    one_of("kind", "email", "phone"),
    # An address has at most one holder.
    UniqueConstraint("wallet_id", "kind", "address_index"),
    # At most one second address beside a first.
    UniqueConstraint("beside_id"),
    CheckConstraint("(beside_id IS NULL) = (withdraws_from IS NULL)", name="second"),
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
    sent_at: Named[list[datetime]] = Column(ARRAY(DateTime(timezone=True)), nullable=False)
    lapses_at: Named[datetime] = instant()
    lapsed_at: Named[datetime | None] = maybe_instant()
    link_sha256: Named[bytes | None] = Column(LargeBinary, nullable=True, unique=True)
    accepted_at: Named[datetime | None] = maybe_instant()
    undo_until: Named[datetime | None] = maybe_instant()
    consent_version: Named[str | None] = maybe_words()
    consent_language: Named[str | None] = maybe_words()
    removal_began_at: Named[datetime | None] = maybe_instant()
    removal_seconds: Named[int | None] = Column(Integer, nullable=True)
    removal_noticed_at: Named[datetime | None] = maybe_instant()
    leaves_at: Named[datetime | None] = maybe_instant()
    removal_goes_on: Named[bool | None] = Column(Boolean, nullable=True)
    removed_for_safety: Named[bool] = Column(Boolean, nullable=False)
    disowned: Named[bool] = Column(Boolean, nullable=False)
    paused_until: Named[datetime | None] = maybe_instant()
    reinstatement_proposed_by: Named[UUID | None] = maybe_to("agents.id")
    confirmed_at: Named[datetime | None] = maybe_instant()
    remind_at: Named[datetime | None] = maybe_instant()
    unconfirmed_from: Named[datetime | None] = maybe_instant()
    ends_at: Named[datetime | None] = maybe_instant()
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
    # A removal knows its instant and its length, and ends nobody of whom nobody was told.
    CheckConstraint("status <> 'leaving' OR leaves_at IS NOT NULL", name="leaves"),
    CheckConstraint(
        "leaves_at IS NULL OR (removal_began_at IS NOT NULL AND coalesce(removal_seconds, 0) > 0)",
        name="removal",
    ),
    # Removed for safety is removed, and has no way in left.
    CheckConstraint(
        "NOT removed_for_safety OR (status = 'removed' AND link_sha256 IS NULL)",
        name="removed_for_safety",
    ),
    CheckConstraint(
        "reinstatement_proposed_by IS NULL OR status = 'suspended'", name="reinstatement"
    ),
    CheckConstraint("(ends_at IS NULL) = (unconfirmed_from IS NULL)", name="unconfirmed"),
    one_of("address_kind", "email", "phone"),
    one_of("status", *(status.value for status in ContactStatus)),
    Index("contacts_account_id_idx", "account_id"),
    Index("contacts_person_id_idx", "person_id"),
    Index("contacts_address_index_idx", "wallet_id", "address_index"),
)
# What the clock has still to do.
Index(
    "contacts_lapsing_idx",
    contacts.c.lapses_at,
    postgresql_where=contacts.c.status.in_(("invited", "declined"))
    & contacts.c.lapsed_at.is_(None),
)
Index(
    "contacts_leaving_idx",
    contacts.c.leaves_at,
    postgresql_where=contacts.c.status.in_(("leaving", "suspended")),
)
Index(
    "contacts_ending_idx",
    contacts.c.ends_at,
    postgresql_where=contacts.c.status.in_(("active", "leaving", "suspended")),
)
Index(
    "contacts_reminding_idx",
    contacts.c.remind_at,
    postgresql_where=contacts.c.status.in_(("active", "leaving", "suspended"))
    & contacts.c.ends_at.is_(None),
)
# Whose words are to be forgotten, and whose keyed hash still counts for the limits.
Index(
    "contacts_gone_idx",
    contacts.c.ended_at,
    postgresql_where=text("status NOT IN ('active', 'leaving', 'suspended') AND name <> ''::bytea"),
)
Index(
    "contacts_counted_idx",
    contacts.c.lapses_at,
    postgresql_where=text("name = ''::bytea AND address_index <> ''::bytea"),
)
