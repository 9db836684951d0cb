"""Deadlines, pauses, and whoever is rung."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, OnCallId, TicketId


class ClockBreached(Event, frozen=True, kw_only=True):
    """A deadline has run out."""

    account_id: AccountId
    ticket_id: TicketId
    kind: str
    until: datetime


class TicketLevelRaised(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    level: int


class TicketPaused(Event, frozen=True, kw_only=True):
    """It waits for somebody else, at most until then."""

    account_id: AccountId
    ticket_id: TicketId
    reason: str
    until: datetime


class PauseEnded(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId


class OnCallRung(Event, frozen=True, kw_only=True):
    """Somebody is being woken."""

    account_id: AccountId
    ticket_id: TicketId
    person_id: OnCallId
    reason: str
    reference: str
    until: datetime


class OnCallAnswered(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId


class OnCallGivenUp(Event, frozen=True, kw_only=True):
    """Everyone was rung often enough, and nobody has answered."""

    account_id: AccountId
    ticket_id: TicketId


class OnCallChanged(Event, frozen=True, kw_only=True):
    """The operator put somebody on the list, or took them off."""

    person_id: OnCallId
    added: bool


class OnCallTested(Event, frozen=True, kw_only=True):
    """A message to somebody on the list, to see that it arrives."""

    person_id: OnCallId
    until: datetime
