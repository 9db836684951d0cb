"""The accounts that can be frozen, and what their owners hold: addresses, devices, sessions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)

from domain.accounts import AccountState, ClosingReason
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_to,
    maybe_words,
    metadata,
    one_of,
    row_version,
    sealed,
    to,
    words,
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
    alarmed_version: Named[int | None] = Column(BigInteger, nullable=True)
    closes_at: Named[datetime | None] = maybe_instant()
    closing_reason: Named[str | None] = maybe_words()
    created_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


accounts = Table(
    "accounts",
    metadata,
    accounts_columns,
    UniqueConstraint("wallet_id", "subject"),
    one_of("state", *(state.value for state in AccountState)),
    one_of("closing_reason", *(reason.value for reason in ClosingReason)),
    one_of("display", "plain", "neutral"),
    CheckConstraint("(state = 'frozen') = (frozen_at IS NOT NULL)", name="frozen_since"),
    CheckConstraint("(closes_at IS NULL) = (closing_reason IS NULL)", name="closing"),
    # A closed account was announced to be; a frozen one is not on its way there.
    CheckConstraint("state <> 'closed' OR closes_at IS NOT NULL", name="closed"),
    CheckConstraint("state <> 'frozen' OR closes_at IS NULL", name="frozen_stays"),
)
Index(
    "accounts_closing_idx",
    accounts.c.closes_at,
    postgresql_where=accounts.c.closes_at.isnot(None) & (accounts.c.state == "active"),
)
# What a wallet reads to compare with its own list, page by page.
Index(
    "accounts_frozen_idx",
    accounts.c.wallet_id,
    accounts.c.id,
    postgresql_where=accounts.c.state == "frozen",
)
# Which freezes wait for the wallet's word: few, however many accounts are frozen.
Index(
    "accounts_unconfirmed_idx",
    accounts.c.wallet_id,
    accounts.c.frozen_at,
    postgresql_where=(accounts.c.state == "frozen")
    & accounts.c.confirmed_version.is_distinct_from(accounts.c.version),
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
    # The replaced ones, too: they still hear of everything for a while.
    Index("account_addresses_account_id_idx", "account_id"),
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
