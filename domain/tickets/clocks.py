"""The clocks of a ticket: which run, and what is written down of them.

    first-attempt   since the opening, until somebody tried to reach the owner
    decision        since the opening, or since a supervisor sent it back to work
    approval        while a proposal waits
    review          while the account is kept frozen; then no other runs but that of approval

Every deadline is stored when it is made. What becomes of it is written down beside it, in the same
transaction (`follow`), so that each can be computed again (`recompute`). The opening is not written
a second time: the ticket's own row holds it.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain.tickets.ticket import PROPOSED, Ticket


class Clock(StrEnum):
    FIRST_ATTEMPT = "first-attempt"
    DECISION = "decision"
    APPROVAL = "approval"
    REVIEW = "review"


class ClockWhat(StrEnum):
    ACTIVATED = "activated"
    PAUSED = "paused"
    RESUMED = "resumed"
    # What it waited for has come, or is not needed any more.
    FULFILLED = "fulfilled"
    BREACHED = "breached"
    LEVEL_RAISED = "level-raised"


class ClockEvent(Struct, frozen=True, kw_only=True):
    """What became of one clock."""

    # None where the level was raised.
    kind: Clock | None
    what: ClockWhat
    at: datetime
    # Where the deadline stands afterwards, and where it stood; None where there is or was none.
    until: datetime | None = None
    until_before: datetime | None = None


Deadlines = dict[Clock, datetime]


def running(ticket: Ticket) -> Deadlines:
    """The deadlines that still wait for something, run out or not."""
    if not ticket.is_open:
        return {}
    found: Deadlines = {}
    if ticket.kept_frozen_at is not None and ticket.review_until is not None:
        found[Clock.REVIEW] = ticket.review_until
    else:
        if ticket.attempted_at is None and ticket.owner_reached_at is None:
            found[Clock.FIRST_ATTEMPT] = ticket.first_attempt_until
        found[Clock.DECISION] = ticket.decision_until
    approval = _approval(ticket)
    return found if approval is None else found | {Clock.APPROVAL: approval}


def is_written(until: datetime, ticket: Ticket) -> bool:
    """Whether the breach of this deadline was written down already."""
    return ticket.breached_until is not None and until <= ticket.breached_until


def follow(before: Ticket | None, after: Ticket, *, at: datetime) -> tuple[ClockEvent, ...]:
    """What a change of a ticket did to its clocks. Nothing at the opening: the row says it."""
    if before is None:
        return ()
    was, now = running(before), running(after)
    return (
        *_breached(before, after, at),
        *_stopped(was, now, at),
        *_moved(before, after, at),
        *_levels(before, after, at),
    )


def recompute(ticket: Ticket, written: Iterable[ClockEvent]) -> Deadlines:
    """The deadlines that run, from the opening and what was written down since, in its order."""
    # Of a clock that nothing was written down of, the row says it still; of any other the last that
    # was written, wherever it stood before.
    deadlines = {
        Clock.FIRST_ATTEMPT: ticket.first_attempt_until,
        Clock.DECISION: ticket.decision_until,
    }
    for event in written:
        if event.kind is None:
            continue
        if event.until is None:
            del deadlines[event.kind]
        else:
            deadlines[event.kind] = event.until
    return deadlines


def _approval(ticket: Ticket) -> datetime | None:
    until, proposed = ticket.approval_until, ticket.proposed_at
    if ticket.stage is not PROPOSED or until is None or proposed is None:
        return None
    # Of an earlier proposal it says nothing.
    return until if until > proposed else None


def _breached(before: Ticket, after: Ticket, at: datetime) -> Iterator[ClockEvent]:
    """Run out and concluded by the clock; or found run out by whoever came too late with it."""
    still = running(after)
    for clock, until in sorted(running(before).items(), key=lambda one: one[1]):
        late = clock not in still and until <= at
        if (late or is_written(until, after)) and not is_written(until, before):
            yield ClockEvent(
                kind=clock, what=ClockWhat.BREACHED, at=at, until=until, until_before=until
            )


def _stopped(was: Deadlines, now: Deadlines, at: datetime) -> Iterator[ClockEvent]:
    for clock, until in was.items():
        if clock not in now:
            # Early, late: what it was there for has come.
            yield ClockEvent(kind=clock, what=ClockWhat.FULFILLED, at=at, until_before=until)


def _moved(before: Ticket, after: Ticket, at: datetime) -> Iterator[ClockEvent]:
    was, what, since = running(before), ClockWhat.ACTIVATED, at
    if after.paused_at is not None and after.paused_at != before.paused_at:
        what = ClockWhat.PAUSED
    elif before.paused_until is not None and after.paused_at is None:
        what, since = ClockWhat.RESUMED, min(at, before.paused_until)
    for clock, until in running(after).items():
        old = was.get(clock)
        if old is None:
            yield ClockEvent(kind=clock, what=ClockWhat.ACTIVATED, at=at, until=until)
        elif old != until or (what is ClockWhat.RESUMED and _was_moved(clock, old, before)):
            yield ClockEvent(kind=clock, what=what, at=since, until=until, until_before=old)


def _was_moved(clock: Clock, until: datetime, before: Ticket) -> bool:
    """A pause moves these two, and only to after its own end."""
    by_pause = clock in {Clock.FIRST_ATTEMPT, Clock.DECISION}
    return by_pause and before.paused_until is not None and until > before.paused_until


def _levels(before: Ticket, after: Ticket, at: datetime) -> Iterator[ClockEvent]:
    for _ in range(before.level, after.level):
        yield ClockEvent(kind=None, what=ClockWhat.LEVEL_RAISED, at=at)
