"""Deadlines: which run, what runs out, what is written down, and how each is computed again."""

from datetime import datetime, timedelta
from typing import Final

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.events import ClockBreached, PauseEnded, TicketLevelRaised
from domain.policy import TicketPolicy
from domain.tickets import (
    KEPT_FROZEN,
    PROPOSED,
    PROVED,
    RELEASED,
    Clock,
    ClockEvent,
    ClockWhat,
    PauseReason,
    ProposalKind,
    ProposalStatus,
    Span,
    Ticket,
)
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    NOON,
    OLGAS,
    TICKET,
    a_proposal,
    a_ticket,
    an_agent,
    arne,
    astrid,
    sofia,
)

POLICY: Final = TicketPolicy()
QUARTER: Final = timedelta(minutes=15)
FIRST, DECISION, APPROVAL, REVIEW = Clock
REACHED: Final = a_ticket(owner_reached_at=NOON, attempted_at=NOON)
KEPT: Final = replace(
    REACHED, stage=KEPT_FROZEN, kept_frozen_at=NOON, review_until=NOON + 72 * AN_HOUR
)
WAITS: Final = replace(
    REACHED, stage=PROPOSED, proved_at=NOON, proposed_at=NOON, approval_until=NOON + QUARTER
)


def run_out(ticket: Ticket, now: datetime) -> Ticket:
    return tickets.run_out(ticket, policy=POLICY, now=now).value


def paused(ticket: Ticket, lasts: timedelta, *, at: datetime) -> Ticket:
    return tickets.pause(
        ticket,
        reason=PauseReason.OWNER,
        until=at + lasts,
        hours=(),
        policy=POLICY,
        by=an_agent(1),
        now=at,
    ).value


@pytest.mark.parametrize(
    ("ticket", "clocks"),
    [
        (a_ticket(), {FIRST, DECISION}),
        (a_ticket(attempted_at=NOON), {DECISION}),
        (a_ticket(owner_reached_at=NOON), {DECISION}),
        (WAITS, {DECISION, APPROVAL}),
        (replace(WAITS, stage=PROVED, proposed_at=None), {DECISION}),
        # Until an answer to an earlier proposal it says nothing.
        (replace(WAITS, proposed_at=NOON + QUARTER), {DECISION}),
        (replace(WAITS, approval_until=None), {DECISION}),
        (KEPT, {REVIEW}),
        (replace(REACHED, stage=RELEASED, closed_at=NOON), set[Clock]()),
    ],
)
def test_which_clocks_run(ticket: Ticket, clocks: set[Clock]) -> None:
    assert set(tickets.running(ticket)) == clocks


def test_nothing_runs_out_a_moment_before_its_deadline() -> None:
    ticket = a_ticket()

    assert run_out(ticket, NOON + QUARTER - A_MOMENT) == ticket
    change = tickets.run_out(ticket, policy=POLICY, now=NOON + QUARTER)

    assert change.value.level == 2
    assert change.value.breached_until == NOON + QUARTER
    assert change.events == (
        ClockBreached(
            account_id=OLGAS,
            ticket_id=TICKET,
            kind="first-attempt",
            until=NOON + QUARTER,
            at=NOON + QUARTER,
        ),
        TicketLevelRaised(account_id=OLGAS, ticket_id=TICKET, level=2, at=NOON + QUARTER),
    )


def test_a_breach_raises_the_level_once_however_often_the_clock_looks() -> None:
    once = run_out(a_ticket(), NOON + QUARTER)

    assert run_out(once, NOON + QUARTER) == once
    assert run_out(once, NOON + 2 * QUARTER).level == 2


def test_what_stays_undone_goes_up_each_hour_and_no_higher_than_four() -> None:
    breached = run_out(a_ticket(), NOON + QUARTER)
    an_hour_on = NOON + QUARTER + AN_HOUR

    assert run_out(breached, an_hour_on - A_MOMENT).level == 2
    assert run_out(breached, an_hour_on).level == 3
    # Late by hours, all at once: the same. Both deadlines have run out.
    late = run_out(a_ticket(), NOON + 9 * AN_HOUR)
    assert (late.level, late.breached_until) == (4, NOON + 4 * AN_HOUR)
    assert late.raised_again_at is None
    assert run_out(late, NOON + 90 * AN_HOUR) == late


def test_what_was_made_good_goes_up_no_further() -> None:
    breached = run_out(a_ticket(), NOON + QUARTER)
    reached = tickets.reach_owner(breached, by=arne(), now=NOON + AN_HOUR).value

    later = run_out(reached, NOON + QUARTER + AN_HOUR)

    assert (later.level, later.raised_again_at) == (2, None)


def test_two_that_ran_out_while_nobody_looked_are_two_breaches() -> None:
    change = tickets.run_out(a_ticket(), policy=POLICY, now=NOON + 4 * AN_HOUR)

    kinds = [one.kind for one in change.events if isinstance(one, ClockBreached)]
    assert kinds == ["first-attempt", "decision"]
    # Told once, with the level it has come to.
    (raised,) = [one for one in change.events if isinstance(one, TicketLevelRaised)]
    assert raised.level == change.value.level


def test_the_review_of_a_kept_freeze_runs_out_after_its_three_days() -> None:
    until = NOON + 72 * AN_HOUR

    assert run_out(KEPT, until - A_MOMENT) == KEPT
    assert run_out(KEPT, until).level == 2


def test_after_solving_no_clock_runs() -> None:
    """A known fault of other desks: a reply clock that goes on after the case was solved."""
    closed = replace(REACHED, stage=RELEASED, closed_at=NOON + AN_HOUR)

    assert run_out(closed, NOON + 90 * AN_HOUR) == closed


def written(before: Ticket | None, after: Ticket, at: datetime = NOON) -> list[tuple[str, str]]:
    events = tickets.follow(before, after, at=at)
    return [(event.what.value, event.kind.value if event.kind else "") for event in events]


def test_an_opening_is_written_in_the_ticket_s_own_row() -> None:
    assert written(None, a_ticket()) == []
    assert written(a_ticket(), a_ticket(boost=1)) == []


def test_what_stops_a_clock_is_written_down() -> None:
    reached = tickets.reach_owner(a_ticket(), by=arne(), now=NOON).value

    assert written(a_ticket(), reached) == [("fulfilled", "first-attempt")]
    assert written(REACHED, WAITS) == [("activated", "approval")]
    assert written(WAITS, replace(WAITS, stage=PROVED, proposed_at=None)) == [
        ("fulfilled", "approval")
    ]
    assert written(WAITS, KEPT) == [
        ("fulfilled", "decision"),
        ("fulfilled", "approval"),
        ("activated", "review"),
    ]
    assert written(KEPT, replace(KEPT, review_until=NOON + 144 * AN_HOUR)) == [
        ("activated", "review")
    ]


def test_what_was_done_too_late_was_late_although_no_job_has_looked() -> None:
    late = NOON + QUARTER
    reached = tickets.reach_owner(a_ticket(), by=arne(), now=late).value

    assert written(a_ticket(), reached, late - A_MOMENT) == [("fulfilled", "first-attempt")]
    assert written(a_ticket(), reached, late) == [
        ("breached", "first-attempt"),
        ("fulfilled", "first-attempt"),
    ]
    # And once is enough.
    known = run_out(a_ticket(), late)
    reached = tickets.reach_owner(known, by=arne(), now=late).value
    assert written(known, reached, late) == [("fulfilled", "first-attempt")]


def test_a_breach_is_written_down_with_the_levels_it_raised() -> None:
    after = run_out(a_ticket(), NOON + 4 * AN_HOUR)

    assert written(a_ticket(), after) == [
        ("breached", "first-attempt"),
        ("breached", "decision"),
        ("level-raised", ""),
        ("level-raised", ""),
    ]


def test_a_pause_and_its_end_are_written_down() -> None:
    before = a_ticket()
    waits = paused(before, AN_HOUR, at=NOON)
    sign = NOON + QUARTER

    assert written(before, waits) == [("paused", "first-attempt"), ("paused", "decision")]
    goes_on = tickets.end_on_sign(waits, now=sign).value
    assert written(waits, goes_on, sign) == [("resumed", "first-attempt"), ("resumed", "decision")]
    # By itself, and found late: it was over when it was over.
    over = tickets.run_out(waits, policy=POLICY, now=NOON + AN_HOUR + A_MOMENT)
    assert over.events == (
        PauseEnded(account_id=OLGAS, ticket_id=TICKET, at=NOON + AN_HOUR + A_MOMENT),
    )
    resumed = tickets.follow(waits, over.value, at=NOON + AN_HOUR + A_MOMENT)
    assert {event.at for event in resumed} == {NOON + AN_HOUR}


def test_a_clock_that_stood_for_itself_is_not_resumed() -> None:
    """The review goes on while the ticket waits for nobody; what had run out was not moved."""
    breached = run_out(a_ticket(), NOON + QUARTER)
    waits = paused(breached, AN_HOUR, at=NOON + QUARTER)

    assert written(breached, waits) == [("paused", "decision")]
    assert written(waits, tickets.end_on_sign(waits, now=NOON + AN_HOUR).value) == [
        ("resumed", "decision")
    ]


Life = list[tuple[datetime, Ticket]]


def lives() -> list[Life]:
    """Ways through a ticket's life, each step with its instant."""
    at = [NOON + step * timedelta(minutes=10) for step in range(20)]
    opened = a_ticket()
    reached = tickets.reach_owner(opened, by=arne(), now=at[1]).value
    waits = paused(reached, 2 * AN_HOUR, at=at[2])
    sign = tickets.end_on_sign(waits, now=at[5]).value
    again = paused(sign, AN_HOUR, at=at[6])
    over = run_out(again, at[13])
    proposed = replace(
        over, stage=PROPOSED, proved_at=at[14], proposed_at=at[14], approval_until=at[15]
    )
    rung = run_out(proposed, at[16])
    kept = replace(
        rung,
        stage=KEPT_FROZEN,
        proposed_at=None,
        kept_frozen_at=at[17],
        review_until=at[17] + 72 * AN_HOUR,
    )
    worked = tickets.work_again(kept, hours=(), decided_within=POLICY.decided_within, now=at[18])
    closed = replace(worked, stage=RELEASED, closed_at=at[19])
    # The same by its rules, while it waits, at a desk that opens an hour after it was sent back.
    keeps = a_proposal(kind=ProposalKind.KEEP_FROZEN)
    held = tickets.propose_keeping(
        waits, keeps, pending=None, policy=POLICY, by=astrid(), now=at[3]
    ).value
    late = run_out(held, at[5])
    _, staying = tickets.keep_frozen(late, keeps, version=1, policy=POLICY, by=arne(), now=at[6])
    decided = replace(keeps, status=ProposalStatus.APPROVED, decided_by=arne().id)
    returned = tickets.review_keeping(
        staying.value,
        decided,
        keeps=False,
        hours=(Span(at[13], at[13] + 9 * AN_HOUR),),
        policy=POLICY,
        by=sofia(),
        now=at[7],
    ).value
    early = paused(opened, AN_HOUR, at=at[0])
    tried = replace(early, attempted_at=at[1])
    return [
        [(at[0], opened)],
        [(at[0], opened), (at[1], reached), (at[2], waits), (at[5], sign), (at[6], again)],
        [
            *((at[0], opened), (at[1], reached), (at[2], waits), (at[5], sign), (at[6], again)),
            *((at[13], over), (at[14], proposed), (at[16], rung), (at[17], kept)),
            *((at[18], worked), (at[19], closed)),
        ],
        [
            *((at[0], opened), (at[1], reached), (at[2], waits), (at[3], held), (at[5], late)),
            *((at[6], staying.value), (at[7], returned)),
        ],
        [(at[0], opened), (at[0], early), (at[1], tried), (at[7], run_out(tried, at[7]))],
        [(at[0], opened), (at[2], run_out(opened, at[2]))],
    ]


@pytest.mark.parametrize("life", lives())
def test_every_deadline_can_be_computed_from_what_was_written_down(life: Life) -> None:
    log: list[ClockEvent] = []
    _, before = life[0]
    for at, after in life[1:]:
        log += tickets.follow(before, after, at=at)
        before = after

        assert tickets.recompute(after, log) == tickets.running(after)


@pytest.mark.parametrize("life", lives())
def test_a_deadline_has_moved_by_the_time_that_the_ticket_waited_and_no_other(life: Life) -> None:
    """The same from the instants alone: how long it stood still, as somebody with a watch would."""
    log: list[ClockEvent] = []
    opened, before = life[0]
    for at, after in life[1:]:
        log += tickets.follow(before, after, at=at)
        before = after
    of_decision = [one for one in log if one.kind is DECISION]
    if not before.is_open or any(one.what is ClockWhat.ACTIVATED for one in of_decision):
        return
    waited = timedelta(0)
    for one in of_decision:
        waited += {ClockWhat.PAUSED: -1, ClockWhat.RESUMED: 1}.get(one.what, 0) * (one.at - opened)
    if before.paused_until is not None:
        waited += before.paused_until - opened

    assert before.decision_until == opened + POLICY.decided_within + waited
