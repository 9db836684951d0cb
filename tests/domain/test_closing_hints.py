"""A ticket that was only a hint is laid aside once the owner was reached, or tried twice."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.access import Agent
from domain.events import ReachAttempted, UnconfirmedTicketClosed
from domain.ids import AttemptId
from domain.policy import TicketPolicy
from domain.refusals import AccountIsFrozen, LevelTooLow, OwnerNotTried, Refused, TicketClosed
from domain.tickets import CLOSED, Attempt, CloseReason, Ticket, TicketKind
from tests.builders import (
    A_MOMENT,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_ticket,
    an_agent,
    an_auditor,
    astrid,
)

POLICY = TicketPolicy()
HALF_AN_HOUR = timedelta(minutes=30)
HINT = a_ticket(unconfirmed=True)
REACHED = replace(HINT, owner_reached_at=NOON)


def an_attempt(at: datetime = NOON) -> Attempt:
    return Attempt(
        id=AttemptId(UUID(int=64)),
        wallet_id=NORTE,
        ticket_id=TICKET,
        tried_by=ASTRID,
        tried_at=at,
    )


def closed(
    ticket: Ticket = REACHED,
    *attempts: Attempt,
    reason: CloseReason = CloseReason.NOTHING_LOST,
    frozen: bool = False,
    by: Agent | None = None,
) -> Ticket:
    change = tickets.close_unconfirmed(
        ticket,
        reason=reason,
        attempts=attempts,
        frozen=frozen,
        policy=POLICY,
        by=by or astrid(),
        now=NOON,
    )
    assert change.value.closed_reason == reason.value
    assert change.events == (
        UnconfirmedTicketClosed(account_id=OLGAS, ticket_id=TICKET, reason=reason.value, at=NOON),
    )
    return change.value


@pytest.mark.parametrize("reason", CloseReason)
def test_once_the_owner_was_reached_it_can_be_laid_aside(reason: CloseReason) -> None:
    ticket = closed(reason=reason)

    assert (ticket.stage, ticket.closed_at) == (CLOSED, NOON)


@pytest.mark.parametrize(
    ("ticket", "frozen", "by", "refusal"),
    [
        (REACHED, True, astrid(), AccountIsFrozen),
        (replace(REACHED, unconfirmed=False), False, astrid(), AccountIsFrozen),
        (replace(REACHED, kind=TicketKind.SAFETY), False, astrid(), AccountIsFrozen),
        (REACHED, False, an_agent(1), LevelTooLow),
        (REACHED, False, an_auditor(), LevelTooLow),
        (replace(REACHED, stage=CLOSED, closed_at=NOON), False, astrid(), TicketClosed),
        (HINT, False, astrid(), OwnerNotTried),
    ],
)
def test_what_can_not(ticket: Ticket, frozen: bool, by: Agent, refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        closed(ticket, frozen=frozen, by=by)


def test_two_attempts_some_time_apart_are_enough_to_say_not_reached() -> None:
    first, second = an_attempt(), an_attempt(NOON + HALF_AN_HOUR)

    closed(HINT, second, first, reason=CloseReason.NOT_REACHED)
    with pytest.raises(OwnerNotTried):
        closed(HINT, first, second, reason=CloseReason.NOTHING_LOST)
    with pytest.raises(OwnerNotTried):
        closed(HINT, first, reason=CloseReason.NOT_REACHED)


def test_two_calls_within_half_an_hour_are_one() -> None:
    def counted(*after: timedelta) -> int:
        return tickets.attempts_that_count([an_attempt(NOON + one) for one in after], POLICY)

    nothing = timedelta()
    assert counted() == 0
    assert counted(nothing, HALF_AN_HOUR - A_MOMENT) == 1
    assert counted(nothing, HALF_AN_HOUR) == 2
    assert counted(nothing, HALF_AN_HOUR - A_MOMENT, HALF_AN_HOUR) == 2


def test_an_attempt_is_written_down_by_level_1_while_it_is_open() -> None:
    change = tickets.note_attempt(
        HINT, an_attempt(), before=(an_attempt(),), by=an_agent(1), now=NOON
    )

    assert change.value == an_attempt()
    assert change.events == (
        ReachAttempted(account_id=OLGAS, ticket_id=TICKET, attempts=2, at=NOON),
    )
    with pytest.raises(LevelTooLow):
        tickets.note_attempt(HINT, an_attempt(), before=(), by=an_auditor(), now=NOON)
    with pytest.raises(TicketClosed):
        tickets.note_attempt(
            replace(HINT, closed_at=NOON), an_attempt(), before=(), by=astrid(), now=NOON
        )
