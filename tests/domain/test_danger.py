"""When a reporter says that the owner is not safe: what waits, and what has to be asked."""

import pytest

from domain import accounts, tickets
from domain.accounts import Display
from domain.events import (
    AccountFrozen,
    DangerRaised,
    DisplayTurnedNeutral,
    DuressAnswered,
    NoticesLetGo,
)
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    DuressNotAsked,
    EvidenceChanged,
    LevelTooLow,
    OwnerNotFree,
    TicketClosed,
)
from domain.tickets import OPENED, OWNER_REACHED, PROPOSED, PROVED, RELEASED, Duress, Stage, Ticket
from tests.builders import (
    A_MOMENT,
    NOON,
    OLGAS,
    TICKET,
    a_frozen_account,
    a_proposal,
    a_ticket,
    an_account,
    an_agent,
    an_auditor,
    arne,
    astrid,
    enough_proofs,
)

CLOSED = a_ticket(stage=RELEASED, closed_at=NOON, danger=True)


def proposed(ticket: Ticket) -> Ticket:
    return tickets.propose(
        ticket,
        a_proposal(),
        pending=None,
        proofs=enough_proofs(),
        lost_at=NOON,
        policy=TicketPolicy(),
        by=astrid(),
        now=NOON,
    ).value


def test_of_an_owner_in_danger_the_app_shows_nothing_unusual() -> None:
    for in_danger, display in ((True, Display.NEUTRAL), (False, Display.PLAIN)):
        change = accounts.freeze(
            an_account(), ticket_id=TICKET, stolen=True, in_danger=in_danger, now=NOON
        )

        assert change.value.display is display
        (event,) = change.events
        assert isinstance(event, AccountFrozen)
        assert event.neutral is in_danger


def test_danger_said_after_the_freeze_turns_the_display_and_not_the_version() -> None:
    before = a_frozen_account()

    turned = accounts.turn_neutral(before, ticket_id=TICKET, now=NOON)

    assert turned.value.display is Display.NEUTRAL
    assert (turned.value.version, turned.value.epoch) == (before.version, before.epoch)
    told = DisplayTurnedNeutral(account_id=OLGAS, ticket_id=TICKET, version=before.version, at=NOON)
    assert turned.events == (told,)
    again = accounts.turn_neutral(turned.value, ticket_id=TICKET, now=NOON)
    assert (again.value, again.events) == (turned.value, ())
    with pytest.raises(AccountNotFrozen):
        accounts.turn_neutral(an_account(), ticket_id=TICKET, now=NOON)


def test_a_release_makes_the_display_plain_again() -> None:
    neutral = accounts.turn_neutral(a_frozen_account(), ticket_id=TICKET, now=NOON).value

    assert accounts.release(neutral, ticket_id=TICKET, now=NOON).value.display is Display.PLAIN


def test_danger_holds_the_notices_until_an_agent_lets_them_go() -> None:
    raised = tickets.raise_danger(a_ticket(), now=NOON)
    assert raised.events == (DangerRaised(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    assert not a_ticket().holds_notices
    assert raised.value.holds_notices

    gone = tickets.let_notices_go(raised.value, by=an_agent(1), now=NOON)

    assert not gone.value.holds_notices
    assert gone.events == (NoticesLetGo(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    again = tickets.let_notices_go(gone.value, by=an_agent(1), now=NOON)
    assert (again.value, again.events) == (gone.value, ())
    assert not CLOSED.holds_notices


def test_another_report_of_danger_begins_anew() -> None:
    known = a_ticket(danger=True, duress=Duress.FREE, notices_let_go_at=NOON)

    again = tickets.raise_danger(known, now=NOON + A_MOMENT).value

    assert (again.duress, again.notices_let_go_at) == (None, None)
    assert again.holds_notices


@pytest.mark.parametrize("stage", [OPENED, OWNER_REACHED, PROVED])
def test_danger_moves_no_other_stage(stage: Stage) -> None:
    assert tickets.raise_danger(a_ticket(stage=stage), now=NOON).value.stage is stage


def test_danger_voids_what_was_proposed_without_knowing_it() -> None:
    waiting = proposed(a_ticket(stage=PROVED, proved_at=NOON))
    assert waiting.stage is PROPOSED

    raised = tickets.raise_danger(waiting, now=NOON).value

    assert (raised.stage, raised.proposed_at) == (PROVED, None)
    with pytest.raises(EvidenceChanged):
        tickets.approve(raised, a_proposal(), by=arne(), now=NOON)


@pytest.mark.parametrize("ticket", [a_ticket(), a_ticket(danger=True, duress=Duress.FREE)])
def test_without_danger_or_with_a_free_owner_a_release_can_be_proposed(ticket: Ticket) -> None:
    assert proposed(ticket).stage is PROPOSED


def test_in_danger_nothing_is_proposed_before_the_owner_was_asked_alone() -> None:
    with pytest.raises(DuressNotAsked):
        proposed(a_ticket(danger=True))
    with pytest.raises(OwnerNotFree):
        proposed(a_ticket(danger=True, duress=Duress.NOT_FREE))
    # Nobody reported danger, and still the owner says that somebody makes them.
    with pytest.raises(OwnerNotFree):
        proposed(a_ticket(duress=Duress.NOT_FREE))


@pytest.mark.parametrize("answer", list(Duress))
def test_the_answer_belongs_to_the_evidence(answer: Duress) -> None:
    before = a_ticket(danger=True, evidence_version=2)

    change = tickets.answer_duress(before, answer, by=an_agent(1), now=NOON)

    assert (change.value.duress, change.value.evidence_version) == (answer, 3)
    assert change.events == (
        DuressAnswered(account_id=OLGAS, ticket_id=TICKET, free=answer is Duress.FREE, at=NOON),
    )


def test_auditors_answer_nothing_and_a_closed_ticket_takes_nothing() -> None:
    open_one = a_ticket(danger=True)
    with pytest.raises(LevelTooLow):
        tickets.answer_duress(open_one, Duress.FREE, by=an_auditor(), now=NOON)
    with pytest.raises(LevelTooLow):
        tickets.let_notices_go(open_one, by=an_auditor(), now=NOON)
    for act in (
        lambda: tickets.answer_duress(CLOSED, Duress.FREE, by=an_agent(1), now=NOON),
        lambda: tickets.let_notices_go(CLOSED, by=an_agent(1), now=NOON),
        lambda: tickets.raise_danger(CLOSED, now=NOON),
    ):
        with pytest.raises(TicketClosed):
            act()
