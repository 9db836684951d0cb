"""The ticket: from a frozen account to an owner who is safe.

    OPENED ─▶ OWNER_REACHED ─▶ PROVED ─▶ PROPOSED ─▶ RELEASED   (closed)
                                  ▲          │
                                  └──────────┘  rejected, or the evidence changed

    PROVED ─▶ OPENED, OWNER_REACHED   (by a later report a card is too new, and proves nothing)
    OPENED, OWNER_REACHED, PROVED ─▶ PROPOSED ─▶ KEPT_FROZEN   (two people; still open)
    KEPT_FROZEN ─▶ OPENED, OWNER_REACHED, PROVED   (a supervisor sends it back; proofs are enough)
    OPENED, OWNER_REACHED ─▶ RELEASED   (one client's mistake, undone by two supervisors)
    OPENED, OWNER_REACHED, PROVED ─▶ CLOSED   (nobody confirmed it, or its safety work is done)

A frozen account has exactly one open loss ticket. Release always takes two people. What was
proposed and does not come to be leaves the ticket at the stage that its facts give it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import AccountId, AgentId, TicketId, WalletId
from domain.refusals import TicketClosed
from domain.tickets.hours import Span, after_open


class TicketKind(StrEnum):
    LOSS = "loss"
    SAFETY = "safety"
    DRILL = "drill"


class Stage(StrEnum):
    OPENED = "opened"
    OWNER_REACHED = "owner-reached"
    PROVED = "proved"
    PROPOSED = "proposed"
    KEPT_FROZEN = "kept-frozen"
    RELEASED = "released"
    CLOSED = "closed"


OPENED, OWNER_REACHED, PROVED = Stage.OPENED, Stage.OWNER_REACHED, Stage.PROVED
PROPOSED, RELEASED, CLOSED = Stage.PROPOSED, Stage.RELEASED, Stage.CLOSED
KEPT_FROZEN = Stage.KEPT_FROZEN
END: Final[frozenset[Stage]] = frozenset()
LEADS_TO: Final = {
    # A proof can be the first sign of life there is.
    OPENED: frozenset({OWNER_REACHED, PROVED, PROPOSED, RELEASED, CLOSED}),
    OWNER_REACHED: frozenset({PROVED, PROPOSED, RELEASED, CLOSED}),
    PROVED: frozenset({OPENED, OWNER_REACHED, PROPOSED, CLOSED}),
    PROPOSED: frozenset({OPENED, OWNER_REACHED, PROVED, KEPT_FROZEN, RELEASED}),
    KEPT_FROZEN: frozenset({OPENED, OWNER_REACHED, PROVED}),
    RELEASED: END,
    CLOSED: END,
}


class Priority(StrEnum):
    URGENT = "urgent"


class Duress(StrEnum):
    """What the owner answered, alone, when asked whether somebody makes them ask for it."""

    FREE = "free"
    NOT_FREE = "not-free"


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
    # Why what was only a hint was laid aside.
    closed_reason: str | None = None
    # Only a hint so far: the account is not frozen. A freeze joins it and clears the mark.
    unconfirmed: bool = False
    # A reporter said that the owner is not safe. Never taken back while the ticket is open.
    danger: bool = False
    duress: Duress | None = None
    # From when the owner may be written to although there is danger.
    notices_let_go_at: datetime | None = None
    # From when it is known that every message to the owner failed.
    proof_requested_at: datetime | None = None
    # Rises with every change to proofs or checklist; a proposal names the one it was made on.
    evidence_version: int = 0
    # How far up it has come: who is expected to look. A breach raises it, to 4 at most.
    level: int = 1
    assigned_to: AgentId | None = None
    assigned_at: datetime | None = None
    # The first try to reach the owner, in vain or not; it stops the first clock.
    attempted_at: datetime | None = None
    # While it waits for somebody else; the deadlines already stand where they will be afterwards.
    paused_at: datetime | None = None
    paused_until: datetime | None = None
    pause_reason: str | None = None
    # Two people decided that the account stays frozen for now, and when a supervisor looks again.
    kept_frozen_at: datetime | None = None
    review_until: datetime | None = None
    reviewed_at: datetime | None = None
    # The deadline whose breach was last written down.
    breached_until: datetime | None = None
    # By when somebody answers what was proposed last; of an earlier proposal it says nothing.
    approval_until: datetime | None = None
    # From when a breach that is still not made good takes it up once more.
    raised_again_at: datetime | None = None
    # How often it has waited, and the hours that the present pause counts by (`tickets.hours`).
    pauses: int = 0
    pause_hours: tuple[datetime, ...] | None = None
    # Where the time of the decision stood when the present pause began: its end never brings it
    # nearer than that.
    decision_before_pause: datetime | None = None
    row_version: int = 1

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def owner_is_verified(self) -> bool:
        """The proofs are enough, by all that was known when one of them or a report came last."""
        return self.proved_at is not None

    @property
    def holds_notices(self) -> bool:
        """Nothing is written to the owner: whoever holds the phone may read it."""
        return self.is_open and self.danger and self.notices_let_go_at is None


def require_open(ticket: Ticket) -> None:
    if not ticket.is_open:
        raise TicketClosed


def standing(ticket: Ticket) -> Stage:
    """How far its facts have brought it, whatever was proposed meanwhile."""
    if ticket.proved_at is not None:
        return PROVED
    return OPENED if ticket.owner_reached_at is None else OWNER_REACHED


def unproposed(ticket: Ticket) -> Ticket:
    """Where a proposal that came to nothing leaves the ticket. On any other it changes nothing."""
    if ticket.stage is not PROPOSED:
        return ticket
    return replace(ticket, stage=standing(ticket), proposed_at=None, approval_until=None)


def work_again(
    ticket: Ticket, *, hours: Sequence[Span], decided_within: timedelta, now: datetime
) -> Ticket:
    """A ticket that was kept frozen is worked on again, with the time that a decision takes.

    `hours` are those in which the wallet decides releases, from now on; none: always. On any other
    ticket it changes nothing.
    """
    if ticket.stage is not KEPT_FROZEN:
        return ticket
    return replace(
        ticket,
        stage=standing(ticket),
        kept_frozen_at=None,
        review_until=None,
        decision_until=max(ticket.decision_until, after_open(now, decided_within, hours)),
    )


def evidence_changed(ticket: Ticket) -> Ticket:
    """Where a change of what is known leaves a ticket whose decision was proposed."""
    before = unproposed(ticket)
    return replace(before, evidence_version=before.evidence_version + 1)
