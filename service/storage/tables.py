"""Every table but the outbox's. A value's fields are its table's columns.

Constraints say what no code may get wrong: five places, one open loss ticket, one holder of
an address, one pending proposal.
"""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine

from domain.contacts import ContactStatus
from domain.reports import ReportStatus, Way
from domain.tickets import Stage
from notifications.tables import deliveries, outbox
from notifications.tables import metadata as notifications_metadata

__all__ = ["deliveries", "metadata", "notifications_metadata", "outbox"]

metadata = MetaData(naming_convention=notifications_metadata.naming_convention)

# The library's type says that a key is never missing; these columns may be empty.
_MAYBE_KEY = cast("TypeEngine[UUID | None]", Uuid())


def key() -> Column[UUID]:
    return Column(Uuid, primary_key=True)


def words() -> Column[str]:
    return Column(Text, nullable=False)


def maybe_words() -> Column[str | None]:
    return Column(Text, nullable=True)


def sealed() -> Column[bytes]:
    return Column(LargeBinary, nullable=False)


def maybe_sealed() -> Column[bytes | None]:
    return Column(LargeBinary, nullable=True)


def instant() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def maybe_instant() -> Column[datetime | None]:
    return Column(DateTime(timezone=True), nullable=True)


def number() -> Column[int]:
    return Column(Integer, nullable=False)


def row_version() -> Column[int]:
    return Column(Integer, nullable=False)


def to(target: str) -> Column[UUID]:
    return Column(Uuid, ForeignKey(target), nullable=False)


def maybe_to(target: str) -> Column[UUID | None]:
    return Column(_MAYBE_KEY, ForeignKey(target), nullable=True)


def one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# The installation ---------------------------------------------------------------------------


class data_keys_columns(TypedColumns):
    id: Named[UUID] = key()
    master_key: Named[str] = words()
    wrapped: Named[bytes] = sealed()


data_keys = Table("data_keys", metadata, data_keys_columns)


class wallets_columns(TypedColumns):
    id: Named[UUID] = key()
    origin: Named[str] = Column(Text, nullable=False, unique=True)
    name: Named[str] = words()
    short_name: Named[str] = words()
    colour: Named[str] = words()
    languages: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    time_zone: Named[str] = words()
    country: Named[str] = words()
    dialling_codes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    support_number: Named[str] = words()
    support_hours: Named[str] = words()
    text_channel: Named[str | None] = maybe_words()
    emergency_number: Named[str] = words()
    email_from: Named[str] = words()
    strong_acr: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    data_key_id: Named[UUID] = to("data_keys.id")
    policy: Named[Any] = Column(JSONB, nullable=False)
    row_version: Named[int] = row_version()


wallets = Table("wallets", metadata, wallets_columns)


class api_clients_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[str] = Column(Text, nullable=False, unique=True)
    secret_sha256: Named[bytes] = sealed()
    scopes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


api_clients = Table("api_clients", metadata, api_clients_columns)


class access_tokens_columns(TypedColumns):
    token_sha256: Named[bytes] = Column(LargeBinary, primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[UUID] = to("api_clients.id")
    scopes: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    expires_at: Named[datetime] = instant()


access_tokens = Table(
    "access_tokens",
    metadata,
    access_tokens_columns,
    Index("access_tokens_expires_at_idx", "expires_at"),
)


# People and accounts ------------------------------------------------------------------------


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


class accounts_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    subject: Named[str] = words()
    person_id: Named[UUID] = to("persons.id")
    first_name: Named[bytes] = sealed()
    display_name: Named[bytes] = sealed()
    language: Named[str] = words()
    time_zone: Named[str] = words()
    state: Named[str] = words()
    version: Named[int] = Column(BigInteger, nullable=False)
    epoch: Named[int] = Column(BigInteger, nullable=False)
    display: Named[str] = words()
    frozen_at: Named[datetime | None] = maybe_instant()
    sessions_void_before: Named[datetime | None] = maybe_instant()
    confirmed_version: Named[int | None] = Column(BigInteger, nullable=True)
    confirmed_at: Named[datetime | None] = maybe_instant()
    confirmed_done: Named[list[str]] = Column(ARRAY(Text), nullable=False)
    created_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


accounts = Table(
    "accounts",
    metadata,
    accounts_columns,
    UniqueConstraint("wallet_id", "subject"),
    one_of("state", "active", "frozen"),
    one_of("display", "plain", "neutral"),
    CheckConstraint("(state = 'frozen') = (frozen_at IS NOT NULL)", name="frozen_since"),
)


class account_addresses_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    kind: Named[str] = words()
    address: Named[bytes] = sealed()
    address_index: Named[bytes] = sealed()
    verified_at: Named[datetime | None] = maybe_instant()
    added_at: Named[datetime] = instant()
    removed_at: Named[datetime | None] = maybe_instant()
    added_while_frozen: Named[bool] = Column(Boolean, nullable=False)
    row_version: Named[int] = row_version()


account_addresses = Table(
    "account_addresses",
    metadata,
    account_addresses_columns,
    one_of("kind", "email", "phone"),
    Index("account_addresses_address_index_idx", "wallet_id", "address_index"),
)
Index(
    "account_addresses_present_key",
    account_addresses.c.account_id,
    account_addresses.c.kind,
    account_addresses.c.address_index,
    unique=True,
    postgresql_where=account_addresses.c.removed_at.is_(None),
)


class devices_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    name: Named[str] = words()
    label: Named[bytes] = sealed()
    platform: Named[str] = words()
    epoch: Named[int] = Column(BigInteger, nullable=False)
    linked_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


devices = Table("devices", metadata, devices_columns, UniqueConstraint("account_id", "name"))


class wallet_sessions_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    device_id: Named[UUID | None] = maybe_to("devices.id")
    token_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    epoch: Named[int] = Column(BigInteger, nullable=False)
    began_at: Named[datetime] = instant()
    expires_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


wallet_sessions = Table(
    "wallet_sessions",
    metadata,
    wallet_sessions_columns,
    Index("wallet_sessions_account_id_idx", "account_id"),
    Index("wallet_sessions_expires_at_idx", "expires_at"),
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


# Browsers, links, codes -----------------------------------------------------------------------


class page_links_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    once_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    purpose: Named[str] = words()
    epoch: Named[int] = Column(BigInteger, nullable=False)
    may_manage: Named[bool] = Column(Boolean, nullable=False)
    session_id: Named[UUID] = Column(Uuid, nullable=False)
    expires_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


page_links = Table("page_links", metadata, page_links_columns)


class browser_sessions_columns(TypedColumns):
    id: Named[UUID] = key()
    # None for agents: they serve several wallets.
    wallet_id: Named[UUID | None] = maybe_to("wallets.id")
    kind: Named[str] = words()
    token_sha256: Named[bytes] = Column(LargeBinary, nullable=False, unique=True)
    purpose: Named[str] = words()
    account_id: Named[UUID | None] = maybe_to("accounts.id")
    contact_id: Named[UUID | None] = maybe_to("contacts.id")
    agent_id: Named[UUID | None] = Column(_MAYBE_KEY, nullable=True)
    epoch: Named[int | None] = Column(BigInteger, nullable=True)
    may_manage: Named[bool] = Column(Boolean, nullable=False)
    verified_by: Named[str | None] = maybe_words()
    verified_at: Named[datetime | None] = maybe_instant()
    # What was typed so far, sealed under the wallet's key.
    draft: Named[bytes | None] = maybe_sealed()
    report_id: Named[UUID | None] = maybe_to("loss_reports.id")
    way: Named[str] = words()
    address_kind: Named[str | None] = maybe_words()
    # What was typed at `/report`, sealed under the wallet's key: it need not be anybody's.
    address: Named[bytes | None] = maybe_sealed()
    address_index: Named[bytes | None] = maybe_sealed()
    began_at: Named[datetime] = instant()
    seen_at: Named[datetime] = instant()
    expires_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


browser_sessions = Table(
    "browser_sessions",
    metadata,
    browser_sessions_columns,
    one_of("kind", "owner", "contact", "agent"),
    one_of("way", *(way.value for way in Way)),
    CheckConstraint("(way = 'address') = (address_index IS NOT NULL)", name="came_by"),
    Index("browser_sessions_expires_at_idx", "expires_at"),
)


class challenges_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    # Nobody's for an address that no trusted person has.
    person_id: Named[UUID | None] = maybe_to("persons.id")
    contact_id: Named[UUID | None] = maybe_to("contacts.id")
    browser_session_id: Named[UUID] = to("browser_sessions.id")
    way: Named[str] = words()
    purpose: Named[str] = words()
    address_index: Named[bytes | None] = maybe_sealed()
    attempts: Named[int] = number()
    sent: Named[int] = number()
    code_hmac: Named[bytes] = sealed()
    code_expires_at: Named[datetime] = instant()
    earlier_hmac: Named[bytes | None] = maybe_sealed()
    earlier_expires_at: Named[datetime | None] = maybe_instant()
    asked_at: Named[datetime] = instant()
    next_code_from: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


challenges = Table(
    "challenges",
    metadata,
    challenges_columns,
    CheckConstraint("attempts BETWEEN 0 AND 5", name="guesses"),
    one_of("way", *(way.value for way in Way)),
    CheckConstraint(
        "(person_id IS NULL) = (contact_id IS NULL)"
        " AND (person_id IS NOT NULL OR address_index IS NOT NULL)",
        name="whose",
    ),
    Index("challenges_person_id_idx", "person_id", "purpose"),
    Index("challenges_address_index_idx", "address_index", "purpose"),
    Index("challenges_browser_session_id_idx", "browser_session_id"),
)


# Reports and tickets --------------------------------------------------------------------------


class tickets_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    kind: Named[str] = words()
    priority: Named[str] = words()
    stage: Named[str] = words()
    boost: Named[int] = number()
    reference: Named[str] = words()
    opened_at: Named[datetime] = instant()
    first_attempt_until: Named[datetime] = instant()
    decision_until: Named[datetime] = instant()
    owner_reached_at: Named[datetime | None] = maybe_instant()
    proved_at: Named[datetime | None] = maybe_instant()
    proposed_at: Named[datetime | None] = maybe_instant()
    closed_at: Named[datetime | None] = maybe_instant()
    unconfirmed: Named[bool] = Column(Boolean, nullable=False)
    danger: Named[bool] = Column(Boolean, nullable=False)
    duress: Named[str | None] = maybe_words()
    notices_let_go_at: Named[datetime | None] = maybe_instant()
    evidence_version: Named[int] = number()
    row_version: Named[int] = row_version()


tickets = Table(
    "tickets",
    metadata,
    tickets_columns,
    one_of("kind", "loss", "safety", "drill"),
    one_of("priority", "urgent"),
    one_of("stage", *(stage.value for stage in Stage)),
    one_of("duress", "free", "not-free"),
    UniqueConstraint("wallet_id", "reference"),
    CheckConstraint("(stage = 'released') = (closed_at IS NOT NULL)", name="closed"),
)
# One open loss ticket per account; drills and safety tickets stand outside.
Index(
    "tickets_one_open_loss_key",
    tickets.c.account_id,
    unique=True,
    postgresql_where=(tickets.c.kind == "loss") & tickets.c.closed_at.is_(None),
)
Index(
    "tickets_open_idx",
    tickets.c.wallet_id,
    tickets.c.decision_until,
    postgresql_where=tickets.c.closed_at.is_(None),
)


class loss_reports_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    contact_id: Named[UUID] = to("contacts.id")
    person_id: Named[UUID] = to("persons.id")
    ticket_id: Named[UUID] = to("tickets.id")
    reference: Named[str] = words()
    way: Named[str] = words()
    verified_by: Named[str] = words()
    kind: Named[str] = words()
    device_id: Named[UUID | None] = maybe_to("devices.id")
    noticed_at: Named[datetime | None] = maybe_instant()
    note: Named[bytes | None] = maybe_sealed()
    reach: Named[bytes | None] = maybe_sealed()
    owner_safe: Named[str] = words()
    status: Named[str] = words()
    joined: Named[bool] = Column(Boolean, nullable=False)
    filed_at: Named[datetime] = instant()
    withdrawn_at: Named[datetime | None] = maybe_instant()
    decided_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


loss_reports = Table(
    "loss_reports",
    metadata,
    loss_reports_columns,
    one_of("kind", "lost", "stolen"),
    one_of("owner_safe", "yes", "no", "unknown"),
    one_of("status", *(status.value for status in ReportStatus)),
    CheckConstraint("(status = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn"),
    UniqueConstraint("wallet_id", "reference"),
    Index("loss_reports_ticket_id_idx", "ticket_id"),
    Index("loss_reports_contact_id_idx", "contact_id"),
)


class agents_columns(TypedColumns):
    id: Named[UUID] = key()
    login: Named[str] = Column(Text, nullable=False, unique=True)
    name: Named[bytes] = sealed()
    data_key_id: Named[UUID] = to("data_keys.id")
    role: Named[str] = words()
    level: Named[int] = Column(SmallInteger, nullable=False)
    wallets: Named[list[UUID]] = Column(ARRAY(Uuid), nullable=False)
    language: Named[str] = words()
    password_hash: Named[str] = words()
    totp_secret: Named[bytes] = sealed()
    totp_step: Named[int] = Column(BigInteger, nullable=False)
    can_approve_from: Named[datetime] = instant()
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


agents = Table(
    "agents",
    metadata,
    agents_columns,
    one_of("role", "agent", "officer", "auditor"),
    CheckConstraint("level BETWEEN 1 AND 4", name="level"),
)


class proofs_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    kind: Named[str] = words()
    performed_at: Named[datetime] = instant()
    recorded_by: Named[UUID | None] = maybe_to("agents.id")
    recorded_at: Named[datetime] = instant()
    source: Named[bytes | None] = maybe_sealed()
    row_version: Named[int] = row_version()


proofs = Table("proofs", metadata, proofs_columns, Index("proofs_ticket_id_idx", "ticket_id"))


class proposals_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    proposed_by: Named[UUID] = to("agents.id")
    reason: Named[str] = words()
    evidence_version: Named[int] = number()
    proposed_at: Named[datetime] = instant()
    status: Named[str] = words()
    decided_by: Named[UUID | None] = maybe_to("agents.id")
    decided_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


proposals = Table(
    "proposals",
    metadata,
    proposals_columns,
    one_of("status", "pending", "approved", "rejected", "void"),
    # Nobody approves what they proposed, whatever the code says.
    CheckConstraint(
        "status = 'void' OR decided_by IS NULL OR decided_by <> proposed_by", name="two_people"
    ),
    CheckConstraint(
        "status NOT IN ('approved', 'rejected') OR decided_by IS NOT NULL", name="decided_by"
    ),
)
Index(
    "proposals_one_pending_key",
    proposals.c.ticket_id,
    unique=True,
    postgresql_where=proposals.c.status == "pending",
)


# The owner without a phone ----------------------------------------------------------------------


class recovery_codes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    mark: Named[str] = words()
    code_hash: Named[str] = words()
    made_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


recovery_codes = Table(
    "recovery_codes",
    metadata,
    recovery_codes_columns,
    UniqueConstraint("account_id", "mark"),
)


class recovery_tries_columns(TypedColumns):
    """How often a card's code was typed lately, for an account, an unknown address, a browser."""

    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    counted: Named[UUID] = Column(Uuid, primary_key=True)
    since: Named[datetime] = instant()
    tries: Named[int] = number()


recovery_tries = Table(
    "recovery_tries",
    metadata,
    recovery_tries_columns,
    Index("recovery_tries_since_idx", "since"),
)


class left_hints_columns(TypedColumns):
    """What was left at an address; gone as soon as it is known whether that is an owner's."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    address_kind: Named[str] = words()
    address_index: Named[bytes] = sealed()
    said: Named[bytes] = sealed()
    left_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


left_hints = Table("left_hints", metadata, left_hints_columns)


class hints_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    said: Named[bytes] = sealed()
    left_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


hints = Table("hints", metadata, hints_columns, Index("hints_ticket_id_idx", "ticket_id"))


# The record -------------------------------------------------------------------------------------


class journal_columns(TypedColumns):
    """INSERT-only for the service's role."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = Column(Uuid, nullable=False)
    at: Named[datetime] = instant()
    # Whose history it belongs to; the entry itself says the same, and that is what is sealed.
    account_id: Named[UUID | None] = Column(_MAYBE_KEY, nullable=True)
    entry: Named[str] = words()
    # Which transaction wrote it: lets the sealing job find late commits without a search.
    xid: Named[int] = Column(
        BigInteger, nullable=False, server_default=text("(pg_current_xact_id()::text::bigint)")
    )


journal = Table(
    "journal",
    metadata,
    journal_columns,
    Index("journal_xid_idx", "xid"),
    Index("journal_account_id_idx", "account_id", "at"),
)


class sealing_columns(TypedColumns):
    """One row: every entry of a transaction below `sealed_below` has its seal."""

    one: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    sealed_below: Named[int] = Column(BigInteger, nullable=False)


sealing = Table("sealing", metadata, sealing_columns, CheckConstraint("one = 1", name="one_row"))


class seals_columns(TypedColumns):
    """INSERT-only: which entry got which number and hash in its wallet's chain."""

    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    number: Named[int] = Column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Named[UUID] = Column(Uuid, nullable=False, unique=True)
    hash: Named[bytes] = sealed()
    sealed_at: Named[datetime] = instant()


seals = Table("seals", metadata, seals_columns)


class idempotency_keys_columns(TypedColumns):
    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    caller: Named[str] = Column(Text, primary_key=True)
    route: Named[str] = Column(Text, primary_key=True)
    key: Named[str] = Column(Text, primary_key=True)
    body_sha256: Named[bytes] = sealed()
    answer: Named[bytes] = sealed()
    created_at: Named[datetime] = instant()


idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    idempotency_keys_columns,
    Index("idempotency_keys_created_at_idx", "created_at"),
)


# How often ------------------------------------------------------------------------------------


class limits_columns(TypedColumns):
    # All zeros for what belongs to no wallet, so no foreign key.
    wallet_id: Named[UUID] = Column(Uuid, primary_key=True)
    name: Named[str] = Column(Text, primary_key=True)
    # A keyed hash of whom or what is counted.
    subject: Named[bytes] = Column(LargeBinary, primary_key=True)
    # The theoretical arrival time (domain/limits.py); a row whose time has come says nothing.
    arrival: Named[datetime] = instant()


limits = Table(
    "limits",
    metadata,
    limits_columns,
    Index("limits_arrival_idx", "arrival"),
)

# `resguardo_clock()`: the one clock of every rule and every query.
now = func.resguardo_clock(type_=DateTime(timezone=True))
