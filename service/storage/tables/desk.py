"""The agents, and what they establish and decide on a ticket."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    LargeBinary,
    Named,
    SmallInteger,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
    Uuid,
    text,
)

from domain.tickets import KeepReason, ProofKind, ProposalKind, ReleaseReason
from service.storage.tables.columns import (
    instant,
    key,
    maybe_instant,
    maybe_key,
    maybe_sealed,
    maybe_to,
    maybe_words,
    metadata,
    number,
    one_of,
    row_version,
    sealed,
    to,
    words,
)


class agents_columns(TypedColumns):
    id: Named[UUID] = key()
    login: Named[str] = Column(Text, nullable=False, unique=True)
    name: Named[bytes] = sealed()
    data_key_id: Named[UUID] = to("data_keys.id")
    role: Named[str] = words()
    level: Named[int] = Column(SmallInteger, nullable=False)
    wallets: Named[list[UUID]] = Column(ARRAY(Uuid), nullable=False)
    language: Named[str] = words()
    password_hash: Named[str] = words()
    totp_secret: Named[bytes] = sealed()
    totp_step: Named[int] = Column(BigInteger, nullable=False)
    can_approve_from: Named[datetime] = instant()
    created_at: Named[datetime] = instant()
    ended_at: Named[datetime | None] = maybe_instant()
    trained_for_safety: Named[bool] = Column(Boolean, nullable=False)
    speaks: Named[list[str]] = Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    serves_losses: Named[bool] = Column(Boolean, nullable=False, server_default=text("true"))
    row_version: Named[int] = row_version()


agents = Table(
    "agents",
    metadata,
    agents_columns,
    one_of("role", "agent", "officer", "auditor"),
    CheckConstraint("level BETWEEN 1 AND 4", name="level"),
)


class agent_addresses_columns(TypedColumns):
    id: Named[UUID] = key()
    agent_id: Named[UUID] = to("agents.id")
    wallet_id: Named[UUID] = to("wallets.id")
    # A keyed hash: where an agent is owner or contact is found, and no address is read from it.
    address_index: Named[bytes] = Column(LargeBinary, nullable=False)
    added_at: Named[datetime] = instant()


agent_addresses = Table(
    "agent_addresses",
    metadata,
    agent_addresses_columns,
    UniqueConstraint("agent_id", "wallet_id", "address_index"),
)


class proofs_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    kind: Named[str] = words()
    performed_at: Named[datetime] = instant()
    recorded_by: Named[UUID | None] = maybe_to("agents.id")
    recorded_at: Named[datetime] = instant()
    source: Named[bytes | None] = maybe_sealed()
    level: Named[str | None] = maybe_words()
    address_id: Named[UUID | None] = maybe_key()
    card_made_at: Named[datetime | None] = maybe_instant()
    row_version: Named[int] = row_version()


proofs = Table(
    "proofs",
    metadata,
    proofs_columns,
    CheckConstraint(
        f"card_made_at IS NULL OR kind = '{ProofKind.RECOVERY_CARD.value}'", name="card"
    ),
    Index("proofs_ticket_id_idx", "ticket_id"),
)


def listed(values: type[StrEnum]) -> str:
    return ", ".join(f"'{value.value}'" for value in values)


class proposals_columns(TypedColumns):
    id: Named[UUID] = key()
    wallet_id: Named[UUID] = to("wallets.id")
    ticket_id: Named[UUID] = to("tickets.id")
    proposed_by: Named[UUID] = to("agents.id")
    kind: Named[str] = Column(Text, nullable=False, server_default="release")
    reason: Named[str] = words()
    to_bring: Named[list[str]] = Column(ARRAY(Text), nullable=False, server_default="{}")
    evidence_version: Named[int] = number()
    proposed_at: Named[datetime] = instant()
    status: Named[str] = words()
    # Whom the system picked to decide, until when, and whom before.
    approver_id: Named[UUID | None] = maybe_to("agents.id")
    picked_at: Named[datetime | None] = maybe_instant()
    answers_until: Named[datetime | None] = maybe_instant()
    passed_over: Named[list[UUID]] = Column(ARRAY(Uuid), nullable=False, server_default="{}")
    decided_by: Named[UUID | None] = maybe_to("agents.id")
    decided_at: Named[datetime | None] = maybe_instant()
    reject_reason: Named[str | None] = maybe_words()
    reject_words: Named[bytes | None] = maybe_sealed()
    row_version: Named[int] = row_version()


proposals = Table(
    "proposals",
    metadata,
    proposals_columns,
    one_of("kind", *(kind.value for kind in ProposalKind)),
    one_of("status", "pending", "approved", "rejected", "void"),
    CheckConstraint(
        f"(kind = 'release' AND reason IN ({listed(ReleaseReason)}))"
        f" OR (kind = 'keep-frozen' AND reason IN ({listed(KeepReason)}))",
        name="reason",
    ),
    # Nobody is picked for what they proposed, and nobody else approves what somebody was picked
    # for. That the one who decides may do so is a trigger's business: it reads their row.
    CheckConstraint(
        "(approver_id IS NULL) = (answers_until IS NULL) AND approver_id <> proposed_by",
        name="picked",
    ),
    CheckConstraint(
        "status <> 'approved' OR approver_id IS NULL OR approver_id = decided_by", name="turn"
    ),
    # Nobody approves what they proposed, whatever the code says.
    CheckConstraint(
        "status = 'void' OR decided_by IS NULL OR decided_by <> proposed_by", name="two_people"
    ),
    CheckConstraint(
        "status NOT IN ('approved', 'rejected') OR decided_by IS NOT NULL", name="decided_by"
    ),
)
Index(
    "proposals_one_pending_key",
    proposals.c.ticket_id,
    unique=True,
    postgresql_where=proposals.c.status == "pending",
)
Index(
    "proposals_picked_idx",
    proposals.c.wallet_id,
    postgresql_where=(proposals.c.status == "pending") & proposals.c.approver_id.isnot(None),
)
