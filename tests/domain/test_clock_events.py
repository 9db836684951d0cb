"""What is written down of a clock, word for word: which, when, and where its deadline stood."""

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from domain import tickets
from domain.events import TicketLevelRaised
from domain.policy import TicketPolicy
from domain.tickets import (
    KEPT_FROZEN,
    PROPOSED,
    Clock,
    ClockEvent,
    ClockWhat,
    PauseReason,
    Ticket,
)
from tests.builders import A_MOMENT, AN_HOUR, NOON, OLGAS, TICKET, a_ticket, an_agent, arne

POLICY: Final = TicketPolicy()
QUARTER: Final = timedelta(minutes=15)
FIRST, DECISION, APPROVAL, REVIEW = Clock
ONE: Final = NOON + QUARTER
FOUR: Final = NOON + 4 * AN_HOUR


def paused(ticket: Ticket) -> Ticket:
    """From noon, for an hour."""
    return tickets.pause(
        ticket,
        reason=PauseReason.OWNER,
        until=NOON + AN_HOUR,
        hours=(),
        policy=POLICY,
        by=an_agent(1),
        now=NOON,
    ).value


def test_a_breach_says_which_deadline_ran_out_and_each_level_when_it_was_raised() -> None:
    looked_at = ONE + A_MOMENT
    breached = tickets.run_out(a_ticket(), policy=POLICY, now=looked_at).value

    assert tickets.follow(a_ticket(), breached, at=looked_at) == (
        ClockEvent(kind=FIRST, what=ClockWhat.BREACHED, at=looked_at, until=ONE, until_before=ONE),
        ClockEvent(kind=None, what=ClockWhat.LEVEL_RAISED, at=looked_at),
    )


def test_what_was_waited_for_says_when_it_came_and_how_long_there_would_have_been() -> None:
    reached = tickets.reach_owner(a_ticket(), by=arne(), now=NOON).value

    assert tickets.follow(a_ticket(), reached, at=NOON) == (
        ClockEvent(kind=FIRST, what=ClockWhat.FULFILLED, at=NOON, until_before=ONE),
    )


def test_what_begins_says_until_when() -> None:
    before = a_ticket(attempted_at=NOON)
    waits = replace(before, stage=PROPOSED, proposed_at=NOON, approval_until=ONE)

    assert tickets.follow(before, waits, at=NOON) == (
        ClockEvent(kind=APPROVAL, what=ClockWhat.ACTIVATED, at=NOON, until=ONE),
    )


def test_a_pause_and_its_end_say_where_each_deadline_stood_and_stands() -> None:
    waits, sign = paused(a_ticket()), ONE

    assert tickets.follow(a_ticket(), waits, at=NOON) == (
        ClockEvent(
            kind=FIRST,
            what=ClockWhat.PAUSED,
            at=NOON,
            until=ONE + AN_HOUR,
            until_before=ONE,
        ),
        ClockEvent(
            kind=DECISION,
            what=ClockWhat.PAUSED,
            at=NOON,
            until=FOUR + AN_HOUR,
            until_before=FOUR,
        ),
    )
    goes_on = tickets.end_on_sign(waits, now=sign).value
    assert tickets.follow(waits, goes_on, at=sign) == (
        ClockEvent(
            kind=FIRST,
            what=ClockWhat.RESUMED,
            at=sign,
            until=ONE + QUARTER,
            until_before=ONE + AN_HOUR,
        ),
        ClockEvent(
            kind=DECISION,
            what=ClockWhat.RESUMED,
            at=sign,
            until=FOUR + QUARTER,
            until_before=FOUR + AN_HOUR,
        ),
    )


def test_a_deadline_at_the_very_end_of_a_pause_was_not_moved_by_it() -> None:
    """What a pause moves ends after it; this one stays, and is not resumed either."""
    ends = NOON + AN_HOUR
    waits = replace(paused(a_ticket()), first_attempt_until=ends, decision_until=ends)

    early = tickets.end_on_sign(waits, now=ONE).value
    assert (early.first_attempt_until, early.decision_until) == (ends, ends)
    assert tickets.follow(waits, early, at=ONE) == ()
    a_moment_on = replace(
        waits, decision_until=ends + A_MOMENT, decision_before_pause=NOON + A_MOMENT
    )
    moved = tickets.end_on_sign(a_moment_on, now=ONE).value
    assert moved.decision_until == ONE + A_MOMENT
    over = tickets.end_on_sign(a_moment_on, now=ends).value
    (resumed,) = tickets.follow(a_moment_on, over, at=ends)
    assert (resumed.kind, resumed.what) == (DECISION, ClockWhat.RESUMED)


def test_a_review_runs_only_where_an_account_is_kept_frozen_and_its_end_is_known() -> None:
    review_until = NOON + 72 * AN_HOUR
    kept = a_ticket(stage=KEPT_FROZEN, kept_frozen_at=NOON, review_until=review_until)

    assert tickets.running(kept) == {REVIEW: review_until}
    for half in (replace(kept, review_until=None), replace(kept, kept_frozen_at=None)):
        assert set(tickets.running(half)) == {FIRST, DECISION}


def test_what_nothing_was_written_of_stands_where_it_stood_at_the_opening() -> None:
    assert tickets.recompute(a_ticket(), ()) == {FIRST: ONE, DECISION: FOUR}
    raised = ClockEvent(kind=None, what=ClockWhat.LEVEL_RAISED, at=NOON)
    assert tickets.recompute(a_ticket(), (raised,)) == {FIRST: ONE, DECISION: FOUR}


def test_what_stays_undone_goes_up_again_and_again_and_says_when() -> None:
    ticket = a_ticket(decision_until=NOON + 90 * AN_HOUR)
    breached = tickets.run_out(ticket, policy=POLICY, now=ONE).value

    once = tickets.run_out(breached, policy=POLICY, now=ONE + AN_HOUR)
    twice = tickets.run_out(once.value, policy=POLICY, now=ONE + 2 * AN_HOUR)

    assert [change.value.level for change in (once, twice)] == [3, 4]
    assert twice.events == (
        TicketLevelRaised(account_id=OLGAS, ticket_id=TICKET, level=4, at=ONE + 2 * AN_HOUR),
    )


def test_a_deadline_that_runs_out_as_the_hour_ends_is_undone_too() -> None:
    """Two things at one instant: what is still to be done then takes the ticket up."""
    ticket = a_ticket(attempted_at=NOON, raised_again_at=FOUR, breached_until=FOUR)

    assert tickets.run_out(ticket, policy=POLICY, now=FOUR).value.level == 2
    later = replace(ticket, decision_until=FOUR + A_MOMENT)
    assert tickets.run_out(later, policy=POLICY, now=FOUR).value.level == 1
