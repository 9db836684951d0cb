"""What was tried at a frozen account and refused, and which addresses agents had shown to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, ForeignKey, Index, Named, Table, Text, TypedColumns, Uuid

from domain.revealing import RevealReason, Whose
from domain.signs import TryWay
from service.storage.tables.columns import (
    instant,
    key,
    maybe_sealed,
    metadata,
    number,
    one_of,
    row_version,
    to,
    words,
)


class refused_tries_columns(TypedColumns):
    """Counted by the minute: a flood of tries is no flood of rows."""

    account_id: Named[UUID] = Column(Uuid, ForeignKey("accounts.id"), primary_key=True)
    minute: Named[datetime] = Column(DateTime(timezone=True), primary_key=True)
    way: Named[str] = Column(Text, primary_key=True)
    # The id of a linked device, `new` for one that never was linked, empty where none was named.
    device: Named[str] = Column(Text, primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    tries: Named[int] = number()
    last_at: Named[datetime] = instant()


refused_tries = Table(
    "refused_tries",
    metadata,
    refused_tries_columns,
    one_of("way", *(way.value for way in TryWay)),
)


class reveals_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    whose: Named[str] = words()
    # Of the owner's address on file; of the contact whose enrolled address it is, or of that
    # contact's second address.
    address_id: Named[UUID] = Column(Uuid, nullable=False)
    revealed_by: Named[UUID] = to("agents.id")
    reason: Named[str] = words()
    words: Named[bytes | None] = maybe_sealed()
    revealed_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


reveals = Table(
    "reveals",
    metadata,
    reveals_columns,
    one_of("whose", *(whose.value for whose in Whose)),
    one_of("reason", *(reason.value for reason in RevealReason)),
    Index("reveals_ticket_id_idx", "ticket_id"),
)
