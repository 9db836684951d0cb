"""What becomes of a report. Only `false` counts, and it takes two people, a verified owner and a
reporter who was heard or had their time.
"""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import outcomes
from domain.access import Agent
from domain.events import (
    OutcomeDecided,
    OutcomeProposed,
    OutcomeRejected,
    ReporterAsked,
    ReporterHeard,
)
from domain.ids import VerdictId
from domain.outcomes import Consequence, Verdict, VerdictStatus
from domain.policy import ReportPolicy
from domain.refusals import (
    AlreadyDecided,
    AlreadyProposed,
    DuressNotAsked,
    LevelTooLow,
    NothingPending,
    OwnerNotFree,
    OwnerNotVerified,
    OwnProposal,
    Refused,
    ReporterNotHeard,
    TooNewToApprove,
)
from domain.reports import DECIDED, WITHDRAWN, LossReport, Outcome
from domain.tickets import PROVED, Duress, Ticket
from tests.builders import (
    A_DAY,
    A_MOMENT,
    ASTRID,
    CARL,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_report,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    arne,
    astrid,
    sofia,
)

POLICY = ReportPolicy()
HEARD = a_report(heard_at=NOON)
OPEN = a_ticket()
PROVED_TICKET = a_ticket(stage=PROVED, proved_at=NOON)


def a_verdict(**changes: object) -> Verdict:
    verdict = Verdict(
        id=VerdictId(UUID(int=60)),
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        report_id=HEARD.id,
        proposed_by=ASTRID,
        proposed_at=NOON,
    )
    return replace(verdict, **changes)


def proposed(
    report: LossReport = HEARD,
    *,
    ticket: Ticket = PROVED_TICKET,
    pending: Verdict | None = None,
    by: Agent | None = None,
    now: datetime = NOON,
) -> None:
    outcomes.propose_false(
        report, a_verdict(), ticket=ticket, pending=pending, by=by or astrid(), now=now
    )


def confirmed(report: LossReport, *, now: datetime) -> None:
    outcomes.confirm_false(a_verdict(), report, ticket=PROVED_TICKET, by=arne(), now=now)


def the_decision(outcome: Outcome) -> OutcomeDecided:
    return OutcomeDecided(
        account_id=OLGAS,
        contact_id=CARL,
        report_id=HEARD.id,
        ticket_id=TICKET,
        reference=HEARD.reference,
        outcome=outcome.value,
        at=NOON,
    )


def test_a_reporter_is_asked_once_and_has_48_hours() -> None:
    change = outcomes.ask_reporter(a_report(), policy=POLICY, by=an_agent(1), now=NOON)

    until = NOON + timedelta(hours=48)
    assert change.value.answer_until == until
    assert change.events == (
        ReporterAsked(
            account_id=OLGAS,
            contact_id=CARL,
            report_id=HEARD.id,
            ticket_id=TICKET,
            reference=HEARD.reference,
            answer_until=until,
            at=NOON,
        ),
    )
    again = outcomes.ask_reporter(change.value, policy=POLICY, by=an_agent(1), now=NOON + A_DAY)
    assert (again.value, again.events) == (change.value, ())


def test_a_reporter_is_heard_once() -> None:
    change = outcomes.hear_reporter(a_report(), by=an_agent(1), now=NOON)

    assert change.value.heard_at == NOON
    assert change.events == (
        ReporterHeard(account_id=OLGAS, report_id=HEARD.id, ticket_id=TICKET, at=NOON),
    )
    again = outcomes.hear_reporter(change.value, by=an_agent(1), now=NOON + A_DAY)
    assert (again.value, again.events) == (change.value, ())


def test_only_agents_ask_and_hear_and_only_of_an_open_question() -> None:
    decided = a_report(status=DECIDED, decided_at=NOON, outcome=Outcome.REAL)
    for report, by, refusal in (
        (a_report(), an_auditor(), LevelTooLow),
        (decided, an_agent(1), AlreadyDecided),
    ):
        with pytest.raises(refusal):
            outcomes.ask_reporter(report, policy=POLICY, by=by, now=NOON)
        with pytest.raises(refusal):
            outcomes.hear_reporter(report, by=by, now=NOON)


@pytest.mark.parametrize("outcome", [Outcome.REAL, Outcome.FOUND, Outcome.MISTAKE])
def test_one_agent_of_level_2_decides_what_does_not_count(outcome: Outcome) -> None:
    with pytest.raises(LevelTooLow):
        outcomes.decide(a_report(), outcome, ticket=OPEN, pending=None, by=an_agent(1), now=NOON)
    change = outcomes.decide(a_report(), outcome, ticket=OPEN, pending=None, by=astrid(), now=NOON)

    assert (change.value.status, change.value.outcome, change.value.decided_at) == (
        DECIDED,
        outcome,
        NOON,
    )
    assert change.events == (the_decision(outcome),)


def test_an_outcome_is_decided_once() -> None:
    decided = a_report(status=DECIDED, decided_at=NOON, outcome=Outcome.REAL)

    with pytest.raises(AlreadyDecided):
        outcomes.decide(decided, Outcome.FOUND, ticket=OPEN, pending=None, by=astrid(), now=NOON)
    with pytest.raises(AlreadyProposed):
        outcomes.decide(
            HEARD, Outcome.FOUND, ticket=OPEN, pending=a_verdict(), by=astrid(), now=NOON
        )
    with pytest.raises(AlreadyDecided):
        proposed(decided)
    with pytest.raises(AlreadyDecided):
        outcomes.confirm_false(a_verdict(), decided, ticket=PROVED_TICKET, by=arne(), now=NOON)


@pytest.mark.parametrize("outcome", [Outcome.FOUND, Outcome.MISTAKE])
def test_in_danger_only_a_free_owner_takes_anything_back(outcome: Outcome) -> None:
    def decided(judged: Outcome, duress: Duress | None) -> object:
        ticket = a_ticket(danger=True, duress=duress)
        return outcomes.decide(
            HEARD, judged, ticket=ticket, pending=None, by=astrid(), now=NOON
        ).events

    assert decided(outcome, Duress.FREE)
    with pytest.raises(DuressNotAsked):
        decided(outcome, None)
    with pytest.raises(OwnerNotFree):
        decided(outcome, Duress.NOT_FREE)
    # What makes the danger real needs nobody's leave.
    for duress in (None, *Duress):
        assert decided(Outcome.REAL, duress)


def test_one_person_never_decides_that_a_report_is_false() -> None:
    with pytest.raises(
        ValueError, match=r"^that a report is false is proposed, and confirmed by another$"
    ):
        outcomes.decide(HEARD, Outcome.FALSE, ticket=OPEN, pending=None, by=sofia(), now=NOON)


def test_false_is_proposed_from_level_2_and_once() -> None:
    change = outcomes.propose_false(
        HEARD, a_verdict(), ticket=PROVED_TICKET, pending=None, by=astrid(), now=NOON
    )

    assert change.value == a_verdict()
    assert change.events == (
        OutcomeProposed(
            account_id=OLGAS,
            report_id=HEARD.id,
            ticket_id=TICKET,
            verdict_id=a_verdict().id,
            proposed_by=ASTRID,
            outcome="false",
            at=NOON,
        ),
    )
    with pytest.raises(LevelTooLow):
        proposed(by=an_agent(1))
    with pytest.raises(AlreadyProposed):
        proposed(pending=a_verdict())


def test_taking_a_report_back_does_not_keep_it_from_being_judged() -> None:
    proposed(replace(HEARD, status=WITHDRAWN, withdrawn_at=NOON))


def test_false_needs_a_verified_owner_who_is_free() -> None:
    danger = replace(PROVED_TICKET, danger=True)
    for ticket, refusal in (
        (a_ticket(), OwnerNotVerified),
        (danger, DuressNotAsked),
        (replace(danger, duress=Duress.NOT_FREE), OwnerNotFree),
    ):
        with pytest.raises(refusal):
            proposed(ticket=ticket)
    proposed(ticket=replace(danger, duress=Duress.FREE))


def test_false_needs_a_reporter_who_was_heard_or_had_48_hours() -> None:
    until = NOON + timedelta(hours=48)
    with pytest.raises(ReporterNotHeard):
        proposed(a_report())
    with pytest.raises(ReporterNotHeard):
        proposed(a_report(answer_until=until), now=until - A_MOMENT)
    proposed(a_report(answer_until=until), now=until)
    with pytest.raises(ReporterNotHeard):
        confirmed(a_report(answer_until=until), now=until - A_MOMENT)
    confirmed(a_report(answer_until=until), now=until)


def test_a_second_person_confirms() -> None:
    verdict, report = outcomes.confirm_false(
        a_verdict(), HEARD, ticket=PROVED_TICKET, by=arne(), now=NOON
    )

    assert verdict.value.status is VerdictStatus.CONFIRMED
    assert (verdict.value.decided_by, verdict.value.decided_at) == (arne().id, NOON)
    assert verdict.events == ()
    assert (report.value.status, report.value.outcome) == (DECIDED, Outcome.FALSE)
    assert (report.value.decided_at, report.events) == (NOON, (the_decision(Outcome.FALSE),))
    outcomes.confirm_false(a_verdict(), HEARD, ticket=PROVED_TICKET, by=an_officer(), now=NOON)


@pytest.mark.parametrize(
    ("verdict", "by", "refusal"),
    [
        (a_verdict(), an_agent(2, id=arne().id), LevelTooLow),
        (a_verdict(), arne(can_approve_from=NOON + A_MOMENT), TooNewToApprove),
        (a_verdict(proposed_by=arne().id), arne(), OwnProposal),
        (None, arne(), NothingPending),
        (a_verdict(status=VerdictStatus.REJECTED), arne(), NothingPending),
    ],
)
def test_who_may_not_decide_on_it(
    verdict: Verdict | None, by: Agent, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        outcomes.confirm_false(verdict, HEARD, ticket=PROVED_TICKET, by=by, now=NOON)
    with pytest.raises(refusal):
        outcomes.reject_false(verdict, by=by, now=NOON)


def test_what_made_it_fair_is_asked_again_at_the_end() -> None:
    with pytest.raises(DuressNotAsked):
        outcomes.confirm_false(
            a_verdict(), HEARD, ticket=replace(PROVED_TICKET, danger=True), by=arne(), now=NOON
        )


def test_a_second_person_may_say_no() -> None:
    change = outcomes.reject_false(a_verdict(), by=arne(), now=NOON)

    assert change.value.status is VerdictStatus.REJECTED
    assert (change.value.decided_by, change.value.decided_at) == (arne().id, NOON)
    assert change.events == (
        OutcomeRejected(
            account_id=OLGAS,
            report_id=HEARD.id,
            ticket_id=TICKET,
            verdict_id=change.value.id,
            rejected_by=arne().id,
            at=NOON,
        ),
    )


def test_one_false_report_pauses_two_in_180_days_suspend() -> None:
    half_a_year = timedelta(days=180)

    def follows(*decided: datetime) -> Consequence:
        return outcomes.consequence(decided, policy=POLICY, now=NOON)

    assert follows() is Consequence.NOTHING
    assert follows(NOON) is Consequence.PAUSE
    assert follows(NOON + A_MOMENT) is Consequence.NOTHING
    assert follows(NOON, NOON - half_a_year + A_MOMENT) is Consequence.SUSPEND
    assert follows(NOON, NOON - half_a_year) is Consequence.PAUSE
    assert follows(NOON - half_a_year) is Consequence.NOTHING
    assert follows(NOON, NOON, NOON) is Consequence.SUSPEND
