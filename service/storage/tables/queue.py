"""What agents at the queue leave behind: who looks at a ticket, and who passed one over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, ForeignKey, Index, Named, Table, TypedColumns, Uuid

from domain.tickets.skipping import SkipReason
from service.storage.tables.columns import (
    instant,
    key,
    maybe_sealed,
    metadata,
    one_of,
    row_version,
    to,
    words,
)


class presences_columns(TypedColumns):
    """Who looks at a ticket. Older than the policy's `presence_lasts`, a row says nothing."""

    ticket_id: Named[UUID] = Column(Uuid, ForeignKey("tickets.id"), primary_key=True)
    agent_id: Named[UUID] = Column(Uuid, ForeignKey("agents.id"), primary_key=True)
    wallet_id: Named[UUID] = to("wallets.id")
    seen_at: Named[datetime] = instant()


presences = Table(
    "presences", metadata, presences_columns, Index("presences_agent_id_idx", "agent_id")
)


class skips_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    skipped_by: Named[UUID] = to("agents.id")
    reason: Named[str] = words()
    # Sealed under the owner's key.
    said: Named[bytes | None] = maybe_sealed()
    skipped_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


skips = Table(
    "skips",
    metadata,
    skips_columns,
    one_of("reason", *(reason.value for reason in SkipReason)),
    Index("skips_ticket_id_idx", "ticket_id"),
    Index("skips_skipped_by_idx", "skipped_by", "skipped_at"),
)
