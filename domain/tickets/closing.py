"""A ticket that was only a hint, and that nobody confirmed, is laid aside."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import ReachAttempted, UnconfirmedTicketClosed
from domain.ids import AgentId, AttemptId, TicketId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import AccountIsFrozen, OwnerNotTried
from domain.tickets.ticket import CLOSED, Ticket, TicketKind, require_open


class CloseReason(StrEnum):
    # The owner has the phone, and wants nothing.
    NOTHING_LOST = "nothing-lost"
    # The owner was reached, and knows nothing of who asked.
    NOT_THE_OWNER = "not-the-owner"
    NOT_REACHED = "not-reached"


class TriedWay(StrEnum):
    """How somebody tried to reach the owner."""

    OTHER_NUMBER = "other-number"
    EMAIL = "email"
    # A number that somebody left or that a reporter named: a hint.
    LEFT_NUMBER = "left-number"
    # The line of the reported phone: whoever has the phone answers there.
    REPORTED_PHONE = "reported-phone"


class Attempt(Struct, frozen=True, kw_only=True):
    """An agent tried to reach the owner, in vain."""

    id: AttemptId
    wallet_id: WalletId
    ticket_id: TicketId
    tried_by: AgentId
    tried_at: datetime
    # None: from before anybody asked.
    way: TriedWay | None = None
    row_version: int = 1


def note_attempt(
    ticket: Ticket, attempt: Attempt, *, before: Sequence[Attempt], by: Agent, now: datetime
) -> Change[Attempt]:
    """Written down each time; how many count says `attempts_that_count`."""
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    event = ReachAttempted(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        attempts=len(before) + 1,
        way=attempt.way.value if attempt.way is not None else "",
        at=now,
    )
    return Change(attempt, (event,))


def after_attempt(ticket: Ticket, attempt: Attempt) -> Ticket:
    """The first clock stops at the first try by a way that does not lead to the reported phone."""
    if ticket.attempted_at is not None or attempt.way in {None, TriedWay.REPORTED_PHONE}:
        return ticket
    return replace(ticket, attempted_at=attempt.tried_at)


def attempts_that_count(attempts: Sequence[Attempt], policy: TicketPolicy) -> int:
    """Two calls within a minute are one: only those some time after the last that counted do."""
    counted = 0
    from_when: datetime | None = None
    for at in sorted(attempt.tried_at for attempt in attempts):
        if from_when is None or at >= from_when:
            counted += 1
            from_when = at + policy.attempts_apart
    return counted


def close_unconfirmed(
    ticket: Ticket,
    *,
    reason: CloseReason,
    attempts: Sequence[Attempt],
    frozen: bool,
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """One agent of level 2 or above, once the owner was reached or tried often enough.

    Never while the account is frozen, and never what a freeze has confirmed: that takes two.
    """
    access.require_level(by, access.PROPOSES)
    require_open(ticket)
    if frozen or not ticket.unconfirmed or ticket.kind is not TicketKind.LOSS:
        raise AccountIsFrozen
    if ticket.owner_reached_at is None:
        tried = attempts_that_count(attempts, policy) >= policy.attempts_before_closing
        # What the owner wants is known only from the owner.
        if reason is not CloseReason.NOT_REACHED or not tried:
            raise OwnerNotTried
    event = UnconfirmedTicketClosed(
        account_id=ticket.account_id, ticket_id=ticket.id, reason=reason.value, at=now
    )
    return Change(
        replace(ticket, stage=CLOSED, closed_at=now, closed_reason=reason.value), (event,)
    )
