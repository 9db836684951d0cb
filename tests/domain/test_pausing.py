"""A ticket waits for somebody else: how long, how often, and what ends it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.events import PauseEnded, TicketPaused
from domain.ids import HintId
from domain.policy import TicketPolicy
from domain.refusals import (
    AlreadyPaused,
    LevelTooLow,
    NothingToPause,
    NotPaused,
    PausesUsedUp,
    PauseTooLong,
    Refused,
    TicketClosed,
)
from domain.tickets import KEPT_FROZEN, RELEASED, PauseReason, Span, Ticket, after_open
from domain.tickets.hours import flat, open_time, spans_of
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    NOON,
    OLGAS,
    TICKET,
    a_proof,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    arne,
    grounds,
)

POLICY: Final = TicketPolicy()
HALF: Final = timedelta(minutes=30)


def pause(
    ticket: Ticket,
    lasts: timedelta = AN_HOUR,
    *,
    at: datetime = NOON,
    hours: tuple[Span, ...] = (),
    by: Agent | None = None,
    policy: TicketPolicy = POLICY,
) -> Ticket:
    change = tickets.pause(
        ticket,
        reason=PauseReason.CARRIER,
        until=at + lasts,
        hours=hours,
        policy=policy,
        by=by or an_agent(1),
        now=at,
    )
    assert change.events[-1] == TicketPaused(
        account_id=OLGAS, ticket_id=TICKET, reason="carrier", until=at + lasts, at=at
    )
    return change.value


def test_both_running_deadlines_move_at_once_by_the_length_of_the_pause() -> None:
    waits = pause(a_ticket())

    assert waits.first_attempt_until == a_ticket().first_attempt_until + AN_HOUR
    assert waits.decision_until == a_ticket().decision_until + AN_HOUR
    assert (waits.paused_at, waits.paused_until) == (NOON, NOON + AN_HOUR)
    assert (waits.pause_reason, waits.pause_hours) == ("carrier", None)
    # So a job that comes hours late changes nothing.
    late = tickets.run_out(waits, policy=POLICY, now=waits.first_attempt_until - A_MOMENT).value
    assert late.decision_until == waits.decision_until
    assert late.level == 1


def test_a_pause_lasts_twelve_hours_and_not_a_moment_longer() -> None:
    pause(a_ticket(), 12 * AN_HOUR)

    for wrong in (12 * AN_HOUR + A_MOMENT, timedelta(0), -A_MOMENT):
        with pytest.raises(PauseTooLong):
            pause(a_ticket(), wrong)


def test_four_times_and_no_more() -> None:
    pause(a_ticket(pauses=3))

    with pytest.raises(PausesUsedUp):
        pause(a_ticket(pauses=4))


@pytest.mark.parametrize(
    ("ticket", "by", "refusal"),
    [
        (a_ticket(), an_auditor(), LevelTooLow),
        (a_ticket(), an_officer(), LevelTooLow),
        (a_ticket(stage=RELEASED, closed_at=NOON), arne(), TicketClosed),
        (pause(a_ticket()), arne(), AlreadyPaused),
        # What has run out stays run out,
        (a_ticket(opened_at=NOON - 4 * AN_HOUR, attempted_at=NOON), arne(), NothingToPause),
        # and a review waits for nobody but its supervisor.
        (
            a_ticket(stage=KEPT_FROZEN, kept_frozen_at=NOON, review_until=NOON + AN_HOUR),
            arne(),
            NothingToPause,
        ),
    ],
)
def test_what_cannot_wait(ticket: Ticket, by: Agent, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        pause(ticket, by=by)


def test_what_has_run_out_does_not_move_with_the_rest() -> None:
    late = a_ticket(opened_at=NOON - HALF)

    waits = pause(late)

    assert waits.first_attempt_until == late.first_attempt_until
    assert waits.decision_until == late.decision_until + AN_HOUR
    assert tickets.end_on_sign(waits, now=NOON).value.decision_until == late.decision_until


def test_each_of_the_two_moves_for_itself() -> None:
    late = a_ticket(decision_until=NOON)

    waits = pause(late)

    assert waits.decision_until == late.decision_until
    assert waits.first_attempt_until == late.first_attempt_until + AN_HOUR
    ended = tickets.end_on_sign(waits, now=NOON + HALF).value
    assert ended.decision_until == late.decision_until
    assert ended.first_attempt_until == late.first_attempt_until + HALF


def test_an_earlier_end_takes_back_the_rest() -> None:
    ended = tickets.end_on_sign(pause(a_ticket()), now=NOON + HALF)

    assert ended.value.decision_until == a_ticket().decision_until + HALF
    assert ended.value.first_attempt_until == a_ticket().first_attempt_until + HALF
    assert ended.value.paused_at is ended.value.paused_until is ended.value.pause_reason is None
    assert ended.events == (PauseEnded(account_id=OLGAS, ticket_id=TICKET, at=NOON + HALF),)


def test_after_its_end_a_sign_takes_nothing_back() -> None:
    waits = pause(a_ticket())

    for at in (NOON + AN_HOUR, NOON + 2 * AN_HOUR):
        assert tickets.end_on_sign(waits, now=at).value.decision_until == waits.decision_until


def test_without_a_pause_a_sign_changes_nothing() -> None:
    assert tickets.end_on_sign(a_ticket(), now=NOON).value == a_ticket()


def hinted(ticket: Ticket, now: datetime) -> Change[Ticket]:
    return tickets.take_hint(ticket, HintId(UUID(int=9)), now=now)


def disputed(ticket: Ticket, now: datetime) -> Change[Ticket]:
    return tickets.hear_owner(ticket, now=now)


def reached(ticket: Ticket, now: datetime) -> Change[Ticket]:
    return tickets.reach_owner(ticket, by=arne(), now=now)


def proved(ticket: Ticket, now: datetime) -> Change[Ticket]:
    return tickets.prove(ticket, a_proof(), on=grounds(), now=now)


@pytest.mark.parametrize("sign", [hinted, disputed, reached, proved])
def test_any_sign_from_the_owner_ends_it(
    sign: Callable[[Ticket, datetime], Change[Ticket]],
) -> None:
    change = sign(pause(a_ticket()), NOON + HALF)

    assert change.value.paused_at is None
    assert change.value.decision_until == a_ticket().decision_until + HALF
    assert any(isinstance(event, PauseEnded) for event in change.events)


def test_an_agent_ends_it_while_it_waits_and_not_twice() -> None:
    waits = pause(a_ticket())

    ended = tickets.go_on(waits, by=an_agent(1), now=NOON + HALF).value
    assert ended.decision_until == a_ticket().decision_until + HALF
    for ticket, now in ((ended, NOON + HALF), (waits, NOON + AN_HOUR)):
        with pytest.raises(NotPaused):
            tickets.go_on(ticket, by=an_agent(1), now=now)
    with pytest.raises(LevelTooLow):
        tickets.go_on(waits, by=an_auditor(), now=NOON + HALF)
    with pytest.raises(TicketClosed):
        tickets.go_on(replace(waits, stage=RELEASED, closed_at=NOON), by=arne(), now=NOON)


def test_a_pause_that_is_over_does_not_keep_the_next_one_out() -> None:
    """Although no job has looked since."""
    waits = pause(a_ticket())

    again = pause(waits, at=NOON + AN_HOUR)

    assert again.pauses == 2
    assert again.decision_until == a_ticket().decision_until + 2 * AN_HOUR


def test_a_policy_that_changes_while_it_waits_takes_nothing_back() -> None:
    """A known fault of other desks: the pause is lost when the policy changes."""
    waits = pause(a_ticket())
    stricter = TicketPolicy(pause_lasts_at_most=AN_HOUR, most_pauses=0, decided_within=AN_HOUR)

    looked = tickets.run_out(waits, policy=stricter, now=NOON + HALF)
    assert looked.value == waits
    over = tickets.run_out(waits, policy=stricter, now=NOON + AN_HOUR).value
    assert over.decision_until == waits.decision_until


# Releases are decided from nine to six; noon is noon.
TODAY = Span(NOON - 3 * AN_HOUR, NOON + 6 * AN_HOUR)
TOMORROW = Span(NOON + 21 * AN_HOUR, NOON + 30 * AN_HOUR)
HOURS = (TODAY, TOMORROW)


def test_only_open_time_counts() -> None:
    assert after_open(NOON, 6 * AN_HOUR, HOURS) == TODAY.shuts
    assert after_open(NOON, 6 * AN_HOUR + A_MOMENT, HOURS) == TOMORROW.opens + A_MOMENT
    assert after_open(NOON - 9 * AN_HOUR, AN_HOUR, HOURS) == TODAY.opens + AN_HOUR
    assert after_open(NOON, 4 * AN_HOUR, ()) == NOON + 4 * AN_HOUR
    # Beyond the calendar time passes as it does: a promise does not fail for want of one.
    assert after_open(NOON, 16 * AN_HOUR, HOURS) == TOMORROW.shuts + AN_HOUR
    # At the instant of shutting it is shut: what has no time left waits until the desk opens.
    assert after_open(TODAY.shuts, timedelta(0), HOURS) == TOMORROW.opens


def test_how_much_open_time_lies_between_two_instants() -> None:
    assert open_time(NOON, TOMORROW.opens, HOURS) == 6 * AN_HOUR
    assert open_time(NOON, TOMORROW.opens + AN_HOUR, HOURS) == 7 * AN_HOUR
    assert open_time(NOON, TOMORROW.shuts + AN_HOUR, HOURS) == 16 * AN_HOUR
    assert open_time(NOON, NOON + AN_HOUR, ()) == AN_HOUR
    assert open_time(NOON, NOON - AN_HOUR, ()) == timedelta(0)
    assert spans_of(flat(HOURS)) == HOURS
    assert spans_of(None) == ()
    # Half a span is a broken row, and no hours to count by.
    with pytest.raises(ValueError, match="shorter"):
        spans_of(flat(HOURS)[:-1])


def test_with_stated_hours_no_deadline_runs_out_while_the_desk_is_shut() -> None:
    """A known fault of other desks: business hours are ignored at the breach."""
    ticket = a_ticket(attempted_at=NOON, decision_until=NOON + 4 * AN_HOUR)

    waits = pause(ticket, 12 * AN_HOUR, hours=HOURS)

    # Four open hours were left; the pause ends at midnight, so they begin tomorrow at nine.
    assert waits.decision_until == TOMORROW.opens + 4 * AN_HOUR
    night = TOMORROW.opens - A_MOMENT
    assert tickets.run_out(waits, policy=POLICY, now=night).value.level == 1
    # A sign at five in the afternoon leaves one open hour today and three tomorrow.
    sign = tickets.end_on_sign(waits, now=NOON + 5 * AN_HOUR).value
    assert sign.decision_until == TOMORROW.opens + 3 * AN_HOUR
    assert sign.pause_hours is None


def test_a_pause_takes_open_time_from_nobody_whose_deadline_is_on_another_day() -> None:
    ticket = a_ticket(attempted_at=NOON, decision_until=TOMORROW.opens + AN_HOUR)

    waits = pause(ticket, hours=HOURS)

    # Seven open hours were left: five more today, and two tomorrow.
    assert waits.decision_until == TOMORROW.opens + 2 * AN_HOUR
    assert waits.pause_hours == flat(HOURS)


def test_a_pause_never_brings_a_deadline_nearer() -> None:
    """Even when the hours have become fewer since the deadline was made."""
    ticket = a_ticket(attempted_at=NOON, decision_until=NOON + 24 * AN_HOUR)

    assert pause(ticket, HALF, hours=(TODAY,)).decision_until >= ticket.decision_until


def test_what_lay_in_shut_hours_stands_when_a_pause_in_the_night_ends_by_itself() -> None:
    """It was made by other hours. No open time has passed, and none is taken from it."""
    evening, night = TODAY.shuts + 2 * AN_HOUR, TODAY.shuts + 3 * AN_HOUR
    ticket = a_ticket(attempted_at=NOON, decision_until=TOMORROW.shuts + AN_HOUR)
    third_day = Span(TOMORROW.opens + A_DAY, TOMORROW.shuts + A_DAY)

    waits = pause(ticket, night - evening, at=evening, hours=(*HOURS, third_day))

    assert waits.decision_until == ticket.decision_until
    assert tickets.end_on_sign(waits, now=night).value.decision_until == ticket.decision_until
    unkept = replace(waits, decision_before_pause=None)
    assert tickets.end_on_sign(unkept, now=night).value.decision_until == ticket.decision_until
    over = tickets.run_out(waits, policy=POLICY, now=night).value
    assert (over.paused_at, over.decision_until) == (None, ticket.decision_until)


def test_an_earlier_end_never_brings_it_nearer_than_it_was_when_the_pause_began() -> None:
    """It was made by other hours, and stood in the evening, where it is shut by now."""
    third_day = Span(TOMORROW.opens + A_DAY, TOMORROW.shuts + A_DAY)
    late = TODAY.shuts + 4 * AN_HOUR
    ticket = a_ticket(attempted_at=NOON, decision_until=TOMORROW.shuts + 2 * AN_HOUR)

    waits = pause(ticket, 11 * AN_HOUR + HALF, at=late, hours=(*HOURS, third_day))

    # Nine open hours were left, from half past nine on.
    assert waits.decision_until == third_day.opens + HALF
    assert waits.decision_before_pause == ticket.decision_until
    night = tickets.end_on_sign(waits, now=late + AN_HOUR).value
    assert (night.decision_until, night.decision_before_pause) == (ticket.decision_until, None)
    # Once open time has passed, so much is added.
    morning = tickets.end_on_sign(waits, now=TOMORROW.opens + A_MOMENT).value
    assert morning.decision_until == third_day.opens + A_MOMENT


def test_what_waited_before_this_was_kept_is_taken_back_by_open_time_alone() -> None:
    waits = replace(pause(a_ticket()), decision_before_pause=None)

    ended = tickets.end_on_sign(waits, now=NOON + HALF).value

    assert ended.decision_until == a_ticket().decision_until + HALF


_QUARTERS = st.integers(0, 4 * 72).map(lambda many: many * timedelta(minutes=15))


@given(
    edges=st.lists(_QUARTERS, max_size=8, unique=True),
    decision=_QUARTERS,
    lasts=st.integers(1, 48).map(lambda many: many * timedelta(minutes=15)),
    ends=st.integers(0, 50).map(lambda many: many * timedelta(minutes=15)),
)
def test_whatever_the_hours_no_pause_and_no_end_of_one_brings_a_deadline_nearer(
    edges: list[timedelta], decision: timedelta, lasts: timedelta, ends: timedelta
) -> None:
    instants = [NOON + one for one in sorted(edges)]
    hours = spans_of(instants[: len(instants) // 2 * 2])
    ticket = a_ticket(decision_until=NOON + A_MOMENT + decision)

    waits = pause(ticket, lasts, hours=hours)
    ended = tickets.end_on_sign(waits, now=NOON + ends).value

    for after in (waits, ended):
        assert after.decision_until >= ticket.decision_until
        assert after.first_attempt_until >= ticket.first_attempt_until
