"""How a ticket begins, and what moves it up."""

from datetime import datetime

from msgspec.structs import replace

from domain.change import Change
from domain.events import TicketJoined, TicketOpened
from domain.tickets.pausing import end_on_sign
from domain.tickets.ticket import Ticket, require_open


def open_ticket(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """The first report of a loss makes the ticket; nobody can lower its priority."""
    event = TicketOpened(
        account_id=ticket.account_id, ticket_id=ticket.id, kind=ticket.kind.value, at=now
    )
    return Change(ticket, (event,))


def join(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """Another report of the same loss: the ticket moves up."""
    require_open(ticket)
    joined = replace(ticket, boost=ticket.boost + 1)
    event = TicketJoined(
        account_id=ticket.account_id, ticket_id=ticket.id, boost=joined.boost, at=now
    )
    return Change(joined, (event,))


def hear_owner(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """The owner objects: it moves up, and does not wait any more."""
    ended = end_on_sign(ticket, now=now)
    return Change(move_up(ended.value).value, ended.events)


def move_up(ticket: Ticket) -> Change[Ticket]:
    """A withdrawal is a sign that somebody should look soon; what it says has its own event."""
    require_open(ticket)
    return Change(replace(ticket, boost=ticket.boost + 1))
