"""What the clock concludes when a deadline runs out."""

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from domain.change import Change
from domain.events import ClockBreached, Event, TicketLevelRaised
from domain.policy import TicketPolicy
from domain.tickets.clocks import Clock, is_written, running
from domain.tickets.pausing import settle_pause
from domain.tickets.ticket import Ticket

HIGHEST: Final = 4


def run_out(ticket: Ticket, *, policy: TicketPolicy, now: datetime) -> Change[Ticket]:
    """The end of a pause, breaches, and how far up the ticket goes.

    Each deadline's breach is concluded once and raises the level once; what stays undone raises it
    again each hour. Asked late, it concludes what it would have concluded in time.
    """
    if not ticket.is_open:
        return Change(ticket)
    change = settle_pause(ticket, now=now)
    for clock, until in newly_breached(change.value, now):
        change = _and_then(change, _breach(change.value, clock, until, policy=policy, now=now))
    change = _and_then(change, _raise_again(change.value, policy=policy, now=now))
    return Change(change.value, _highest_only(change.events))


def newly_breached(ticket: Ticket, now: datetime) -> list[tuple[Clock, datetime]]:
    """Which have run out, and were not written down as such yet; in their order."""
    due = [
        (clock, until)
        for clock, until in running(ticket).items()
        if until <= now and not is_written(until, ticket)
    ]
    return sorted(due, key=lambda one: one[1])


def _breach(
    ticket: Ticket, clock: Clock, until: datetime, *, policy: TicketPolicy, now: datetime
) -> Change[Ticket]:
    event = ClockBreached(
        account_id=ticket.account_id, ticket_id=ticket.id, kind=clock.value, until=until, at=now
    )
    breached = replace(
        ticket, breached_until=until, raised_again_at=until + policy.raised_again_after
    )
    raised = _raise(breached, now)
    return Change(raised.value, (event, *raised.events))


def _raise(ticket: Ticket, now: datetime) -> Change[Ticket]:
    """One level up, where there is one."""
    if ticket.level >= HIGHEST:
        return Change(replace(ticket, raised_again_at=None))
    raised = replace(ticket, level=ticket.level + 1)
    event = TicketLevelRaised(
        account_id=ticket.account_id, ticket_id=ticket.id, level=raised.level, at=now
    )
    return Change(raised, (event,))


def _raise_again(ticket: Ticket, *, policy: TicketPolicy, now: datetime) -> Change[Ticket]:
    """While what ran out is still not done: a breach nobody looks at must not end at level 2."""
    change = Change(ticket)
    while (at := change.value.raised_again_at) is not None and at <= now:
        undone = any(until <= at for until in running(change.value).values())
        if not undone:
            return _and_then(change, Change(replace(change.value, raised_again_at=None)))
        later = replace(change.value, raised_again_at=at + policy.raised_again_after)
        change = _and_then(change, _raise(later, now))
    return change


def _highest_only(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Found late, several levels at once are told as the one it has come to."""
    raised = [event for event in events if isinstance(event, TicketLevelRaised)]
    return tuple(event for event in events if event not in raised[:-1])


def _and_then(first: Change[Ticket], then: Change[Ticket]) -> Change[Ticket]:
    return Change(then.value, (*first.events, *then.events))
