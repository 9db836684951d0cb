"""What is proved, and what is proposed on it, on a ticket's page."""

from datetime import datetime

from msgspec import Struct

from domain import tickets
from domain.access import Agent
from domain.ids import ProposalId
from domain.tickets import Proof, ProofDoubt, ProofKind, ProposalKind
from service.operations.ticket_stored import Opened, Stored
from service.security.encryption import Place


class ProofSeen(Struct, frozen=True, kw_only=True):
    kind: ProofKind
    source: str
    recorded_at: datetime
    recorded_by: str
    # Of an identity that the wallet proved anew: how well, and when.
    level: str | None
    performed_at: datetime
    # Of a recovery card: when it was made.
    card_made_at: datetime | None
    # Why it shows nothing of who it is; None: it counts.
    doubt: ProofDoubt | None


class ProposalSeen(Struct, frozen=True, kw_only=True):
    proposal_id: ProposalId
    kind: ProposalKind
    # A word of its kind's own.
    reason: str
    proposed_at: datetime
    proposed_by: str
    is_own: bool


def proofs(stored: Stored, opened: Opened) -> tuple[ProofSeen, ...]:
    return tuple(_proof(one, stored, opened) for one in stored.proofs)


def proposal(stored: Stored, opened: Opened, agent: Agent) -> ProposalSeen | None:
    """What waits for a decision, if anything does."""
    pending = stored.pending
    if pending is None:
        return None
    return ProposalSeen(
        proposal_id=pending.id,
        kind=pending.kind,
        reason=pending.reason,
        proposed_at=pending.proposed_at,
        proposed_by=opened.agents.get(pending.proposed_by, ""),
        is_own=pending.proposed_by == agent.id,
    )


def _proof(one: Proof, stored: Stored, opened: Opened) -> ProofSeen:
    return ProofSeen(
        kind=one.kind,
        source=opened.opener.text(Place("proofs", "source", one.id), one.source),
        recorded_at=one.recorded_at,
        recorded_by=opened.agents.get(one.recorded_by, "") if one.recorded_by is not None else "",
        level=one.level,
        performed_at=one.performed_at,
        card_made_at=one.card_made_at,
        doubt=tickets.proof_doubt(one, lost_at=stored.lost_at, policy=stored.wallet.policy.tickets),
    )
