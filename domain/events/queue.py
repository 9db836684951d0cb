"""Whose a ticket is, and who passed it over."""

from domain.events.event import Event
from domain.ids import AccountId, AgentId, SkipId, TicketId


class TicketAssigned(Event, frozen=True, kw_only=True):
    """From now on somebody in particular works on it."""

    account_id: AccountId
    ticket_id: TicketId
    assigned_to: AgentId


class TicketSkipped(Event, frozen=True, kw_only=True):
    """An agent was served it and passed it over; what they wrote is sealed beside it."""

    account_id: AccountId
    ticket_id: TicketId
    skip_id: SkipId
    reason: str
