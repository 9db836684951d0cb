"""An owner who does not feel safe: a ticket of its own kind, for trained agents alone."""

from uuid import UUID

import pytest

from domain import safety, tickets
from domain.access import Agent
from domain.events import SafetyAsked, SafetyNoted, SafetyTicketClosed, TicketHandedOver
from domain.ids import AgentId, SafetyNoteId
from domain.policy import TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    CannotTakeTicket,
    LevelTooLow,
    NotFound,
    Refused,
    TicketClosed,
)
from domain.safety import SafetyNote
from domain.tickets import CLOSED, Ticket, TicketKind
from tests.builders import (
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_proposal,
    a_ticket,
    an_agent,
    an_auditor,
    astrid,
    enough_proofs,
)

ASKED = a_ticket(kind=TicketKind.SAFETY)
NOTE = SafetyNote(
    id=SafetyNoteId(UUID(int=63)),
    wallet_id=NORTE,
    account_id=OLGAS,
    ticket_id=TICKET,
    said=b"sealed",
    noted_by=ASTRID,
    noted_at=NOON,
)
TRAINED = an_agent(1, trained_for_safety=True)
BEA = an_agent(1, id=AgentId(UUID(int=64)), trained_for_safety=True)


def test_asked_again_the_same_ticket_moves_up() -> None:
    first = safety.ask(ASKED, again=False, now=NOON)
    again = safety.ask(first.value, again=True, now=NOON)

    assert (first.value.boost, again.value.boost) == (0, 1)
    asked = SafetyAsked(account_id=OLGAS, ticket_id=TICKET, at=NOON)
    assert (first.events, again.events) == ((asked,), (asked,))
    with pytest.raises(TicketClosed):
        safety.ask(a_ticket(stage=CLOSED, closed_at=NOON), again=True, now=NOON)


def test_a_trained_agent_notes_and_closes() -> None:
    noted = safety.note(ASKED, NOTE, by=TRAINED, now=NOON)
    closed = safety.close(ASKED, by=TRAINED, now=NOON)

    assert noted.value == NOTE
    assert noted.events == (
        SafetyNoted(account_id=OLGAS, ticket_id=TICKET, note_id=NOTE.id, at=NOON),
    )
    assert (closed.value.stage, closed.value.closed_at) == (CLOSED, NOON)
    assert closed.events == (SafetyTicketClosed(account_id=OLGAS, ticket_id=TICKET, at=NOON),)


@pytest.mark.parametrize(
    ("ticket", "by", "refusal"),
    [
        (ASKED, an_agent(4), NotFound),
        (a_ticket(), TRAINED, NotFound),
        (ASKED, an_auditor(trained_for_safety=True), LevelTooLow),
        (a_ticket(kind=TicketKind.SAFETY, stage=CLOSED, closed_at=NOON), TRAINED, TicketClosed),
    ],
)
def test_to_anyone_else_it_does_not_exist(
    ticket: Ticket, by: Agent, refusal: type[Refused]
) -> None:
    with pytest.raises(refusal):
        safety.note(ticket, NOTE, by=by, now=NOON)
    with pytest.raises(refusal):
        safety.close(ticket, by=by, now=NOON)
    with pytest.raises(refusal):
        safety.hand_over(ticket, None, sees=False, by=by, now=NOON)


def test_it_is_handed_to_another_who_is_trained_and_back_to_all_of_them() -> None:
    hers = safety.hand_over(ASKED, BEA, sees=True, by=TRAINED, now=NOON)
    back = safety.hand_over(hers.value, None, sees=False, by=TRAINED, now=NOON)

    assert (hers.value.assigned_to, hers.value.assigned_at) == (BEA.id, NOON)
    assert hers.events == (
        TicketHandedOver(account_id=OLGAS, ticket_id=TICKET, before=None, to=BEA.id, at=NOON),
    )
    assert (back.value.assigned_to, back.value.assigned_at) == (None, None)


@pytest.mark.parametrize(
    ("to", "sees"),
    [
        # Whatever is said of what they see.
        (an_agent(4), True),
        # Their own.
        (BEA, False),
        (an_auditor(trained_for_safety=True), True),
        (an_agent(1, wallets=(), trained_for_safety=True), True),
    ],
)
def test_nobody_gets_it_who_is_not_trained_or_does_not_work_on_it(to: Agent, *, sees: bool) -> None:
    with pytest.raises(CannotTakeTicket):
        safety.hand_over(ASKED, to, sees=sees, by=TRAINED, now=NOON)


def test_who_sees_which_kinds() -> None:
    assert safety.kinds_seen_by(an_agent(4)) == (TicketKind.LOSS,)
    assert safety.kinds_seen_by(TRAINED) == (TicketKind.LOSS, TicketKind.SAFETY)


def test_there_is_nothing_to_release_on_it() -> None:
    with pytest.raises(AccountNotFrozen):
        tickets.propose(
            ASKED,
            a_proposal(),
            pending=None,
            proofs=enough_proofs(),
            lost_at=NOON,
            policy=TicketPolicy(),
            by=astrid(),
            now=NOON,
        )
