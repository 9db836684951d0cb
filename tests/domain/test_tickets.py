"""From a frozen account to an owner who is safe: two proofs, two people."""

from collections.abc import Callable
from datetime import datetime

import pytest

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.events import (
    OwnerReached,
    ProofRecorded,
    ProposalVoided,
    ReleaseApproved,
    ReleaseProposed,
    ReleaseRejected,
    TicketJoined,
    TicketOpened,
)
from domain.policy import TicketPolicy
from domain.refusals import (
    AlreadyProposed,
    EvidenceChanged,
    LevelTooLow,
    NothingPending,
    OwnProposal,
    ProofsMissing,
    TicketClosed,
    TooNewToApprove,
)
from domain.tickets import (
    OPENED,
    OUT_OF_REACH,
    OWNER_REACHED,
    PROPOSED,
    PROVED,
    RELEASED,
    Proof,
    ProofKind,
    Proposal,
    ProposalStatus,
    Ticket,
    TicketKind,
)
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    ARNE,
    ASTRID,
    NOON,
    OLGAS,
    SOFIA,
    TICKET,
    a_proof,
    a_proposal,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    arne,
    astrid,
    enough_proofs,
    grounds,
    sofia,
)

POLICY = TicketPolicy()
CLOSED = a_ticket(stage=RELEASED, closed_at=NOON)
NOT_PENDING = sorted(set(ProposalStatus) - {ProposalStatus.PENDING})


def proved(
    ticket: Ticket, proof: Proof, *before: Proof, by: Agent | None = None, now: datetime = NOON
) -> Change[Ticket]:
    tickets.require_prover(ticket, by=by or astrid())
    return tickets.prove(ticket, proof, on=grounds(*before), now=now)


def proposed(
    ticket: Ticket,
    *,
    pending: Proposal | None = None,
    proofs: tuple[Proof, ...] | None = None,
    by: Agent | None = None,
) -> Change[Ticket]:
    return tickets.propose(
        ticket,
        a_proposal(),
        pending=pending,
        proofs=enough_proofs() if proofs is None else proofs,
        lost_at=NOON,
        policy=POLICY,
        by=by or astrid(),
        now=NOON,
    )


# Opened, joined, reached ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(TicketKind))
def test_a_ticket_is_told_with_its_kind(kind: TicketKind) -> None:
    change = tickets.open_ticket(a_ticket(kind=kind), now=NOON)

    assert change.value.stage is OPENED
    assert change.value.is_open
    assert change.events == (
        TicketOpened(account_id=OLGAS, ticket_id=TICKET, kind=kind.value, at=NOON),
    )


def test_another_report_of_the_same_loss_moves_the_ticket_up() -> None:
    change = tickets.join(a_ticket(boost=2), now=NOON)

    assert change.value == a_ticket(boost=3)
    assert change.events == (TicketJoined(account_id=OLGAS, ticket_id=TICKET, boost=3, at=NOON),)


def test_reaching_the_owner_is_noted_once() -> None:
    first = tickets.reach_owner(a_ticket(), by=an_agent(1), now=NOON)
    again = tickets.reach_owner(first.value, by=arne(), now=NOON + AN_HOUR)

    assert first.value.owner_reached_at == NOON
    assert first.value.stage is OWNER_REACHED
    assert first.events == (OwnerReached(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    assert again.value == first.value
    assert again.events == ()


def test_reaching_the_owner_late_takes_nothing_back() -> None:
    ticket = a_ticket(stage=PROVED, proved_at=NOON)

    reached = tickets.reach_owner(ticket, by=astrid(), now=NOON + AN_HOUR).value

    assert reached.stage is PROVED
    assert reached.owner_reached_at == NOON + AN_HOUR


# Proofs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", list(ProofKind))
@pytest.mark.parametrize("other", list(ProofKind))
def test_release_needs_two_kinds_of_proof_one_of_them_out_of_the_thief_s_reach(
    one: ProofKind, other: ProofKind
) -> None:
    out_of_reach = {ProofKind.WALLET_REPROOFING, ProofKind.RECOVERY_CARD}

    enough = tickets.are_enough((a_proof(one), a_proof(other)), lost_at=NOON, policy=POLICY)

    assert enough == (one is not other and bool({one, other} & out_of_reach))
    assert out_of_reach == OUT_OF_REACH


def test_the_same_kind_twice_is_one_proof_and_none_is_none() -> None:
    card = a_proof(ProofKind.RECOVERY_CARD)

    assert not tickets.are_enough((), lost_at=NOON, policy=POLICY)
    assert not tickets.are_enough((card,), lost_at=NOON, policy=POLICY)
    assert not tickets.are_enough((card, card, card), lost_at=NOON, policy=POLICY)
    assert tickets.are_enough((card, a_proof(ProofKind.OWNER_CODE)), lost_at=NOON, policy=POLICY)


def test_a_wallet_may_ask_for_more_proofs() -> None:
    three = TicketPolicy(proofs_for_release=3)
    kinds = (ProofKind.OWNER_CODE, ProofKind.WALLET_REPROOFING, ProofKind.REPLACED_LINE)

    assert not tickets.are_enough(tuple(map(a_proof, kinds[:2])), lost_at=NOON, policy=three)
    assert tickets.are_enough(tuple(map(a_proof, kinds)), lost_at=NOON, policy=three)


def test_a_ticket_is_proved_by_the_proof_that_makes_them_enough() -> None:
    code, reproofing = enough_proofs()

    first = proved(a_ticket(), code)
    second = proved(first.value, reproofing, code, now=NOON + AN_HOUR)

    assert (first.value.stage, first.value.proved_at) == (OPENED, None)
    assert (second.value.stage, second.value.proved_at) == (PROVED, NOON + AN_HOUR)
    assert second.events == (
        ProofRecorded(
            account_id=OLGAS,
            ticket_id=TICKET,
            proof_id=reproofing.id,
            kind="wallet-reproofing",
            at=NOON + AN_HOUR,
        ),
    )


def test_a_further_proof_keeps_the_instant_from_which_the_ticket_was_proved() -> None:
    ticket = a_ticket(stage=PROVED, proved_at=NOON - AN_HOUR)

    again = proved(ticket, a_proof(ProofKind.RECOVERY_CARD), *enough_proofs()).value

    assert again.proved_at == NOON - AN_HOUR


def test_every_proof_makes_another_evidence() -> None:
    code, reproofing = enough_proofs()

    one = proved(a_ticket(), code).value
    two = proved(one, code, code).value
    three = proved(two, reproofing, code, code).value

    assert [t.evidence_version for t in (one, two, three)] == [1, 2, 3]


def test_new_evidence_takes_the_ticket_back_from_its_proposal() -> None:
    waiting = proposed(a_ticket(stage=PROVED, proved_at=NOON - AN_HOUR)).value

    back = proved(waiting, a_proof(ProofKind.RECOVERY_CARD), *enough_proofs()).value

    assert (waiting.stage, waiting.proposed_at) == (PROPOSED, NOON)
    assert (back.stage, back.proposed_at) == (PROVED, None)


def test_a_proposal_on_old_evidence_is_void_and_nobody_decided_it() -> None:
    change = tickets.void_proposal(a_proposal(), a_ticket(), now=NOON)

    assert change.value.status is ProposalStatus.VOID
    assert (change.value.decided_by, change.value.decided_at) == (None, NOON)
    assert change.events == (
        ProposalVoided(account_id=OLGAS, ticket_id=TICKET, proposal_id=change.value.id, at=NOON),
    )


@pytest.mark.parametrize("status", NOT_PENDING)
def test_what_was_decided_cannot_become_void(status: ProposalStatus) -> None:
    with pytest.raises(NothingPending):
        tickets.void_proposal(a_proposal(status=status), a_ticket(), now=NOON)


# The first of two people ------------------------------------------------------------------------


def test_a_proposal_puts_the_ticket_before_a_second_person() -> None:
    change = proposed(a_ticket(stage=PROVED))

    assert (change.value.stage, change.value.proposed_at) == (PROPOSED, NOON)
    assert change.value.is_open
    assert change.events == (
        ReleaseProposed(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_proposal().id,
            proposed_by=ASTRID,
            reason="owner-safe",
            at=NOON,
        ),
    )


def test_nothing_is_proposed_before_the_proofs_are_enough() -> None:
    code, reproofing = enough_proofs()

    for too_few in ((), (code,), (reproofing,), (code, code)):
        with pytest.raises(ProofsMissing):
            proposed(a_ticket(), proofs=too_few)
    proposed(a_ticket(), proofs=(code, reproofing))


def test_a_second_proposal_waits_for_the_first() -> None:
    with pytest.raises(AlreadyProposed):
        proposed(a_ticket(), pending=a_proposal())
    proposed(a_ticket(), pending=None)


# The second of two people -----------------------------------------------------------------------

DECISIONS: list[Callable[..., Change[Proposal]]] = [tickets.approve, tickets.reject]


def test_an_approval_names_both_people() -> None:
    change = tickets.approve(a_ticket(), a_proposal(), by=arne(), now=NOON)

    assert change.value.status is ProposalStatus.APPROVED
    assert (change.value.decided_by, change.value.decided_at) == (ARNE, NOON)
    assert change.events == (
        ReleaseApproved(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_proposal().id,
            proposed_by=ASTRID,
            approved_by=ARNE,
            at=NOON,
        ),
    )


def test_a_rejection_names_who_said_no() -> None:
    change = tickets.reject(a_ticket(), a_proposal(), by=sofia(), now=NOON)

    assert change.value.status is ProposalStatus.REJECTED
    assert (change.value.decided_by, change.value.decided_at) == (SOFIA, NOON)
    assert change.events == (
        ReleaseRejected(
            account_id=OLGAS,
            ticket_id=TICKET,
            proposal_id=a_proposal().id,
            rejected_by=SOFIA,
            reason="other",
            at=NOON,
        ),
    )


@pytest.mark.parametrize("decide", DECISIONS)
@pytest.mark.parametrize("agent", [arne(), sofia()])
def test_nobody_decides_what_they_proposed(
    decide: Callable[..., Change[Proposal]], agent: Agent
) -> None:
    own, another_s = a_proposal(proposed_by=agent.id), a_proposal(proposed_by=ASTRID)

    with pytest.raises(OwnProposal):
        decide(a_ticket(), own, by=agent, now=NOON)
    decide(a_ticket(), another_s, by=agent, now=NOON)


@pytest.mark.parametrize("decide", DECISIONS)
def test_a_new_agent_decides_nothing_until_the_wait_is_over(
    decide: Callable[..., Change[Proposal]],
) -> None:
    new = arne(can_approve_from=NOON)

    with pytest.raises(TooNewToApprove):
        decide(a_ticket(), a_proposal(), by=new, now=NOON - A_MOMENT)
    decide(a_ticket(), a_proposal(), by=new, now=NOON)


@pytest.mark.parametrize("decide", DECISIONS)
def test_there_must_be_something_to_decide(decide: Callable[..., Change[Proposal]]) -> None:
    with pytest.raises(NothingPending):
        decide(a_ticket(), None, by=arne(), now=NOON)
    for status in NOT_PENDING:
        with pytest.raises(NothingPending):
            decide(a_ticket(), a_proposal(status=status), by=arne(), now=NOON)
    decide(a_ticket(), a_proposal(), by=arne(), now=NOON)


def test_an_approval_is_for_exactly_the_evidence_that_was_proposed_on() -> None:
    for other in (2, 4):
        with pytest.raises(EvidenceChanged):
            tickets.approve(
                a_ticket(evidence_version=other),
                a_proposal(evidence_version=3),
                by=arne(),
                now=NOON,
            )
    tickets.approve(
        a_ticket(evidence_version=3), a_proposal(evidence_version=3), by=arne(), now=NOON
    )


def test_a_rejection_needs_no_fresh_evidence() -> None:
    tickets.reject(
        a_ticket(evidence_version=4), a_proposal(evidence_version=3), by=arne(), now=NOON
    )


def test_a_rejected_ticket_goes_back_to_its_proofs() -> None:
    waiting = a_ticket(stage=PROPOSED, proved_at=NOON - AN_HOUR, proposed_at=NOON)

    back = tickets.back_to_proofs(waiting)

    assert back == a_ticket(stage=PROVED, proved_at=NOON - AN_HOUR)


def test_a_released_ticket_is_closed() -> None:
    closed = tickets.close_released(a_ticket(stage=PROPOSED), now=NOON)

    assert (closed.stage, closed.closed_at) == (RELEASED, NOON)
    assert not closed.is_open


# Who may, and until when ------------------------------------------------------------------------

Act = Callable[[Ticket, Agent], object]
ACTS: dict[str, tuple[Act, int]] = {
    "reach the owner": (lambda t, by: tickets.reach_owner(t, by=by, now=NOON), 1),
    "record a proof": (lambda t, by: proved(t, a_proof(), by=by), 1),
    "propose": (lambda t, by: proposed(t, by=by), 2),
    "approve": (lambda t, by: tickets.approve(t, a_proposal(), by=by, now=NOON), 3),
    "reject": (lambda t, by: tickets.reject(t, a_proposal(), by=by, now=NOON), 3),
}


@pytest.mark.parametrize("act", ACTS)
def test_levels_add_up(act: str) -> None:
    do, needed = ACTS[act]

    for level in range(1, needed):
        with pytest.raises(LevelTooLow):
            do(a_ticket(), an_agent(level))
    for level in range(needed, 5):
        do(a_ticket(), an_agent(level))


@pytest.mark.parametrize("act", ACTS)
def test_an_officer_only_approves_and_an_auditor_does_nothing(act: str) -> None:
    do, _ = ACTS[act]

    if act in {"approve", "reject"}:
        do(a_ticket(), an_officer())
    else:
        with pytest.raises(LevelTooLow):
            do(a_ticket(), an_officer())
    with pytest.raises(LevelTooLow):
        do(a_ticket(), an_auditor())


@pytest.mark.parametrize("act", ACTS)
def test_nothing_happens_on_a_closed_ticket(act: str) -> None:
    do, _ = ACTS[act]

    do(a_ticket(), sofia())
    with pytest.raises(TicketClosed):
        do(CLOSED, sofia())


def test_a_closed_ticket_is_neither_joined_nor_closed_again() -> None:
    with pytest.raises(TicketClosed):
        tickets.join(CLOSED, now=NOON)
    with pytest.raises(TicketClosed):
        tickets.close_released(CLOSED, now=NOON)
