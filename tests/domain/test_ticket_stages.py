"""Every way through a ticket's life, walked by its rules: no other stage follows, and no path to
a release has fewer than two proofs or two people.
"""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Final, NamedTuple

import pytest

from domain import tickets
from domain.access import Agent
from domain.policy import TicketPolicy
from domain.refusals import AccountNotFrozen, Refused
from domain.tickets import (
    CLOSED,
    LEADS_TO,
    RELEASED,
    CloseReason,
    KeepReason,
    Priority,
    Proof,
    ProofKind,
    Proposal,
    ProposalKind,
    Stage,
    Ticket,
)
from tests.builders import (
    AN_HOUR,
    NOON,
    a_proof,
    a_proposal,
    a_ticket,
    an_officer,
    arne,
    astrid,
    grounds,
    sofia,
)
from tests.domain.test_closing_hints import an_attempt

POLICY: Final = TicketPolicy()
AGENTS: Final = (astrid(), arne(), sofia(), an_officer())
# Enough to meet every rule in every order; a third kind shows what a further proof does.
KINDS: Final = (ProofKind.OWNER_CODE, ProofKind.WALLET_REPROOFING, ProofKind.RECOVERY_CARD)


class Desk(NamedTuple):
    """A ticket and what lies beside it."""

    ticket: Ticket
    proofs: tuple[Proof, ...] = ()
    pending: Proposal | None = None
    released_by: tuple[Proposal, ...] = ()
    kept_by: Proposal | None = None
    was_kept: bool = False
    # By all reports so far.
    lost_at: datetime = NOON
    by_mistake: bool = False


Life = list[tuple[Desk, Desk]]


def reached(desk: Desk, by: Agent) -> Desk:
    return desk._replace(ticket=tickets.reach_owner(desk.ticket, by=by, now=NOON).value)


def joined(desk: Desk) -> Desk:
    return desk._replace(ticket=tickets.join(desk.ticket, now=NOON).value)


def joined_by_an_earlier_loss(desk: Desk) -> Desk:
    """Gone since before the card was a week old: what was enough with it may be so no more."""
    if len(desk.proofs) != 2 or desk.ticket.boost or desk.was_kept:
        # Shown in full on the shorter lives.
        raise AccountNotFrozen
    gone = NOON - timedelta(days=30)
    change = tickets.weigh_again(
        joined(desk).ticket, proofs=desk.proofs, lost_at=gone, policy=POLICY, now=NOON
    )
    if change.events and desk.pending is not None:
        tickets.void_proposal(desk.pending, desk.ticket, now=NOON)
    pending = None if change.events else desk.pending
    return desk._replace(ticket=change.value, pending=pending, lost_at=gone)


def proved(desk: Desk, kind: ProofKind, by: Agent) -> Desk:
    proof = a_proof(kind)
    del by
    on = grounds(*desk.proofs, lost_at=desk.lost_at)
    ticket = tickets.prove(desk.ticket, proof, on=on, now=NOON).value
    if desk.pending is not None:
        tickets.void_proposal(desk.pending, desk.ticket, now=NOON)
    return desk._replace(ticket=ticket, proofs=(*desk.proofs, proof), pending=None)


def proposed(desk: Desk, by: Agent) -> Desk:
    proposal = a_proposal(proposed_by=by.id, evidence_version=desk.ticket.evidence_version)
    ticket = tickets.propose(
        desk.ticket,
        proposal,
        pending=desk.pending,
        proofs=desk.proofs,
        lost_at=desk.lost_at,
        policy=POLICY,
        by=by,
        now=NOON,
    ).value
    return desk._replace(ticket=ticket, pending=proposal)


def approved(desk: Desk, by: Agent) -> Desk:
    approval = tickets.approve(desk.ticket, desk.pending, by=by, now=NOON).value
    closed = tickets.close_released(desk.ticket, now=NOON)
    return desk._replace(ticket=closed, pending=None, released_by=(approval,))


def rejected(desk: Desk, by: Agent) -> Desk:
    tickets.reject(desk.ticket, desk.pending, by=by, now=NOON)
    return desk._replace(ticket=tickets.back_to_proofs(desk.ticket), pending=None)


def kept_proposed(desk: Desk, by: Agent) -> Desk:
    if len(desk.proofs) > 1 or desk.ticket.boost or desk.was_kept or by != astrid():
        # Shown in full on the shorter lives; together there would be too many to walk.
        raise AccountNotFrozen
    proposal = a_proposal(
        proposed_by=by.id,
        evidence_version=desk.ticket.evidence_version,
        kind=ProposalKind.KEEP_FROZEN,
        reason=KeepReason.SIGNS_OF_FRAUD,
    )
    ticket = tickets.propose_keeping(
        desk.ticket, proposal, pending=desk.pending, policy=POLICY, by=by, now=NOON
    ).value
    return desk._replace(ticket=ticket, pending=proposal)


def kept(desk: Desk, by: Agent) -> Desk:
    approved, kept_frozen = tickets.keep_frozen(
        desk.ticket, desk.pending, version=1, policy=POLICY, by=by, now=NOON
    )
    return desk._replace(
        ticket=kept_frozen.value, pending=None, kept_by=approved.value, was_kept=True
    )


def sent_back(desk: Desk, by: Agent) -> Desk:
    back = tickets.review_keeping(
        desk.ticket, desk.kept_by, keeps=False, hours=(), policy=POLICY, by=by, now=NOON
    ).value
    return desk._replace(ticket=back, kept_by=None)


def undone(desk: Desk, by: Agent) -> Desk:
    """One client's mistake: two supervisors decided it for many at once."""
    if by.level < 4 or desk.ticket.stage in {Stage.PROPOSED, Stage.KEPT_FROZEN}:
        raise AccountNotFrozen
    if desk.ticket.unconfirmed or desk.proofs:
        raise AccountNotFrozen
    closed = tickets.close_released(desk.ticket, now=NOON)
    return desk._replace(ticket=closed, by_mistake=True)


def laid_aside(desk: Desk, by: Agent) -> Desk:
    ticket = tickets.close_unconfirmed(
        desk.ticket,
        reason=CloseReason.NOT_REACHED,
        attempts=(an_attempt(), an_attempt(NOON - AN_HOUR)),
        frozen=False,
        policy=POLICY,
        by=by,
        now=NOON,
    ).value
    return desk._replace(ticket=ticket)


ACTS: Final = (
    *(reached, proposed, approved, rejected, laid_aside),
    *(kept_proposed, kept, sent_back, undone),
)


def next_desks(desk: Desk) -> Iterator[Desk]:
    """Whatever anyone can do now."""
    tries: list[Callable[[], Desk]] = [
        *(partial(joined, desk), partial(joined_by_an_earlier_loss, desk)),
    ]
    for by in AGENTS:
        tries += [partial(act, desk, by) for act in ACTS]
        tries += [partial(proved, desk, kind, by) for kind in KINDS]
    for tried in tries:
        try:
            yield tried()
        except Refused:
            continue


@pytest.fixture(scope="module")
def life() -> Life:
    """Each step that can be taken from an open ticket, with at most four proofs and one join."""
    begin = {
        Desk(tickets.open_ticket(a_ticket(unconfirmed=unconfirmed), now=NOON).value)
        for unconfirmed in (False, True)
    }
    steps: Life = []
    known, waiting = set(begin), deque(begin)
    while waiting:
        desk = waiting.popleft()
        for after in next_desks(desk):
            most = 2 if after.was_kept else 4 if after.lost_at == NOON else 3
            if len(after.proofs) > most or after.ticket.boost > 1:
                continue
            steps.append((desk, after))
            if after not in known:
                known.add(after)
                waiting.append(after)
    return steps


def test_every_stage_leads_where_the_table_says_and_nowhere_else(life: Life) -> None:
    moves = {
        (before.ticket.stage, after.ticket.stage)
        for before, after in life
        if before.ticket.stage is not after.ticket.stage
    }

    assert moves == {(stage, after) for stage, ends in LEADS_TO.items() for after in ends}
    assert set(LEADS_TO) == set(Stage)


def ended(life: Life) -> list[Desk]:
    return [after for _, after in life if after.ticket.stage is RELEASED]


def test_no_path_to_a_release_has_fewer_than_two_proofs(life: Life) -> None:
    released = [after for after in ended(life) if not after.by_mistake]

    assert released
    assert all(
        tickets.are_enough(desk.proofs, lost_at=desk.lost_at, policy=POLICY) for desk in released
    )


def test_no_path_to_a_release_has_fewer_than_two_people(life: Life) -> None:
    approvals = [after.released_by[0] for after in ended(life) if not after.by_mistake]

    assert approvals
    assert all(approval.decided_by is not None for approval in approvals)
    assert all(approval.decided_by != approval.proposed_by for approval in approvals)


def test_a_ticket_is_closed_by_a_release_or_as_a_mere_hint_and_only_then(life: Life) -> None:
    assert {
        (after.ticket.stage in {RELEASED, CLOSED}) == (not after.ticket.is_open)
        for _, after in life
    } == {True}
    assert {after.ticket.unconfirmed for _, after in life if after.ticket.stage is CLOSED} == {True}


def test_nothing_happens_after_the_end(life: Life) -> None:
    released = {after for _, after in life if not after.ticket.is_open}

    assert not [before for before, _ in life if before in released]


def test_a_proposal_waits_exactly_while_the_ticket_is_proposed(life: Life) -> None:
    assert all(
        (after.pending is not None) == (after.ticket.stage is Stage.PROPOSED) for _, after in life
    )


def test_nothing_lowers_a_ticket_s_priority_or_its_boost(life: Life) -> None:
    for before, after in life:
        assert after.ticket.priority is Priority.URGENT
        assert after.ticket.boost >= before.ticket.boost


def test_nothing_takes_evidence_back(life: Life) -> None:
    for before, after in life:
        taken = tickets.are_enough(after.proofs[:2], lost_at=NOON, policy=POLICY)
        taken &= not tickets.are_enough(after.proofs[:2], lost_at=after.lost_at, policy=POLICY)
        assert after.ticket.evidence_version == len(after.proofs) + taken
        assert after.ticket.evidence_version >= before.ticket.evidence_version


def test_nothing_moves_the_promised_deadlines(life: Life) -> None:
    promised = a_ticket()

    for _, after in life:
        assert after.ticket.first_attempt_until == promised.first_attempt_until
        assert after.ticket.decision_until == promised.decision_until


def test_while_it_is_worked_on_the_stage_is_what_the_evidence_says(life: Life) -> None:
    for _, after in life:
        enough = tickets.are_enough(after.proofs, lost_at=after.lost_at, policy=POLICY)
        assert after.ticket.owner_is_verified == enough
        if after.ticket.stage in {Stage.OPENED, Stage.OWNER_REACHED, Stage.PROVED}:
            assert (after.ticket.stage is Stage.PROVED) == enough
