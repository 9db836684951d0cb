"""Giving a ticket to somebody else, or back to the queue."""

from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent, Role
from domain.change import Change
from domain.events import TicketHandedOver
from domain.refusals import CannotTakeTicket
from domain.tickets.ticket import Ticket, require_open


def hand_over(
    ticket: Ticket, to: Agent | None, *, sees: bool, by: Agent, now: datetime
) -> Change[Ticket]:
    """To an agent who may see it, on shift or not; None: back to the queue.

    `sees` says that tickets of this kind are shown to `to`, and that this account is not their
    own. To whoever has it already, it changes nothing.
    """
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if to is not None and not (sees and _works_for(ticket, to)):
        raise CannotTakeTicket
    taker = to.id if to is not None else None
    if taker == ticket.assigned_to:
        return Change(ticket)
    given = replace(ticket, assigned_to=taker, assigned_at=now if taker is not None else None)
    event = TicketHandedOver(
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        before=ticket.assigned_to,
        to=taker,
        at=now,
    )
    return Change(given, (event,))


def _works_for(ticket: Ticket, agent: Agent) -> bool:
    """Officers and auditors do not work on tickets."""
    return agent.role is Role.AGENT and agent.serves(ticket.wallet_id)
