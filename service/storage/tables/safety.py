"""What owners said who do not feel safe, and what trained agents wrote down."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Named, Table, TypedColumns

from service.storage.tables.columns import (
    instant,
    key,
    maybe_to,
    metadata,
    row_version,
    sealed,
    to,
)


class safety_notes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    said: Named[bytes] = sealed()
    noted_by: Named[UUID | None] = maybe_to("agents.id")
    noted_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


safety_notes = Table(
    "safety_notes",
    metadata,
    safety_notes_columns,
    Index("safety_notes_ticket_id_idx", "ticket_id"),
)
