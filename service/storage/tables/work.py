"""What agents note on a ticket, and what they write to its people."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Named, Table, TypedColumns, Uuid

from service.storage.tables.columns import (
    instant,
    key,
    maybe_sealed,
    maybe_to,
    metadata,
    row_version,
    to,
    words,
)


class ticket_notes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    said: Named[bytes | None] = maybe_sealed()
    noted_by: Named[UUID | None] = maybe_to("agents.id")
    client_id: Named[UUID | None] = maybe_to("api_clients.id")
    noted_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


ticket_notes = Table(
    "ticket_notes",
    metadata,
    ticket_notes_columns,
    CheckConstraint("(noted_by IS NULL) <> (client_id IS NULL)", name="by_one"),
    Index("ticket_notes_ticket_id_idx", "ticket_id"),
)


class ticket_messages_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    # None: to the owner.
    contact_id: Named[UUID | None] = maybe_to("contacts.id")
    reply: Named[str] = words()
    own_line: Named[bytes | None] = maybe_sealed()
    # No foreign key: told promises are cleared away, what was written stays.
    outbox_id: Named[UUID] = Column(Uuid, nullable=False)
    written_by: Named[UUID] = to("agents.id")
    written_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


ticket_messages = Table(
    "ticket_messages",
    metadata,
    ticket_messages_columns,
    # Fixed words alone: a contact never learns of the owner's whereabouts.
    CheckConstraint("contact_id IS NULL OR own_line IS NULL", name="own_line"),
    Index("ticket_messages_ticket_id_idx", "ticket_id"),
)
