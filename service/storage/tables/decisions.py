"""Freezes of one client that are undone together, and releases that are looked at again."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Named,
    Table,
    TypedColumns,
    UniqueConstraint,
    Uuid,
)

from domain.client_mistakes import LeftOut, MistakeReason, MistakeStatus
from domain.tickets import Finding
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
    to,
    words,
)


class client_mistakes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    client_id: Named[UUID] = to("api_clients.id")
    reason: Named[str] = words()
    since: Named[datetime] = instant()
    until: Named[datetime] = instant()
    proposed_by: Named[UUID] = to("agents.id")
    proposed_at: Named[datetime] = instant()
    status: Named[str] = words()
    decided_by: Named[UUID | None] = maybe_to("agents.id")
    decided_at: Named[datetime | None] = maybe_instant()
    done_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


client_mistakes = Table(
    "client_mistakes",
    metadata,
    client_mistakes_columns,
    one_of("reason", *(reason.value for reason in MistakeReason)),
    one_of("status", *(status.value for status in MistakeStatus)),
    # Two supervisors, whatever the code says; taken back it may be by the first.
    CheckConstraint(
        "status NOT IN ('approved', 'done')"
        " OR (decided_by IS NOT NULL AND decided_by <> proposed_by)",
        name="two_people",
    ),
    Index("client_mistakes_wallet_id_idx", "wallet_id", "proposed_at"),
)


class mistaken_freezes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    mistake_id: Named[UUID] = to("client_mistakes.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    version: Named[int] = Column(BigInteger, nullable=False)
    left_out: Named[str | None] = maybe_words()
    done_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


mistaken_freezes = Table(
    "mistaken_freezes",
    metadata,
    mistaken_freezes_columns,
    one_of("left_out", *(reason.value for reason in LeftOut)),
    UniqueConstraint("mistake_id", "account_id"),
)


class release_reviews_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    involved: Named[list[UUID]] = Column(ARRAY(Uuid), nullable=False)
    drawn_at: Named[datetime] = instant()
    finding: Named[str | None] = maybe_words()
    words: Named[bytes | None] = maybe_sealed()
    reviewed_by: Named[UUID | None] = maybe_to("agents.id")
    reviewed_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


release_reviews = Table(
    "release_reviews",
    metadata,
    release_reviews_columns,
    one_of("finding", *(finding.value for finding in Finding)),
    CheckConstraint("(finding IS NULL) = (reviewed_by IS NULL)", name="reviewed"),
    CheckConstraint("reviewed_by IS NULL OR reviewed_by <> ALL (involved)", name="uninvolved"),
    UniqueConstraint("ticket_id"),
    Index("release_reviews_wallet_id_idx", "wallet_id", "drawn_at"),
)
