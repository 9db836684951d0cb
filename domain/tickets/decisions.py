"""What two people decide about a release: one proposes, another approves or rejects."""

from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import KeepingRejected, ReleaseApproved, ReleaseProposed, ReleaseRejected
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AlreadyProposed,
    EvidenceChanged,
    KeptFrozen,
    NothingPending,
    ProofsMissing,
)
from domain.tickets.danger import require_free
from domain.tickets.proofs import Proof, are_enough
from domain.tickets.proposal import (
    Proposal,
    ProposalKind,
    ProposalStatus,
    RejectReason,
    decided,
    require_another,
    require_turn,
)
from domain.tickets.ticket import (
    KEPT_FROZEN,
    PROPOSED,
    RELEASED,
    Ticket,
    TicketKind,
    require_open,
    unproposed,
)


def propose(
    ticket: Ticket,
    proposal: Proposal,
    *,
    pending: Proposal | None,
    proofs: tuple[Proof, ...],
    lost_at: datetime,
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """The first of two people: level 2 or above, on proofs that are enough."""
    require_proposable(ticket, pending=pending, by=by)
    require_free(ticket)
    if not are_enough(proofs, lost_at=lost_at, policy=policy):
        raise ProofsMissing
    event = ReleaseProposed(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=proposal.id,
        proposed_by=by.id,
        reason=str(proposal.reason),
        at=now,
    )
    return Change(waiting_for_second(ticket, policy=policy, now=now), (event,))


def require_proposable(ticket: Ticket, *, pending: Proposal | None, by: Agent) -> None:
    """Something is frozen that is worked on, and nothing waits for a decision already."""
    access.require_level(by, access.PROPOSES)
    require_open(ticket)
    if ticket.unconfirmed or ticket.kind is not TicketKind.LOSS:
        raise AccountNotFrozen
    if pending is not None:
        raise AlreadyProposed
    if ticket.stage is KEPT_FROZEN:
        raise KeptFrozen


def waiting_for_second(ticket: Ticket, *, policy: TicketPolicy, now: datetime) -> Ticket:
    """Whatever is proposed: somebody answers it in time, or others are woken."""
    return replace(
        ticket, stage=PROPOSED, proposed_at=now, approval_until=now + policy.approved_within
    )


def approve(
    ticket: Ticket, proposal: Proposal | None, *, by: Agent, now: datetime
) -> Change[Proposal]:
    """The second of two people, on exactly the evidence that was proposed on."""
    access.require_approver(by, now)
    require_open(ticket)
    waiting = require_another(proposal, ProposalKind.RELEASE, agent_id=by.id)
    require_turn(waiting, agent_id=by.id, now=now)
    if waiting.evidence_version != ticket.evidence_version:
        raise EvidenceChanged
    require_free(ticket)
    event = ReleaseApproved(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=waiting.id,
        proposed_by=waiting.proposed_by,
        approved_by=by.id,
        at=now,
    )
    approved = decided(waiting, ProposalStatus.APPROVED, agent_id=by.id, now=now)
    return Change(approved, (event,))


def reject(
    ticket: Ticket,
    proposal: Proposal | None,
    *,
    by: Agent,
    now: datetime,
    reason: RejectReason = RejectReason.OTHER,
) -> Change[Proposal]:
    """The second person says no: of whatever kind it is. Whoever may approve, picked or not; a no
    gives nothing away."""
    access.require_approver(by, now)
    require_open(ticket)
    if proposal is None:
        raise NothingPending
    waiting = require_another(proposal, proposal.kind, agent_id=by.id)
    of_release = waiting.kind is ProposalKind.RELEASE
    event = (ReleaseRejected if of_release else KeepingRejected)(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proposal_id=waiting.id,
        rejected_by=by.id,
        reason=reason.value,
        at=now,
    )
    rejected = decided(waiting, ProposalStatus.REJECTED, agent_id=by.id, now=now)
    return Change(replace(rejected, reject_reason=reason), (event,))


def back_to_proofs(ticket: Ticket) -> Ticket:
    """Where a rejected proposal leaves the ticket: as far as its facts have brought it."""
    return unproposed(ticket)


def close_released(ticket: Ticket, *, now: datetime) -> Ticket:
    """Where an approved proposal leaves it."""
    require_open(ticket)
    return replace(ticket, stage=RELEASED, closed_at=now)
