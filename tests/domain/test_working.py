"""Everyday work on a ticket: handed over, moved up, noted on, and its people written to."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.access import Agent
from domain.change import Change
from domain.events import (
    ContactWrittenTo,
    OwnerWrittenTo,
    ReachAttempted,
    TicketBoosted,
    TicketHandedOver,
    TicketNoted,
)
from domain.ids import AttemptId, TicketMessageId, TicketNoteId, WalletId
from domain.policy import TicketPolicy
from domain.refusals import (
    CannotTakeTicket,
    LevelTooLow,
    OwnLineNotAllowed,
    TicketClosed,
    WrittenOften,
)
from domain.tickets import (
    Attempt,
    BoostReason,
    ContactReply,
    OwnerReply,
    Ticket,
    TicketMessage,
    TicketNote,
    TriedWay,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    ARNE,
    ASTRID,
    CARL,
    CLEO,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_ticket,
    an_agent,
    an_auditor,
    an_officer,
    arne,
    astrid,
    sofia,
)

POLICY = TicketPolicy()
OPEN = a_ticket(assigned_to=ASTRID, assigned_at=NOON - AN_HOUR, boost=1)
CLOSED = replace(OPEN, closed_at=NOON - AN_HOUR)
NOTE = TicketNoteId(UUID(int=70))
MESSAGE = TicketMessageId(UUID(int=71))


def a_note(**changes: Any) -> TicketNote:
    note = TicketNote(
        id=NOTE,
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        said=b"sealed",
        noted_by=ASTRID,
        noted_at=NOON,
    )
    return replace(note, **changes)


def a_message(**changes: Any) -> TicketMessage:
    """To Olga."""
    message = TicketMessage(
        id=MESSAGE,
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        contact_id=None,
        reply=OwnerReply.STILL_CHECKING.value,
        own_line=None,
        outbox_id=UUID(int=72),
        written_by=ASTRID,
        written_at=NOON,
    )
    return replace(message, **changes)


def to_carl(**changes: Any) -> TicketMessage:
    told = {"contact_id": CARL, "reply": ContactReply.PLEASE_CALL.value}
    return a_message(**(told | changes))


def given(
    ticket: Ticket, to: Agent | None, *, by: Agent | None = None, sees: bool = True
) -> Change[Ticket]:
    return tickets.hand_over(ticket, to, sees=sees, by=by or astrid(), now=NOON)


def told_olga(
    *before: TicketMessage, ticket: Ticket = OPEN, by: Agent | None = None
) -> Change[TicketMessage]:
    return tickets.write_to_owner(
        ticket, a_message(), before=before, policy=POLICY, by=by or astrid(), now=NOON
    )


def told_carl(
    *before: TicketMessage, message: TicketMessage | None = None
) -> Change[TicketMessage]:
    return tickets.write_to_contact(
        OPEN, message or to_carl(), CARL, before=before, policy=POLICY, by=astrid(), now=NOON
    )


# Whose it is ------------------------------------------------------------------------------------


def test_a_ticket_is_handed_over_from_whoever_had_it() -> None:
    change = given(OPEN, arne())

    assert (change.value.assigned_to, change.value.assigned_at) == (ARNE, NOON)
    assert change.events == (
        TicketHandedOver(account_id=OLGAS, ticket_id=TICKET, before=ASTRID, to=ARNE, at=NOON),
    )


def test_a_ticket_goes_back_to_the_queue_whoever_sends_it() -> None:
    change = given(OPEN, None, by=arne(), sees=False)

    assert (change.value.assigned_to, change.value.assigned_at) == (None, None)
    assert change.events == (
        TicketHandedOver(account_id=OLGAS, ticket_id=TICKET, before=ASTRID, to=None, at=NOON),
    )


def test_handing_it_to_whoever_has_it_changes_nothing() -> None:
    assert given(OPEN, astrid(), by=arne()) == Change(OPEN)
    assert given(a_ticket(), None) == Change(a_ticket())


@pytest.mark.parametrize(
    "to",
    [
        an_officer(),
        an_auditor(),
        arne(ended_at=NOON),
        arne(wallets=(WalletId(UUID(int=99)),)),
    ],
    ids=["officer", "auditor", "ended", "elsewhere"],
)
def test_only_an_agent_of_the_wallet_takes_it(to: Agent) -> None:
    with pytest.raises(CannotTakeTicket):
        given(OPEN, to)


def test_nobody_is_given_a_ticket_that_they_may_not_see() -> None:
    """Their own, or of a kind that is not shown to them."""
    with pytest.raises(CannotTakeTicket):
        given(OPEN, arne(), sees=False)


# Moving up --------------------------------------------------------------------------------------


def test_a_ticket_moves_up_by_one_with_a_reason() -> None:
    change = tickets.boost(OPEN, BoostReason.OWNER_IN_NEED, by=an_agent(1), now=NOON)

    assert change.value == replace(OPEN, boost=2)
    assert change.events == (
        TicketBoosted(account_id=OLGAS, ticket_id=TICKET, reason="owner-in-need", boost=2, at=NOON),
    )


# Notes ------------------------------------------------------------------------------------------


def test_a_note_is_written_by_any_agent_while_the_ticket_is_open() -> None:
    change = tickets.write_note(OPEN, a_note(), by=an_agent(1), now=NOON)

    assert change == Change(
        a_note(), (TicketNoted(account_id=OLGAS, ticket_id=TICKET, note_id=NOTE, at=NOON),)
    )


def test_on_a_closed_ticket_only_a_supervisor_writes() -> None:
    assert tickets.write_note(CLOSED, a_note(), by=sofia(), now=NOON).events
    for by in (arne(), None):
        with pytest.raises(TicketClosed):
            tickets.write_note(CLOSED, a_note(), by=by, now=NOON)


def test_the_wallets_own_program_writes_on_an_open_ticket() -> None:
    assert tickets.write_note(OPEN, a_note(), by=None, now=NOON).events


# Who may ----------------------------------------------------------------------------------------


def queued(ticket: Ticket, by: Agent) -> object:
    return given(ticket, None, by=by)


def boosted(ticket: Ticket, by: Agent) -> object:
    return tickets.boost(ticket, BoostReason.CALL_PROMISED, by=by, now=NOON)


def wrote(ticket: Ticket, by: Agent) -> object:
    return told_olga(ticket=ticket, by=by)


@pytest.mark.parametrize("act", [queued, boosted, wrote])
def test_work_takes_an_agent_and_an_open_ticket(act: Callable[[Ticket, Agent], object]) -> None:
    assert act(OPEN, an_agent(1))
    for by in (an_auditor(), an_officer(), sofia(ended_at=NOON)):
        with pytest.raises(LevelTooLow):
            act(OPEN, by)
    with pytest.raises(TicketClosed):
        act(CLOSED, sofia())


@pytest.mark.parametrize(
    "by",
    [an_auditor(), an_officer(), sofia(ended_at=NOON)],
    ids=["auditor", "officer", "ended"],
)
def test_whoever_does_not_work_on_tickets_leaves_no_note(by: Agent) -> None:
    for ticket in (OPEN, CLOSED):
        with pytest.raises(LevelTooLow):
            tickets.write_note(ticket, a_note(), by=by, now=NOON)


# Messages ---------------------------------------------------------------------------------------


def test_a_message_to_the_owner_is_one_of_the_fixed_ones() -> None:
    assert told_olga() == Change(
        a_message(),
        (
            OwnerWrittenTo(
                account_id=OLGAS,
                ticket_id=TICKET,
                message_id=MESSAGE,
                reply="still-checking",
                at=NOON,
            ),
        ),
    )
    with pytest.raises(ValueError, match="please-call"):
        tickets.write_to_owner(
            OPEN,
            a_message(reply=ContactReply.PLEASE_CALL.value),
            before=(),
            policy=POLICY,
            by=astrid(),
            now=NOON,
        )


def test_a_message_to_a_contact_is_one_of_theirs_and_has_no_line_of_the_agents_own() -> None:
    assert told_carl() == Change(
        to_carl(),
        (
            ContactWrittenTo(
                account_id=OLGAS,
                contact_id=CARL,
                ticket_id=TICKET,
                message_id=MESSAGE,
                reply="please-call",
                at=NOON,
            ),
        ),
    )
    with pytest.raises(OwnLineNotAllowed):
        told_carl(message=to_carl(own_line=b"sealed"))
    with pytest.raises(ValueError, match="still-checking"):
        told_carl(message=to_carl(reply=OwnerReply.STILL_CHECKING.value))


def test_three_messages_in_24_hours_are_enough_for_one_person() -> None:
    two = (a_message(), a_message())
    yesterday = a_message(written_at=NOON - A_DAY)
    almost = a_message(written_at=NOON - A_DAY + A_MOMENT)

    assert told_olga(*two, yesterday).events
    with pytest.raises(WrittenOften):
        told_olga(*two, almost)


def test_each_person_is_counted_alone() -> None:
    often = (a_message(), a_message(), a_message())

    assert told_carl(*often, to_carl(contact_id=CLEO)).events
    with pytest.raises(WrittenOften):
        told_carl(to_carl(), to_carl(), to_carl())


def test_how_many_are_left_is_never_less_than_none() -> None:
    def left(many: int) -> int:
        return tickets.left_today(None, before=(a_message(),) * many, policy=POLICY, now=NOON)

    assert [left(many) for many in (0, 1, 3, 4)] == [3, 2, 0, 0]


@pytest.mark.parametrize(
    "line",
    [
        "We called you twice.",
        "Estamos hasta las 18:30, también el sábado.",
        "On the 24th, between 9 and 12.",
        "Hoy 18:30 - 19:15, p.ej. desde otro tel\u00e9fono.",
        "x" * 300,
        "",
    ],
)
def test_an_own_line_says_what_a_person_would(line: str) -> None:
    assert tickets.allowed_own_line(f"  {line}\n ") == line


@pytest.mark.parametrize(
    "line",
    [
        "x" * 301,
        "see https://norte.example/x",
        "see www.norte",
        "go to norte.example now",
        "write to ana@correo",
        "the code is 482913",
        "4 8 2 9 1 3",
        "48-29",
        "4.8.2.9",
        "\u0664\u0668\u0662\u0669",
        "see t.co/a",
        "see x.com",
        "see \u043d\u043e\u0440\u0442\u0435.\u0440\u0444",
        "see norte\u3002com",
        "48,29,13",
        "48/29/13",
        "4 - 8 - 2 - 9",
        "4_8_2_9",
        "(48) (29)",
        "48:29",
        "12:34 05:17 20:59",
    ],
)
def test_an_own_line_holds_no_link_and_nothing_like_a_code(line: str) -> None:
    with pytest.raises(OwnLineNotAllowed):
        tickets.allowed_own_line(line)


# The first clock --------------------------------------------------------------------------------


def tried(way: TriedWay | None) -> Attempt:
    return Attempt(
        id=AttemptId(UUID(int=64)),
        wallet_id=NORTE,
        ticket_id=TICKET,
        tried_by=ASTRID,
        tried_at=NOON,
        way=way,
    )


@pytest.mark.parametrize("way", sorted(set(TriedWay) - {TriedWay.REPORTED_PHONE}))
def test_the_first_clock_stops_at_the_first_try_that_does_not_ring_the_reported_phone(
    way: TriedWay,
) -> None:
    assert tickets.after_attempt(OPEN, tried(way)).attempted_at == NOON
    assert tickets.after_attempt(OPEN, tried(TriedWay.REPORTED_PHONE)) == OPEN
    assert tickets.after_attempt(OPEN, tried(None)) == OPEN


def test_a_later_try_does_not_move_the_first() -> None:
    earlier = replace(OPEN, attempted_at=NOON - timedelta(minutes=1))

    assert tickets.after_attempt(earlier, tried(TriedWay.EMAIL)) == earlier


def test_reaching_the_owner_is_a_try_too() -> None:
    reached = tickets.reach_owner(OPEN, by=astrid(), now=NOON).value
    tried_before = replace(OPEN, attempted_at=NOON - AN_HOUR)

    assert reached.attempted_at == NOON
    after = tickets.reach_owner(tried_before, by=astrid(), now=NOON).value
    assert after.attempted_at == NOON - AN_HOUR


def test_a_try_says_by_which_way() -> None:
    change = tickets.note_attempt(OPEN, tried(TriedWay.EMAIL), before=(), by=astrid(), now=NOON)

    assert change.events == (
        ReachAttempted(account_id=OLGAS, ticket_id=TICKET, attempts=1, way="email", at=NOON),
    )
