"""Agents at work on a ticket: whose it is, what they noted, whom they wrote to."""

from domain.events.event import Event
from domain.ids import AccountId, AgentId, ContactId, TicketId, TicketMessageId, TicketNoteId


class TicketHandedOver(Event, frozen=True, kw_only=True):
    """From whoever had it to somebody else; without either, from or back to the queue."""

    account_id: AccountId
    ticket_id: TicketId
    before: AgentId | None
    to: AgentId | None


class TicketBoosted(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    reason: str
    boost: int


class TicketNoted(Event, frozen=True, kw_only=True):
    """Somebody wrote down a note; its words stand sealed in its own row."""

    account_id: AccountId
    ticket_id: TicketId
    note_id: TicketNoteId


class OwnerWrittenTo(Event, frozen=True, kw_only=True):
    """An agent writes to the owner, in words that were fixed before."""

    account_id: AccountId
    ticket_id: TicketId
    message_id: TicketMessageId
    reply: str


class ContactWrittenTo(Event, frozen=True, kw_only=True):
    """An agent writes to somebody who reported."""

    account_id: AccountId
    contact_id: ContactId
    ticket_id: TicketId
    message_id: TicketMessageId
    reply: str
