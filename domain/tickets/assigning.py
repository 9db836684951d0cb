"""Whose a ticket is: who works on it now, so that no two people call the same owner."""

from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import TicketAssigned
from domain.ids import AgentId
from domain.tickets.ticket import Ticket, require_open


def assign(ticket: Ticket, to: AgentId, *, by: Agent, now: datetime) -> Change[Ticket]:
    """To this agent, whoever had it before. Said again, it changes nothing.

    Raises LevelTooLow and TicketClosed.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if ticket.assigned_to == to:
        return Change(ticket)
    event = TicketAssigned(
        account_id=ticket.account_id, ticket_id=ticket.id, assigned_to=to, at=now
    )
    return Change(replace(ticket, assigned_to=to, assigned_at=now), (event,))
