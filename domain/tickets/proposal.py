"""What one agent proposes, and another decides.

PENDING ──▶ APPROVED   by another, who was picked where three or more could be
   ├──────▶ REJECTED   by another
   └──────▶ VOID       the evidence changed
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain.change import Change
from domain.events import ProposalVoided
from domain.ids import AgentId, ProposalId, TicketId, WalletId
from domain.refusals import NothingPending, NotPicked, OwnProposal
from domain.tickets.ticket import Ticket


class ProposalKind(StrEnum):
    RELEASE = "release"
    KEEP_FROZEN = "keep-frozen"


class ReleaseReason(StrEnum):
    OWNER_SAFE = "owner-safe"
    DEVICE_FOUND = "device-found"
    REPORTED_BY_MISTAKE = "reported-by-mistake"


class KeepReason(StrEnum):
    """Why an account is not given back for now. The owner reads it in general terms only."""

    IDENTITY_NOT_PROVED = "identity-not-proved"
    SIGNS_OF_FRAUD = "signs-of-fraud"
    OWNER_NOT_FREE = "owner-not-free"
    WAITS_FOR_AUTHORITY = "waits-for-authority"


class ToBring(StrEnum):
    """What the owner is asked to bring."""

    IDENTITY_DOCUMENT = "identity-document"
    RECOVERY_CARD = "recovery-card"
    REPLACED_LINE = "replaced-line"
    POLICE_REPORT = "police-report"


class RejectReason(StrEnum):
    PROOFS_DOUBTFUL = "proofs-doubtful"
    NOT_THE_OWNER = "not-the-owner"
    SOMETHING_OPEN = "something-open"
    OTHER = "other"


class ProposalStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"


class Proposal(Struct, frozen=True, kw_only=True):
    id: ProposalId
    wallet_id: WalletId
    ticket_id: TicketId
    proposed_by: AgentId
    kind: ProposalKind = ProposalKind.RELEASE
    # A word of ReleaseReason or of KeepReason, as its kind says.
    reason: str
    to_bring: tuple[ToBring, ...] = ()
    evidence_version: int
    proposed_at: datetime
    status: ProposalStatus = ProposalStatus.PENDING
    # Whom the system picked, until when; None: whoever may approve.
    approver_id: AgentId | None = None
    picked_at: datetime | None = None
    answers_until: datetime | None = None
    # Who was picked before, and did not answer.
    passed_over: tuple[AgentId, ...] = ()
    decided_by: AgentId | None = None
    decided_at: datetime | None = None
    # Why it was rejected: a word, and the agent's own, sealed under the owner's key.
    reject_reason: RejectReason | None = None
    reject_words: bytes | None = None
    row_version: int = 1

    @property
    def is_pending(self) -> bool:
        return self.status is ProposalStatus.PENDING

    def is_turn_of(self, agent_id: AgentId, now: datetime) -> bool:
        """The one who was picked, while their time runs; anybody's, where nobody was picked."""
        if self.approver_id is None:
            return True
        in_time = self.answers_until is not None and now < self.answers_until
        return self.approver_id == agent_id and in_time


def require_another(
    proposal: Proposal | None, kind: ProposalKind, *, agent_id: AgentId
) -> Proposal:
    """It waits, and was made by somebody else."""
    if proposal is None or not proposal.is_pending or proposal.kind is not kind:
        raise NothingPending
    if proposal.proposed_by == agent_id:
        raise OwnProposal
    return proposal


def require_turn(proposal: Proposal, *, agent_id: AgentId, now: datetime) -> None:
    """Nobody chooses whose proposals they approve, where there are enough people to pick from."""
    if not proposal.is_turn_of(agent_id, now):
        raise NotPicked


def decided(
    proposal: Proposal, status: ProposalStatus, *, agent_id: AgentId, now: datetime
) -> Proposal:
    return replace(proposal, status=status, decided_by=agent_id, decided_at=now)


def void_proposal(proposal: Proposal, ticket: Ticket, *, now: datetime) -> Change[Proposal]:
    """What a change of evidence does to the proposal that waited for approval."""
    if not proposal.is_pending:
        raise NothingPending
    event = ProposalVoided(
        account_id=ticket.account_id, ticket_id=ticket.id, proposal_id=proposal.id, at=now
    )
    return Change(replace(proposal, status=ProposalStatus.VOID, decided_at=now), (event,))
