"""What is said against a report, how it is judged, and attempts to hear the owner first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    Table,
    TypedColumns,
)

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


class disputes_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    signed_in_at: Named[datetime] = instant()
    acr: Named[str] = words()
    note: Named[bytes | None] = maybe_sealed()
    without_effect: Named[bool] = Column(Boolean, nullable=False)
    disputed_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


disputes = Table(
    "disputes", metadata, disputes_columns, Index("disputes_ticket_id_idx", "ticket_id")
)


class attempts_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    tried_by: Named[UUID] = to("agents.id")
    tried_at: Named[datetime] = instant()
    way: Named[str | None] = maybe_words()
    row_version: Named[int] = row_version()


attempts = Table(
    "attempts", metadata, attempts_columns, Index("attempts_ticket_id_idx", "ticket_id")
)


class verdicts_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    report_id: Named[UUID] = to("loss_reports.id")
    proposed_by: Named[UUID] = to("agents.id")
    proposed_at: Named[datetime] = instant()
    status: Named[str] = words()
    decided_by: Named[UUID | None] = maybe_to("agents.id")
    decided_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


verdicts = Table(
    "verdicts",
    metadata,
    verdicts_columns,
    one_of("status", "pending", "confirmed", "rejected"),
    # Nobody confirms what they proposed, whatever the code says.
    CheckConstraint("decided_by IS NULL OR decided_by <> proposed_by", name="two_people"),
    CheckConstraint("(status = 'pending') = (decided_by IS NULL)", name="decided_by"),
    Index("verdicts_ticket_id_idx", "ticket_id"),
)
Index(
    "verdicts_one_pending_key",
    verdicts.c.report_id,
    unique=True,
    postgresql_where=verdicts.c.status == "pending",
)


class false_reports_columns(TypedColumns):
    """No key to a contact or a person: these rows outlive both."""

    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    # The keyed hash by which an address is looked up.
    address_index: Named[bytes] = Column(LargeBinary, nullable=False)
    decided_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


false_reports = Table(
    "false_reports",
    metadata,
    false_reports_columns,
    Index("false_reports_address_index_idx", "account_id", "address_index"),
)
