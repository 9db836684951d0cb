"""Safety: in nobody's history, told to nobody."""

from domain.events.event import Event
from domain.ids import AccountId, SafetyNoteId, TicketId


class SafetyAsked(Event, frozen=True, kw_only=True):
    """The owner does not feel safe with one of their own people."""

    account_id: AccountId
    ticket_id: TicketId


class SafetyNoted(Event, frozen=True, kw_only=True):
    """What a trained agent wrote down: the only document there is."""

    account_id: AccountId
    ticket_id: TicketId
    note_id: SafetyNoteId


class SafetyTicketClosed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
