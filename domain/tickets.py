"""The ticket: from a frozen account to an owner who is safe.

    OPENED ─▶ OWNER_REACHED ─▶ PROVED ─▶ PROPOSED ─▶ RELEASED   (closed)
                                  ▲          │
                                  └──────────┘  rejected, or the evidence changed

A frozen account has exactly one open loss ticket. Release always takes two people.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import (
    DangerRaised,
    DuressAnswered,
    HintLeft,
    NoticesLetGo,
    OwnerReached,
    ProofRecorded,
    ProposalVoided,
    ReleaseApproved,
    ReleaseProposed,
    ReleaseRejected,
    TicketConfirmed,
    TicketJoined,
    TicketOpened,
)
from domain.ids import AccountId, AgentId, HintId, ProofId, ProposalId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AlreadyProposed,
    DuressNotAsked,
    EvidenceChanged,
    NothingPending,
    OwnerNotFree,
    OwnProposal,
    ProofsMissing,
    TicketClosed,
)


class TicketKind(StrEnum):
    LOSS = "loss"
    SAFETY = "safety"
    DRILL = "drill"


class Stage(StrEnum):
    OPENED = "opened"
    OWNER_REACHED = "owner-reached"
    PROVED = "proved"
    PROPOSED = "proposed"
    RELEASED = "released"


OPENED, OWNER_REACHED, PROVED = Stage.OPENED, Stage.OWNER_REACHED, Stage.PROVED
PROPOSED, RELEASED = Stage.PROPOSED, Stage.RELEASED
END: Final[frozenset[Stage]] = frozenset()
LEADS_TO: Final = {
    # A proof can be the first sign of life there is.
    OPENED: frozenset({OWNER_REACHED, PROVED}),
    OWNER_REACHED: frozenset({PROVED}),
    PROVED: frozenset({PROPOSED}),
    PROPOSED: frozenset({PROVED, RELEASED}),
    RELEASED: END,
}


class Priority(StrEnum):
    URGENT = "urgent"


class ProofKind(StrEnum):
    OWNER_CODE = "owner-code"
    WALLET_REPROOFING = "wallet-reproofing"
    RECOVERY_CARD = "recovery-card"
    REPLACED_LINE = "replaced-line"


# What nobody has who holds the phone, its SIM and its mailbox.
OUT_OF_REACH: Final = frozenset({ProofKind.WALLET_REPROOFING, ProofKind.RECOVERY_CARD})


class Duress(StrEnum):
    """What the owner answered, alone, when asked whether somebody makes them ask for it."""

    FREE = "free"
    NOT_FREE = "not-free"


class ReleaseReason(StrEnum):
    OWNER_SAFE = "owner-safe"
    DEVICE_FOUND = "device-found"
    REPORTED_BY_MISTAKE = "reported-by-mistake"


class Ticket(Struct, frozen=True, kw_only=True):
    id: TicketId
    wallet_id: WalletId
    account_id: AccountId
    kind: TicketKind
    priority: Priority = Priority.URGENT
    stage: Stage = OPENED
    # How many signs of urgency came after the first; the queue's second key.
    boost: int = 0
    reference: str
    opened_at: datetime
    first_attempt_until: datetime
    decision_until: datetime
    owner_reached_at: datetime | None = None
    proved_at: datetime | None = None
    proposed_at: datetime | None = None
    closed_at: datetime | None = None
    # Only a hint so far: the account is not frozen. A freeze joins it and clears the mark.
    unconfirmed: bool = False
    # A reporter said that the owner is not safe. Never taken back while the ticket is open.
    danger: bool = False
    duress: Duress | None = None
    # From when the owner may be written to although there is danger.
    notices_let_go_at: datetime | None = None
    # Rises with every change to proofs or checklist; a proposal names the one it was made on.
    evidence_version: int = 0
    row_version: int = 1

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def holds_notices(self) -> bool:
        """Nothing is written to the owner: whoever holds the phone may read it."""
        return self.is_open and self.danger and self.notices_let_go_at is None


class Proof(Struct, frozen=True, kw_only=True):
    """A recorded fact, never a tick."""

    id: ProofId
    wallet_id: WalletId
    ticket_id: TicketId
    kind: ProofKind
    performed_at: datetime
    recorded_by: AgentId | None
    recorded_at: datetime
    # Where the fact can be found again; sealed under the owner's key.
    source: bytes | None
    row_version: int = 1


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


def open_ticket(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """The first report of a loss makes the ticket; nobody can lower its priority."""
    event = TicketOpened(
        account_id=ticket.account_id, ticket_id=ticket.id, kind=ticket.kind.value, at=now
    )
    return Change(ticket, (event,))


def join(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """Another report of the same loss: the ticket moves up."""
    _require_open(ticket)
    joined = replace(ticket, boost=ticket.boost + 1)
    event = TicketJoined(
        account_id=ticket.account_id, ticket_id=ticket.id, boost=joined.boost, at=now
    )
    return Change(joined, (event,))


def move_up(ticket: Ticket) -> Change[Ticket]:
    """A withdrawal is a sign that somebody should look soon; what it says has its own event."""
    _require_open(ticket)
    return Change(replace(ticket, boost=ticket.boost + 1))


def confirm(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """A freeze has joined what was only a hint. On a confirmed ticket it changes nothing."""
    _require_open(ticket)
    if not ticket.unconfirmed:
        return Change(ticket)
    event = TicketConfirmed(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, unconfirmed=False), (event,))


def take_hint(ticket: Ticket, hint_id: HintId, *, now: datetime) -> Change[Ticket]:
    """Somebody says that they are the owner and how to reach them: one more reason to hurry."""
    _require_open(ticket)
    event = HintLeft(account_id=ticket.account_id, ticket_id=ticket.id, hint_id=hint_id, at=now)
    return Change(replace(ticket, boost=ticket.boost + 1), (event,))


def raise_danger(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """A reporter says that the owner is not safe: what was found out before no longer counts.

    The duress question is asked anew, notices to the owner wait again, and a proposal made
    without knowing it no longer stands.
    """
    _require_open(ticket)
    event = DangerRaised(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(
        replace(
            _evidence_changed(ticket),
            danger=True,
            duress=None,
            notices_let_go_at=None,
        ),
        (event,),
    )


def answer_duress(ticket: Ticket, answer: Duress, *, by: Agent, now: datetime) -> Change[Ticket]:
    """What the owner answered, alone. It belongs to the evidence: a proposal before it is void."""
    access.require_level(by, access.REACHES_OWNER)
    _require_open(ticket)
    event = DuressAnswered(
        account_id=ticket.account_id, ticket_id=ticket.id, free=answer is Duress.FREE, at=now
    )
    return Change(replace(_evidence_changed(ticket), duress=answer), (event,))


def let_notices_go(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """An agent has made sure that writing to the owner harms nobody. Pressed again: nothing."""
    access.require_level(by, access.REACHES_OWNER)
    _require_open(ticket)
    if not ticket.holds_notices:
        return Change(ticket)
    event = NoticesLetGo(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, notices_let_go_at=now), (event,))


def reach_owner(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """An agent has spoken with the owner. Said again, it changes nothing."""
    access.require_level(by, access.REACHES_OWNER)
    _require_open(ticket)
    if ticket.owner_reached_at is not None:
        return Change(ticket)
    stage = OWNER_REACHED if ticket.stage is OPENED else ticket.stage
    reached = replace(ticket, owner_reached_at=now, stage=stage)
    return Change(
        reached, (OwnerReached(account_id=ticket.account_id, ticket_id=ticket.id, at=now),)
    )


def record_proof(
    ticket: Ticket,
    proof: Proof,
    *,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """Evidence changes: what was proposed on the old evidence no longer stands."""
    access.require_level(by, access.REACHES_OWNER)
    return prove(ticket, proof, before=before, policy=policy, now=now)


def prove(
    ticket: Ticket,
    proof: Proof,
    *,
    before: tuple[Proof, ...],
    policy: TicketPolicy,
    now: datetime,
) -> Change[Ticket]:
    """The same, without an agent: the service itself saw the fact, such as a card's right code."""
    _require_open(ticket)
    enough = are_enough((*before, proof), policy)
    stage = PROVED if enough else ticket.stage
    proved = replace(
        ticket,
        stage=stage,
        proved_at=(ticket.proved_at or now) if enough else None,
        evidence_version=ticket.evidence_version + 1,
        proposed_at=None,
    )
    event = ProofRecorded(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        proof_id=proof.id,
        kind=proof.kind.value,
        at=now,
    )
    return Change(proved, (event,))


def are_enough(proofs: tuple[Proof, ...], policy: TicketPolicy) -> bool:
    """Two different kinds, one of them out of reach of phone, SIM and mailbox."""
    kinds = {proof.kind for proof in proofs}
    return len(kinds) >= policy.proofs_for_release and bool(kinds & OUT_OF_REACH)


def void_proposal(proposal: Proposal, ticket: Ticket, *, now: datetime) -> Change[Proposal]:
    """What a change of evidence does to the proposal that waited for approval."""
    if not proposal.is_pending:
        raise NothingPending
    event = ProposalVoided(
        account_id=ticket.account_id, ticket_id=ticket.id, proposal_id=proposal.id, at=now
    )
    return Change(replace(proposal, status=ProposalStatus.VOID, decided_at=now), (event,))


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
    _require_open(ticket)
    if ticket.unconfirmed:
        raise AccountNotFrozen
    if pending is not None:
        raise AlreadyProposed
    _require_free(ticket)
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


def approve(
    ticket: Ticket, proposal: Proposal | None, *, by: Agent, now: datetime
) -> Change[Proposal]:
    """The second of two people, on exactly the evidence that was proposed on."""
    access.require_approver(by, now)
    _require_open(ticket)
    if proposal is None or not proposal.is_pending:
        raise NothingPending
    if proposal.proposed_by == by.id:
        raise OwnProposal
    if proposal.evidence_version != ticket.evidence_version:
        raise EvidenceChanged
    _require_free(ticket)
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
    _require_open(ticket)
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
    _require_open(ticket)
    return replace(ticket, stage=RELEASED, closed_at=now)


def _evidence_changed(ticket: Ticket) -> Ticket:
    """Where a change of what is known leaves a ticket whose release was proposed."""
    stage = PROVED if ticket.stage is PROPOSED else ticket.stage
    return replace(
        ticket, stage=stage, proposed_at=None, evidence_version=ticket.evidence_version + 1
    )


def _require_free(ticket: Ticket) -> None:
    """Where there is danger, the owner was asked and is free. Without, a `no` is as good a no."""
    if ticket.duress is Duress.NOT_FREE:
        raise OwnerNotFree
    if ticket.danger and ticket.duress is None:
        raise DuressNotAsked


def _require_open(ticket: Ticket) -> None:
    if not ticket.is_open:
        raise TicketClosed
