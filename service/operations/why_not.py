"""Why an agent may not do something on a ticket now.

The rules themselves are asked, so that what a page greys out and what a rule refuses can never
disagree.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.ids import ProposalId
from domain.refusals import Refused
from domain.tickets import CloseReason, Proposal, ProposalKind, ReleaseReason, Ticket
from service.operations.ticket_stored import Stored


class Cannot(Struct, frozen=True, kw_only=True):
    """A refusal's code, or None where the agent may."""

    reach: str | None
    prove: str | None
    propose: str | None
    keep: str | None
    # Whatever waits, of either kind.
    approve: str | None
    reject: str | None
    close: str | None


def ask(stored: Stored, agent: Agent) -> Cannot:
    """Each act is tried on values that are then thrown away."""
    ticket, pending, now = stored.ticket, stored.pending, stored.now
    policy = stored.wallet.policy.tickets

    def propose() -> Change[Ticket]:
        proposal = _a_proposal(ticket, agent, now)
        return tickets.propose(
            ticket,
            proposal,
            pending=pending,
            proofs=stored.proofs,
            lost_at=stored.lost_at,
            policy=policy,
            by=agent,
            now=now,
        )

    def keep() -> Change[Ticket]:
        proposal = _a_proposal(ticket, agent, now)
        return tickets.propose_keeping(
            ticket, proposal, pending=pending, policy=policy, by=agent, now=now
        )

    def approve() -> object:
        if pending is not None and pending.kind is ProposalKind.KEEP_FROZEN:
            return tickets.keep_frozen(ticket, pending, version=0, policy=policy, by=agent, now=now)
        return tickets.approve(ticket, pending, by=agent, now=now)

    def close() -> Change[Ticket]:
        return tickets.close_unconfirmed(
            ticket,
            reason=CloseReason.NOT_REACHED,
            attempts=stored.attempts,
            frozen=stored.account.is_frozen,
            policy=policy,
            by=agent,
            now=now,
        )

    return Cannot(
        reach=refusal_of(lambda: tickets.reach_owner(ticket, by=agent, now=now)),
        prove=refusal_of(lambda: tickets.require_prover(ticket, by=agent)),
        propose=refusal_of(propose),
        keep=refusal_of(keep),
        approve=refusal_of(approve),
        reject=refusal_of(lambda: tickets.reject(ticket, pending, by=agent, now=now)),
        close=refusal_of(close),
    )


def refusal_of(trial: Callable[[], object]) -> str | None:
    """The code with which a rule says no, or None."""
    try:
        trial()
    except Refused as refusal:
        return refusal.code
    return None


def _a_proposal(ticket: Ticket, agent: Agent, now: datetime) -> Proposal:
    return Proposal(
        id=ProposalId(ticket.id),
        wallet_id=ticket.wallet_id,
        ticket_id=ticket.id,
        proposed_by=agent.id,
        reason=ReleaseReason.OWNER_SAFE,
        evidence_version=ticket.evidence_version,
        proposed_at=now,
    )
