"""An account stays frozen for now: two decide, a third looks again, a proof leads back."""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest

from domain import on_call, tickets
from domain.access import Agent
from domain.change import Change
from domain.events import (
    AccountKeptFrozen,
    KeepingProposed,
    KeepingRejected,
    KeepingReviewed,
    PauseEnded,
)
from domain.ids import AgentId, ReleaseReviewId
from domain.on_call import RingWhy
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AlreadyDecided,
    AlreadyProposed,
    EvidenceChanged,
    Involved,
    KeptFrozen,
    LevelTooLow,
    NothingPending,
    NotKeptFrozen,
    OwnDecision,
    OwnProposal,
    TooNewToApprove,
)
from domain.tickets import (
    KEPT_FROZEN,
    OPENED,
    OWNER_REACHED,
    PROPOSED,
    PROVED,
    Clock,
    Finding,
    KeepReason,
    PauseReason,
    ProofKind,
    Proposal,
    ProposalKind,
    ProposalStatus,
    RejectReason,
    ReleaseReview,
    Span,
    Ticket,
    ToBring,
)
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    ARNE,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    SOFIA,
    TICKET,
    a_proof,
    a_proposal,
    a_ticket,
    an_agent,
    an_officer,
    arne,
    astrid,
    enough_proofs,
    grounds,
    sofia,
)

POLICY: Final = TicketPolicy()
THREE_DAYS: Final = timedelta(hours=72)


def a_keeping(**changes: Any) -> Proposal:
    said = {"kind": ProposalKind.KEEP_FROZEN, "reason": KeepReason.SIGNS_OF_FRAUD.value}
    return a_proposal(**{**said, **changes})


def kept(by: Agent | None = None) -> tuple[Change[Proposal], Change[Ticket]]:
    return tickets.keep_frozen(
        a_ticket(stage=PROPOSED, proposed_at=NOON),
        a_keeping(to_bring=(ToBring.POLICE_REPORT,)),
        version=3,
        policy=POLICY,
        by=by or arne(),
        now=NOON,
    )


@pytest.mark.parametrize("stage", [OPENED, OWNER_REACHED, PROVED])
def test_it_is_proposed_at_any_stage_without_proofs(stage: tickets.Stage) -> None:
    change = tickets.propose_keeping(
        a_ticket(stage=stage), a_keeping(), pending=None, policy=POLICY, by=astrid(), now=NOON
    )

    assert (change.value.stage, change.value.proposed_at) == (PROPOSED, NOON)
    assert change.events == (
        KeepingProposed(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_keeping().id,
            proposed_by=ASTRID,
            reason="signs-of-fraud",
            at=NOON,
        ),
    )


def test_what_is_to_stay_frozen_waits_for_its_second_person_as_long_as_a_release() -> None:
    proved = a_ticket(stage=PROVED, proved_at=NOON)
    to_keep = tickets.propose_keeping(
        proved, a_keeping(), pending=None, policy=POLICY, by=astrid(), now=NOON
    ).value
    to_release = tickets.propose(
        proved,
        a_proposal(),
        pending=None,
        proofs=enough_proofs(),
        lost_at=NOON,
        policy=POLICY,
        by=astrid(),
        now=NOON,
    ).value

    assert to_keep == to_release
    until = NOON + POLICY.approved_within
    assert tickets.running(to_keep)[Clock.APPROVAL] == until
    early = tickets.run_out(to_keep, policy=POLICY, now=until - A_MOMENT).value
    late = tickets.run_out(to_keep, policy=POLICY, now=until).value
    assert RingWhy.NO_APPROVER not in on_call.reasons(to_keep, early)
    assert on_call.reasons(to_keep, late) == (RingWhy.NO_APPROVER,)
    # Decided, it waits for nobody.
    done = tickets.keep_frozen(to_keep, a_keeping(), version=1, policy=POLICY, by=arne(), now=until)
    assert set(tickets.running(done[1].value)) == {Clock.REVIEW}
    assert done[1].value.approval_until is None


def test_what_cannot_be_kept_frozen() -> None:
    def propose(**changes: Any) -> object:
        by = changes.pop("by", astrid())
        pending = changes.pop("pending", None)
        return tickets.propose_keeping(
            a_ticket(**changes), a_keeping(), pending=pending, policy=POLICY, by=by, now=NOON
        )

    with pytest.raises(LevelTooLow):
        propose(by=an_agent(1))
    with pytest.raises(AccountNotFrozen):
        propose(unconfirmed=True)
    with pytest.raises(AlreadyProposed):
        propose(pending=a_proposal())
    with pytest.raises(KeptFrozen):
        propose(stage=KEPT_FROZEN, kept_frozen_at=NOON)
    assert propose()


def test_nothing_is_released_straight_from_where_it_is_kept_frozen() -> None:
    with pytest.raises(KeptFrozen):
        tickets.propose(
            a_ticket(stage=KEPT_FROZEN),
            a_proposal(),
            pending=None,
            proofs=enough_proofs(),
            lost_at=NOON,
            policy=POLICY,
            by=astrid(),
            now=NOON,
        )


def test_the_second_person_keeps_it_and_a_supervisor_looks_within_three_days() -> None:
    approved, ticket = kept()

    assert approved.value.status is ProposalStatus.APPROVED
    assert (approved.value.decided_by, approved.value.decided_at) == (ARNE, NOON)
    assert (ticket.value.stage, ticket.value.is_open) == (KEPT_FROZEN, True)
    assert (ticket.value.kept_frozen_at, ticket.value.review_until) == (NOON, NOON + THREE_DAYS)
    assert ticket.value.proposed_at is None
    assert ticket.events == (
        AccountKeptFrozen(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_keeping().id,
            proposed_by=ASTRID,
            approved_by=ARNE,
            reason="signs-of-fraud",
            to_bring=("police-report",),
            version=3,
            review_until=NOON + THREE_DAYS,
            at=NOON,
        ),
    )


def test_keeping_needs_another_who_may_on_the_same_evidence() -> None:
    with pytest.raises(LevelTooLow):
        kept(by=an_agent(2))
    with pytest.raises(TooNewToApprove):
        kept(by=arne(can_approve_from=NOON + A_MOMENT))
    with pytest.raises(OwnProposal):
        kept(by=an_agent(3, id=ASTRID))
    with pytest.raises(EvidenceChanged):
        tickets.keep_frozen(
            a_ticket(evidence_version=1), a_keeping(), version=1, policy=POLICY, by=arne(), now=NOON
        )
    assert kept(by=an_officer())[1].value.stage is KEPT_FROZEN


def test_neither_kind_is_approved_as_the_other() -> None:
    with pytest.raises(NothingPending):
        tickets.approve(a_ticket(), a_keeping(), by=arne(), now=NOON)
    with pytest.raises(NothingPending):
        tickets.keep_frozen(a_ticket(), a_proposal(), version=1, policy=POLICY, by=arne(), now=NOON)


def test_a_no_says_why_and_leads_back_to_where_the_facts_are() -> None:
    change = tickets.reject(
        a_ticket(), a_keeping(), by=arne(), now=NOON, reason=RejectReason.SOMETHING_OPEN
    )

    assert change.value.reject_reason is RejectReason.SOMETHING_OPEN
    (event,) = change.events
    assert isinstance(event, KeepingRejected)
    assert event.reason == "something-open"
    waiting = a_ticket(stage=PROPOSED, proposed_at=NOON)
    assert tickets.back_to_proofs(waiting).stage is OPENED
    reached = a_ticket(stage=PROPOSED, proposed_at=NOON, owner_reached_at=NOON)
    assert tickets.back_to_proofs(reached).stage is OWNER_REACHED
    proved = a_ticket(stage=PROPOSED, proposed_at=NOON, proved_at=NOON)
    assert tickets.back_to_proofs(proved).stage is PROVED
    assert tickets.back_to_proofs(a_ticket()) == a_ticket()


def a_kept_ticket(**changes: Any) -> tickets.Ticket:
    facts = {"kept_frozen_at": NOON, "review_until": NOON + THREE_DAYS, **changes}
    return a_ticket(stage=KEPT_FROZEN, **facts)


def the_decision() -> Proposal:
    return a_keeping(status=ProposalStatus.APPROVED, decided_by=ARNE, decided_at=NOON)


def test_only_a_third_person_of_level_four_looks_at_it_again() -> None:
    def review(by: Agent, **changes: Any) -> object:
        ticket = changes.get("ticket", a_kept_ticket())
        decision = changes.get("decision", the_decision())
        return tickets.review_keeping(
            ticket, decision, keeps=True, hours=(), policy=POLICY, by=by, now=NOON
        )

    with pytest.raises(LevelTooLow):
        review(an_agent(3))
    with pytest.raises(LevelTooLow):
        review(an_officer())
    for one_of_the_two in (ASTRID, ARNE):
        with pytest.raises(OwnDecision):
            review(an_agent(4, id=one_of_the_two))
    with pytest.raises(OwnDecision):
        review(sofia(), decision=None)
    with pytest.raises(NotKeptFrozen):
        review(sofia(), ticket=a_ticket())
    assert review(sofia())


def test_it_stays_for_as_long_again_or_is_worked_on_with_the_time_a_decision_takes() -> None:
    late = NOON + THREE_DAYS
    stays = tickets.review_keeping(
        a_kept_ticket(), the_decision(), keeps=True, hours=(), policy=POLICY, by=sofia(), now=late
    )
    back = tickets.review_keeping(
        a_kept_ticket(owner_reached_at=NOON),
        the_decision(),
        keeps=False,
        hours=(),
        policy=POLICY,
        by=sofia(),
        now=late,
    )

    assert stays.value.stage is KEPT_FROZEN
    assert (stays.value.reviewed_at, stays.value.review_until) == (late, late + THREE_DAYS)
    assert (back.value.stage, back.value.kept_frozen_at) == (OWNER_REACHED, None)
    assert (back.value.review_until, back.value.reviewed_at) == (None, late)
    assert back.value.decision_until == late + POLICY.decided_within
    for change, until in ((stays, late + THREE_DAYS), (back, None)):
        assert change.events == (
            KeepingReviewed(
                account_id=OLGAS,
                ticket_id=TICKET,
                reviewed_by=SOFIA,
                keeps=until is not None,
                review_until=until,
                at=late,
            ),
        )


OPENS: Final = NOON + THREE_DAYS + 12 * AN_HOUR
# The desk is shut when the supervisor looks, and opens in the morning.
HOURS: Final = (Span(OPENS, OPENS + 9 * AN_HOUR),)


def test_sent_back_while_the_desk_is_shut_it_has_the_time_of_a_decision_once_it_opens() -> None:
    late = NOON + THREE_DAYS

    back = tickets.review_keeping(
        a_kept_ticket(),
        the_decision(),
        keeps=False,
        hours=HOURS,
        policy=POLICY,
        by=sofia(),
        now=late,
    ).value

    assert back.decision_until == OPENS + POLICY.decided_within


def test_proved_while_the_desk_is_shut_it_has_the_time_of_a_decision_once_it_opens() -> None:
    code, reproofing = enough_proofs()

    proved = tickets.prove(
        a_kept_ticket(), reproofing, on=grounds(code, hours=HOURS), now=NOON + THREE_DAYS
    ).value

    assert proved.decision_until == OPENS + POLICY.decided_within
    # A promise that lies further ahead is not taken back.
    further = a_kept_ticket(decision_until=OPENS + 8 * AN_HOUR)
    kept_promise = tickets.prove(
        further, reproofing, on=grounds(code, hours=HOURS), now=NOON + THREE_DAYS
    ).value
    assert kept_promise.decision_until == further.decision_until


def test_a_decision_ends_the_waiting_and_its_rest_is_never_counted_as_waited() -> None:
    opened = a_ticket(attempted_at=NOON)
    waits = tickets.pause(
        opened,
        reason=PauseReason.OWNER,
        until=NOON + 12 * AN_HOUR,
        hours=(),
        policy=POLICY,
        by=astrid(),
        now=NOON,
    ).value
    proposed = tickets.propose_keeping(
        waits, a_keeping(), pending=None, policy=POLICY, by=astrid(), now=NOON
    ).value
    soon = NOON + AN_HOUR

    _, decided = tickets.keep_frozen(
        proposed, a_keeping(), version=1, policy=POLICY, by=arne(), now=soon
    )
    back = tickets.review_keeping(
        decided.value,
        the_decision(),
        keeps=False,
        hours=(),
        policy=POLICY,
        by=sofia(),
        now=soon + AN_HOUR,
    ).value

    assert [type(event) for event in decided.events] == [AccountKeptFrozen, PauseEnded]
    assert decided.value.paused_until is None
    # Twelve hours of pause, of which one was waited.
    assert waits.decision_until == NOON + 16 * AN_HOUR
    assert back.decision_until == soon + AN_HOUR + POLICY.decided_within


def test_enough_proofs_lead_back_and_too_few_do_not() -> None:
    code, reproofing = enough_proofs()

    few = tickets.prove(a_kept_ticket(), code, on=grounds(), now=NOON + AN_HOUR).value
    enough = tickets.prove(a_kept_ticket(), reproofing, on=grounds(code), now=NOON + AN_HOUR).value

    assert few.stage is KEPT_FROZEN
    assert (enough.stage, enough.kept_frozen_at, enough.review_until) == (PROVED, None, None)


def test_a_proof_that_is_not_enough_takes_the_ticket_back_from_what_was_proposed() -> None:
    waiting = a_ticket(stage=PROPOSED, proposed_at=NOON)

    proved = tickets.prove(waiting, a_proof(ProofKind.OWNER_CODE), on=grounds(), now=NOON).value

    assert (proved.stage, proved.proposed_at) == (OPENED, None)


# A release that is looked at again --------------------------------------------------------------


def a_review(**changes: Any) -> ReleaseReview:
    facts: dict[str, Any] = {
        "id": ReleaseReviewId(UUID(int=81)),
        "wallet_id": NORTE,
        "account_id": OLGAS,
        "ticket_id": TICKET,
        "involved": (ASTRID, ARNE),
        "drawn_at": NOON,
    }
    return ReleaseReview(**{**facts, **changes})


def test_a_release_is_looked_at_again_by_somebody_uninvolved() -> None:
    def look(**changes: Any) -> object:
        return tickets.review_release(
            a_review(), Finding.IN_ORDER, words=None, by=an_agent(3, **changes), now=NOON
        )

    for involved in (ASTRID, ARNE):
        with pytest.raises(Involved):
            look(id=involved)
    with pytest.raises(LevelTooLow):
        tickets.review_release(a_review(), Finding.IN_ORDER, words=None, by=an_agent(2), now=NOON)
    assert look(id=AgentId(UUID(int=82)))


def test_what_was_found_is_said_once() -> None:
    drawn = tickets.draw_release(a_review(), now=NOON)
    found = tickets.review_release(
        drawn.value, Finding.NOT_IN_ORDER, words=b"sealed", by=sofia(), now=NOON
    )

    assert found.value.finding is Finding.NOT_IN_ORDER
    assert (found.value.reviewed_by, found.value.words) == (SOFIA, b"sealed")
    with pytest.raises(AlreadyDecided):
        tickets.review_release(found.value, Finding.IN_ORDER, words=None, by=sofia(), now=NOON)
