"""Loss reports, the wallet's own among them, and the ticket they share."""

from datetime import datetime
from typing import Final, cast
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
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
    text,
)
from sqlalchemy.types import TypeEngine

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
_THIS_TRANSACTION: Final = text("(pg_current_xact_id()::text::bigint)")
# Whatever of it has not been concluded yet.
LOOK_AT: Final = """LEAST(
  CASE WHEN (kept_frozen_at IS NULL OR review_until IS NULL)
      AND attempted_at IS NULL AND owner_reached_at IS NULL
      AND (breached_until IS NULL OR first_attempt_until > breached_until)
    THEN first_attempt_until END,
  CASE WHEN (kept_frozen_at IS NULL OR review_until IS NULL)
      AND (breached_until IS NULL OR decision_until > breached_until)
    THEN decision_until END,
  CASE WHEN kept_frozen_at IS NOT NULL
      AND (breached_until IS NULL OR review_until > breached_until)
    THEN review_until END,
  CASE WHEN stage = 'proposed' AND approval_until > proposed_at
      AND (breached_until IS NULL OR approval_until > breached_until)
    THEN approval_until END,
  paused_until,
  raised_again_at)"""
# The library's types say that these are never missing.
_MAYBE_INSTANT = cast("TypeEngine[datetime | None]", DateTime(timezone=True))
_INSTANTS = cast("TypeEngine[list[datetime] | None]", ARRAY(DateTime(timezone=True)))


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
    approval_until: Named[datetime | None] = maybe_instant()
    raised_again_at: Named[datetime | None] = maybe_instant()
    pauses: Named[int] = Column(SmallInteger, nullable=False, server_default="0")
    pause_hours: Named[list[datetime] | None] = Column(_INSTANTS, nullable=True)
    decision_before_pause: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()
    # When the clock has something to conclude: a breach not written down yet, a pause's end.
    look_at: Named[datetime | None] = Column(
        _MAYBE_INSTANT, Computed(LOOK_AT, persisted=True), nullable=True
    )
    # The clock that runs out next: what the queue is ordered by, in an index.
    next_until: Named[datetime] = Column(
        DateTime(timezone=True), Computed(NEXT_UNTIL, persisted=True), nullable=False
    )
    # Which transaction made the row, and which changed it last (a trigger's work): what has become
    # visible since somebody looked is found exactly, however late it was committed.
    opened_in: Named[int] = Column(BigInteger, nullable=False, server_default=_THIS_TRANSACTION)
    changed_in: Named[int] = Column(BigInteger, nullable=False, server_default=_THIS_TRANSACTION)
    # When it was changed last, or a report on it was decided (triggers' work): programs ask for
    # what has changed since.
    changed_at: Named[datetime] = Column(
        DateTime(timezone=True), nullable=False, server_default=text("resguardo_clock()")
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
_OPEN: Final = tickets.c.closed_at.is_(None)
for _name, _which in (
    ("tickets_changed_idx", tickets.c.kind == "loss"),
    ("tickets_open_changed_idx", (tickets.c.kind == "loss") & _OPEN),
):
    Index(
        _name,
        tickets.c.wallet_id,
        tickets.c.changed_at,
        tickets.c.id,
        postgresql_where=_which,
    )
# What the queue reads, in its order and from its first row on: over open tickets only, so that a
# million closed ones weigh nothing.
Index(
    "tickets_queue_idx",
    tickets.c.wallet_id,
    tickets.c.kind,
    tickets.c.next_until,
    tickets.c.boost.desc(),
    tickets.c.opened_at,
    tickets.c.id,
    postgresql_where=_OPEN,
)
# Views that few of many open tickets belong to.
Index(
    "tickets_assigned_idx",
    tickets.c.assigned_to,
    postgresql_where=_OPEN & tickets.c.assigned_to.isnot(None),
)
Index(
    "tickets_proposed_idx", tickets.c.wallet_id, postgresql_where=tickets.c.stage == Stage.PROPOSED
)
Index("tickets_opened_idx", tickets.c.wallet_id, tickets.c.opened_at, postgresql_where=_OPEN)
# The last closed of a kind, however many there are of another.
Index(
    "tickets_closed_idx",
    tickets.c.wallet_id,
    tickets.c.kind,
    tickets.c.closed_at.desc(),
    tickets.c.id,
    postgresql_where=tickets.c.closed_at.isnot(None),
)
Index("tickets_changed_in_idx", tickets.c.changed_in)
Index("tickets_clocks_idx", tickets.c.look_at, postgresql_where=tickets.c.closed_at.is_(None))


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
    # A keyed hash: which reports came from one place, and never which place.
    network: Named[bytes | None] = maybe_sealed()
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
    Index("loss_reports_account_id_idx", "account_id", "filed_at"),
)
Index(
    "loss_reports_network_idx",
    loss_reports.c.network,
    loss_reports.c.filed_at,
    postgresql_where=loss_reports.c.network.isnot(None),
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
    # What one client froze in a window.
    Index("wallet_reports_client_id_idx", "wallet_id", "client_id", "filed_at"),
)
