"""Where enough people could approve, one is picked; nobody chooses whose proposals they see."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import pytest

from domain import tickets
from domain.access import Agent, Role
from domain.events import ApproverPicked
from domain.ids import AgentId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import NotPicked
from domain.tickets import Proposal, ProposalStatus
from tests.builders import (
    A_MOMENT,
    ARNE,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    SOFIA,
    TICKET,
    a_proposal,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    arne,
    sofia,
)

POLICY: Final = TicketPolicy()
QUARTER: Final = timedelta(minutes=15)
BEA, DAN = AgentId(UUID(int=71)), AgentId(UUID(int=72))
FOUR: Final = (ARNE, SOFIA, BEA, DAN)


def picked(
    proposal: Proposal, candidates: tuple[AgentId, ...], *, now: datetime = NOON
) -> Proposal:
    return tickets.pick(
        proposal, a_ticket(), candidates, draw=lambda some: some[0], policy=POLICY, now=now
    ).value


def test_with_three_who_could_one_is_picked_and_with_two_nobody_is() -> None:
    one = picked(a_proposal(), (ARNE, SOFIA, BEA))
    nobody = picked(a_proposal(), (ARNE, SOFIA))

    assert (one.approver_id, one.picked_at, one.answers_until) == (ARNE, NOON, NOON + QUARTER)
    assert one.passed_over == ()
    assert (nobody.approver_id, nobody.picked_at, nobody.answers_until) == (None, None, None)


def test_whoever_is_picked_is_recorded_and_nobody_is_no_news() -> None:
    change = tickets.pick(
        a_proposal(), a_ticket(), FOUR, draw=lambda some: some[1], policy=POLICY, now=NOON
    )
    silent = tickets.pick(
        a_proposal(), a_ticket(), (), draw=lambda some: some[1], policy=POLICY, now=NOON
    )

    assert change.events == (
        ApproverPicked(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_proposal().id,
            approver_id=SOFIA,
            at=NOON,
        ),
    )
    assert silent.events == ()


@pytest.mark.parametrize("of_keeping", [False, True])
def test_only_the_one_who_was_picked_approves_and_only_in_their_time(of_keeping: bool) -> None:
    if of_keeping:
        waits = picked(
            a_proposal(kind=tickets.ProposalKind.KEEP_FROZEN, reason="signs-of-fraud"), FOUR
        )
    else:
        waits = picked(a_proposal(), FOUR)

    def approve(by: Agent, now: datetime) -> object:
        if of_keeping:
            return tickets.keep_frozen(a_ticket(), waits, version=1, policy=POLICY, by=by, now=now)
        return tickets.approve(a_ticket(), waits, by=by, now=now)

    with pytest.raises(NotPicked):
        approve(sofia(), NOON)
    with pytest.raises(NotPicked):
        approve(arne(), NOON + QUARTER)
    assert approve(arne(), NOON + QUARTER - A_MOMENT)


def test_anyone_who_may_says_no_picked_or_not() -> None:
    waits = picked(a_proposal(), FOUR)

    assert tickets.reject(a_ticket(), waits, by=sofia(), now=NOON).value.decided_by == SOFIA


def test_who_is_picked_has_fifteen_minutes() -> None:
    waits = picked(a_proposal(), FOUR)

    assert not tickets.must_pick_again(waits, FOUR, now=NOON + QUARTER - A_MOMENT)
    assert tickets.must_pick_again(waits, FOUR, now=NOON + QUARTER)


def test_who_goes_off_shift_is_passed_over_at_once() -> None:
    waits = picked(a_proposal(), FOUR)

    assert tickets.must_pick_again(waits, (SOFIA, BEA, DAN), now=NOON)
    assert not tickets.must_pick_again(a_proposal(), FOUR, now=NOON)
    decided = picked(a_proposal(status=ProposalStatus.REJECTED), FOUR)
    assert not tickets.must_pick_again(decided, (), now=NOON)


def test_nobody_is_picked_twice_while_others_remain_and_then_it_begins_anew() -> None:
    one = picked(a_proposal(), FOUR)
    two = picked(one, FOUR)
    three = picked(two, FOUR)
    four = picked(three, FOUR)
    anew = picked(four, FOUR)

    assert [p.approver_id for p in (one, two, three, four)] == list(FOUR)
    # Not the one who just did not answer, but anybody else again.
    assert (anew.approver_id, anew.passed_over) == (ARNE, (DAN,))
    assert picked(anew, FOUR).approver_id == SOFIA


def test_with_too_few_left_whoever_may_can_approve() -> None:
    waits = picked(a_proposal(), FOUR)

    change = tickets.pick(
        waits, a_ticket(), (SOFIA, BEA), draw=lambda some: some[0], policy=POLICY, now=NOON
    )

    # Who was asked in vain is remembered, should there be enough again.
    assert change.value == a_proposal(passed_over=(ARNE,))
    assert change.events == (
        ApproverPicked(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_proposal().id,
            approver_id=None,
            at=NOON,
        ),
    )
    assert tickets.approve(a_ticket(), change.value, by=sofia(), now=NOON)


@pytest.mark.parametrize(
    ("agent", "could"),
    [
        (an_agent(3), True),
        (an_agent(4), True),
        (an_officer(), True),
        (an_agent(2), False),
        (an_auditor(), False),
        (an_agent(3, ended_at=NOON), False),
        (an_agent(3, wallets=(WalletId(UUID(int=99)),)), False),
        (an_agent(3, can_approve_from=NOON), True),
        (an_agent(3, can_approve_from=NOON + A_MOMENT), False),
        (an_agent(3, id=ASTRID), False),
        (an_agent(3, role=Role.AUDITOR), False),
    ],
)
def test_who_could_be_picked(agent: Agent, could: bool) -> None:
    assert tickets.could_approve(agent, wallet_id=NORTE, proposed_by=ASTRID, now=NOON) == could
