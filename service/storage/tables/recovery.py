"""The owner without a phone: printed cards, and what was left as a hint."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Named, Table, TypedColumns, UniqueConstraint, Uuid

from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    metadata,
    number,
    row_version,
    sealed,
    to,
    words,
)


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
