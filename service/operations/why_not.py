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
from domain.ids import ProofId, ProposalId
from domain.policy import TicketPolicy
from domain.refusals import Refused
from domain.tickets import Attempt, CloseReason, Proof, ProofKind, Proposal, ReleaseReason, Ticket


class Cannot(Struct, frozen=True, kw_only=True):
    """A refusal's code, or None where the agent may."""

    reach: str | None
    prove: str | None
    propose: str | None
    approve: str | None
    reject: str | None
    close: str | None


def ask(
    ticket: Ticket,
    *,
    agent: Agent,
    proofs: tuple[Proof, ...],
    pending: Proposal | None,
    policy: TicketPolicy,
    attempts: tuple[Attempt, ...],
    frozen: bool,
    now: datetime,
) -> Cannot:
    """Each act is tried on values that are then thrown away."""

    def prove() -> Change[Ticket]:
        proof = _a_proof(ticket, agent, now)
        return tickets.record_proof(ticket, proof, before=proofs, policy=policy, by=agent, now=now)

    def propose() -> Change[Ticket]:
        proposal = _a_proposal(ticket, agent, now)
        return tickets.propose(
            ticket, proposal, pending=pending, proofs=proofs, policy=policy, by=agent, now=now
        )

    def close() -> Change[Ticket]:
        return tickets.close_unconfirmed(
            ticket,
            reason=CloseReason.NOT_REACHED,
            attempts=attempts,
            frozen=frozen,
            policy=policy,
            by=agent,
            now=now,
        )

    return Cannot(
        reach=refusal_of(lambda: tickets.reach_owner(ticket, by=agent, now=now)),
        prove=refusal_of(prove),
        propose=refusal_of(propose),
        approve=refusal_of(lambda: tickets.approve(ticket, pending, by=agent, now=now)),
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


def _a_proof(ticket: Ticket, agent: Agent, now: datetime) -> Proof:
    return Proof(
        id=ProofId(ticket.id),
        wallet_id=ticket.wallet_id,
        ticket_id=ticket.id,
        kind=ProofKind.OWNER_CODE,
        performed_at=now,
        recorded_by=agent.id,
        recorded_at=now,
        source=None,
    )


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
