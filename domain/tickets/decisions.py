"""What two people decide about a ticket: one proposes, another approves or rejects."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ProposalVoided, ReleaseApproved, ReleaseProposed, ReleaseRejected
from domain.ids import AgentId, ProposalId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AlreadyProposed,
    EvidenceChanged,
    NothingPending,
    OwnProposal,
    ProofsMissing,
)
from domain.tickets.danger import require_free
from domain.tickets.proofs import Proof, are_enough
from domain.tickets.ticket import PROPOSED, PROVED, RELEASED, Ticket, TicketKind, require_open


class ReleaseReason(StrEnum):
    OWNER_SAFE = "owner-safe"
    DEVICE_FOUND = "device-found"
    REPORTED_BY_MISTAKE = "reported-by-mistake"


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
    reason: ReleaseReason
    evidence_version: int
    proposed_at: datetime
    status: ProposalStatus = ProposalStatus.PENDING
    decided_by: AgentId | None = None
    decided_at: datetime | None = None
    row_version: int = 1

    @property
    def is_pending(self) -> bool:
        return self.status is ProposalStatus.PENDING


def propose(
    ticket: Ticket,
    proposal: Proposal,
    *,
    pending: Proposal | None,
    proofs: tuple[Proof, ...],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """The first of two people: level 2 or above, on proofs that are enough."""
    access.require_level(by, access.PROPOSES)
    require_open(ticket)
    if ticket.unconfirmed or ticket.kind is not TicketKind.LOSS:
        raise AccountNotFrozen
    if pending is not None:
        raise AlreadyProposed
    require_free(ticket)
    if not are_enough(proofs, policy):
        raise ProofsMissing
    event = ReleaseProposed(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        proposed_by=by.id,
        reason=proposal.reason.value,
        at=now,
    )
    return Change(replace(ticket, stage=PROPOSED, proposed_at=now), (event,))


def void_proposal(proposal: Proposal, ticket: Ticket, *, now: datetime) -> Change[Proposal]:
    """What a change of evidence does to the proposal that waited for approval."""
    if not proposal.is_pending:
        raise NothingPending
    event = ProposalVoided(
        account_id=ticket.account_id, ticket_id=ticket.id, proposal_id=proposal.id, at=now
    )
    return Change(replace(proposal, status=ProposalStatus.VOID, decided_at=now), (event,))


def approve(
    ticket: Ticket, proposal: Proposal | None, *, by: Agent, now: datetime
) -> Change[Proposal]:
    """The second of two people, on exactly the evidence that was proposed on."""
    access.require_approver(by, now)
    require_open(ticket)
    if proposal is None or not proposal.is_pending:
        raise NothingPending
    if proposal.proposed_by == by.id:
        raise OwnProposal
    if proposal.evidence_version != ticket.evidence_version:
        raise EvidenceChanged
    require_free(ticket)
    event = ReleaseApproved(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        proposed_by=proposal.proposed_by,
        approved_by=by.id,
        at=now,
    )
    approved = replace(proposal, status=ProposalStatus.APPROVED, decided_by=by.id, decided_at=now)
    return Change(approved, (event,))


def reject(
    ticket: Ticket, proposal: Proposal | None, *, by: Agent, now: datetime
) -> Change[Proposal]:
    """The second person says no: the ticket goes back to its proofs."""
    access.require_approver(by, now)
    require_open(ticket)
    if proposal is None or not proposal.is_pending:
        raise NothingPending
    if proposal.proposed_by == by.id:
        raise OwnProposal
    event = ReleaseRejected(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        rejected_by=by.id,
        at=now,
    )
    rejected = replace(proposal, status=ProposalStatus.REJECTED, decided_by=by.id, decided_at=now)
    return Change(rejected, (event,))


def back_to_proofs(ticket: Ticket) -> Ticket:
    """Where a rejected proposal leaves the ticket."""
    return replace(ticket, stage=PROVED, proposed_at=None)


def close_released(ticket: Ticket, *, now: datetime) -> Ticket:
    """Where an approved proposal leaves it."""
    require_open(ticket)
    return replace(ticket, stage=RELEASED, closed_at=now)
