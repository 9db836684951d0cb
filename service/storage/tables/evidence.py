"""Codes that owners enter, and what was looked at before a release."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Named, Table, TypedColumns, Uuid

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_sealed,
    metadata,
    number,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class owner_codes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    # Where it went. The address may be forgotten before this row is.
    address_id: Named[UUID] = Column(Uuid, nullable=False)
    key_index: Named[bytes] = sealed()
    key: Named[bytes] = sealed()
    code_hmac: Named[bytes] = sealed()
    browser: Named[bytes | None] = maybe_sealed()
    attempts: Named[int] = number()
    asked_by: Named[UUID] = to("agents.id")
    asked_at: Named[datetime] = instant()
    expires_at: Named[datetime] = instant()
    used_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


owner_codes = Table(
    "owner_codes",
    metadata,
    owner_codes_columns,
    CheckConstraint("attempts BETWEEN 0 AND 5", name="guesses"),
    Index("owner_codes_key_index_key", "wallet_id", "key_index", unique=True),
    Index("owner_codes_ticket_id_idx", "ticket_id"),
)


class checks_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    kind: Named[str] = words()
    # The device; for all other kinds the ticket.
    about: Named[UUID] = Column(Uuid, nullable=False)
    answer: Named[str] = words()
    looked_at: Named[datetime] = instant()
    answered_by: Named[UUID] = to("agents.id")
    answered_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


checks = Table(
    "checks",
    metadata,
    checks_columns,
    one_of("kind", "changes", "tries", "device"),
    one_of("answer", "reviewed", "in-hand", "not-back"),
    CheckConstraint("(kind = 'device') = (answer <> 'reviewed')", name="answers"),
    Index("checks_ticket_id_kind_about_key", "ticket_id", "kind", "about", unique=True),
)
