"""Loss reports, the wallet's own among them, and the ticket they share."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Index,
    Named,
    SmallInteger,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from domain.reports import Outcome, ReportStatus
from domain.tickets import Stage
from domain.wallet_reports import FreezeReason
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_sealed,
    maybe_to,
    maybe_words,
    metadata,
    number,
    one_of,
    row_version,
    to,
    words,
)

# Kept frozen, only the review's clock runs; until somebody tried to reach the owner, two do.
NEXT_UNTIL: Final = """CASE
  WHEN kept_frozen_at IS NOT NULL AND review_until IS NOT NULL THEN review_until
  WHEN attempted_at IS NULL AND owner_reached_at IS NULL
    THEN LEAST(first_attempt_until, decision_until)
  ELSE decision_until
END"""


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
    closed_reason: Named[str | None] = maybe_words()
    unconfirmed: Named[bool] = Column(Boolean, nullable=False)
    danger: Named[bool] = Column(Boolean, nullable=False)
    duress: Named[str | None] = maybe_words()
    notices_let_go_at: Named[datetime | None] = maybe_instant()
    proof_requested_at: Named[datetime | None] = maybe_instant()
    evidence_version: Named[int] = number()
    level: Named[int] = Column(SmallInteger, nullable=False, server_default="1")
    assigned_to: Named[UUID | None] = maybe_to("agents.id")
    assigned_at: Named[datetime | None] = maybe_instant()
    attempted_at: Named[datetime | None] = maybe_instant()
    paused_at: Named[datetime | None] = maybe_instant()
    paused_until: Named[datetime | None] = maybe_instant()
    pause_reason: Named[str | None] = maybe_words()
    kept_frozen_at: Named[datetime | None] = maybe_instant()
    review_until: Named[datetime | None] = maybe_instant()
    reviewed_at: Named[datetime | None] = maybe_instant()
    breached_until: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()
    # The clock that runs out next: what the queue is ordered by, in an index.
    next_until: Named[datetime] = Column(
        DateTime(timezone=True), Computed(NEXT_UNTIL, persisted=True), nullable=False
    )


tickets = Table(
    "tickets",
    metadata,
    tickets_columns,
    one_of("kind", "loss", "safety", "drill"),
    one_of("priority", "urgent"),
    one_of("stage", *(stage.value for stage in Stage)),
    one_of("duress", "free", "not-free"),
    UniqueConstraint("wallet_id", "reference"),
    CheckConstraint("(stage IN ('released', 'closed')) = (closed_at IS NOT NULL)", name="closed"),
    CheckConstraint("level BETWEEN 1 AND 4", name="level"),
    # A hint is laid aside, a freeze never is.
    CheckConstraint(
        "stage <> 'closed' OR kind <> 'loss' OR (unconfirmed AND closed_reason IS NOT NULL)",
        name="laid_aside",
    ),
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
    outcome: Named[str | None] = maybe_words()
    unconfirmed: Named[bool] = Column(Boolean, nullable=False)
    answer_until: Named[datetime | None] = maybe_instant()
    heard_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


loss_reports = Table(
    "loss_reports",
    metadata,
    loss_reports_columns,
    one_of("kind", "lost", "stolen"),
    one_of("owner_safe", "yes", "no", "unknown"),
    one_of("status", *(status.value for status in ReportStatus)),
    one_of("outcome", *(outcome.value for outcome in Outcome)),
    # Taken back, and judged all the same.
    CheckConstraint(
        "(status = 'withdrawn') = (withdrawn_at IS NOT NULL) OR status = 'decided'",
        name="withdrawn",
    ),
    CheckConstraint(
        "(status = 'decided') = (decided_at IS NOT NULL AND outcome IS NOT NULL)", name="decided"
    ),
    UniqueConstraint("wallet_id", "reference"),
    Index("loss_reports_ticket_id_idx", "ticket_id"),
    Index("loss_reports_contact_id_idx", "contact_id"),
    Index("loss_reports_person_id_idx", "person_id"),
)


class wallet_reports_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    account_id: Named[UUID] = to("accounts.id")
    ticket_id: Named[UUID] = to("tickets.id")
    client_id: Named[UUID] = to("api_clients.id")
    reason: Named[str] = words()
    device_id: Named[UUID | None] = maybe_to("devices.id")
    noticed_at: Named[datetime | None] = maybe_instant()
    note: Named[bytes | None] = maybe_sealed()
    hot_line: Named[bytes | None] = maybe_sealed()
    in_danger: Named[bool] = Column(Boolean, nullable=False)
    joined: Named[bool] = Column(Boolean, nullable=False)
    filed_at: Named[datetime] = instant()
    row_version: Named[int] = row_version()


wallet_reports = Table(
    "wallet_reports",
    metadata,
    wallet_reports_columns,
    one_of("reason", *(reason.value for reason in FreezeReason)),
    Index("wallet_reports_ticket_id_idx", "ticket_id"),
)
