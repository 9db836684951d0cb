"""A ticket that waits for somebody else: its clocks stand still, and not for ever.

    runs ──pause──▶ waits ──its end, an agent, any sign from the owner──▶ runs

The deadlines stand where they will be from the moment the pause begins, so that nobody has to be
there when it ends. An earlier end takes back the rest. What has run out stays run out.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import PauseEnded, TicketPaused
from domain.policy import TicketPolicy
from domain.refusals import AlreadyPaused, NothingToPause, NotPaused, PausesUsedUp, PauseTooLong
from domain.tickets.clocks import Clock, running
from domain.tickets.hours import Span, after_open, flat, open_time, spans_of
from domain.tickets.ticket import Ticket, require_open


class PauseReason(StrEnum):
    """Whom it waits for."""

    OWNER = "owner"
    CARRIER = "carrier"
    WALLET = "wallet"


def pause(
    ticket: Ticket,
    *,
    reason: PauseReason,
    until: datetime,
    hours: Sequence[Span],
    policy: TicketPolicy,
    by: Agent,
    now: datetime,
) -> Change[Ticket]:
    """`hours` are those in which the wallet decides releases, from now on; none: always.

    They are kept with the pause, so that its earlier end counts by the same ones. Raises
    LevelTooLow, TicketClosed, AlreadyPaused, PauseTooLong, PausesUsedUp, NothingToPause.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    settled = settle_pause(ticket, now=now)
    ticket = settled.value
    if ticket.paused_at is not None:
        raise AlreadyPaused
    if not now < until <= now + policy.pause_lasts_at_most:
        raise PauseTooLong
    if ticket.pauses >= policy.most_pauses:
        raise PausesUsedUp
    clocks = running(ticket)
    first, decision = clocks.get(Clock.FIRST_ATTEMPT), clocks.get(Clock.DECISION)
    if not any(one is not None and one > now for one in (first, decision)):
        raise NothingToPause
    paused = replace(
        ticket,
        paused_at=now,
        paused_until=until,
        pause_reason=reason.value,
        pauses=ticket.pauses + 1,
        pause_hours=flat(hours) if hours else None,
        decision_before_pause=decision,
    )
    if first is not None and first > now:
        paused = replace(paused, first_attempt_until=until + (first - now))
    if decision is not None and decision > now:
        left = open_time(now, decision, hours)
        # Whatever the hours are by now: a pause never brings a deadline nearer.
        paused = replace(paused, decision_until=max(decision, after_open(until, left, hours)))
    event = TicketPaused(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        reason=reason.value,
        until=until,
        at=now,
    )
    return Change(paused, (*settled.events, event))


def go_on(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """An agent has what was waited for. Raises NotPaused where it does not wait any more."""
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if ticket.paused_until is None or ticket.paused_until <= now:
        raise NotPaused
    return _end(ticket, now)


def end_on_sign(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """The owner gave a sign, of whatever kind, or two people decided: waiting is over. Without a
    pause, nothing."""
    return Change(ticket) if ticket.paused_at is None else _end(ticket, now)


def settle_pause(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """What the clock concludes of a pause that is over."""
    if ticket.paused_until is None or now < ticket.paused_until:
        return Change(ticket)
    return _end(ticket, now)


def _end(ticket: Ticket, now: datetime) -> Change[Ticket]:
    event = PauseEnded(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    ended = replace(
        _moved_back(ticket, now),
        paused_at=None,
        paused_until=None,
        pause_reason=None,
        pause_hours=None,
        decision_before_pause=None,
    )
    return Change(ended, (event,))


def _moved_back(ticket: Ticket, now: datetime) -> Ticket:
    """The rest of the pause is taken back from what it moved: what now ends after it.

    A deadline that was made by other hours may have stood where it is shut by now. No open time
    lies there to be given back: it stands where it stood before the pause, and never nearer.
    """
    until = ticket.paused_until
    if until is None or until <= now:
        return ticket
    clocks, hours = running(ticket), spans_of(ticket.pause_hours)
    first, decision = clocks.get(Clock.FIRST_ATTEMPT), clocks.get(Clock.DECISION)
    if first is not None and first > until:
        ticket = replace(ticket, first_attempt_until=now + (first - until))
    if decision is not None and decision > until:
        left = open_time(until, decision, hours)
        back = after_open(now, left, hours)
        ticket = replace(ticket, decision_until=max(back, ticket.decision_before_pause or back))
    return ticket
