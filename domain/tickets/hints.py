"""A ticket that begins with a hint: somebody says that they are the owner."""

from datetime import datetime

from msgspec.structs import replace

from domain.change import Change
from domain.events import HintLeft, TicketConfirmed
from domain.ids import HintId
from domain.tickets.pausing import end_on_sign
from domain.tickets.ticket import Ticket, require_open


def take_hint(ticket: Ticket, hint_id: HintId, *, now: datetime) -> Change[Ticket]:
    """Somebody says that they are the owner and how to reach them: one more reason to hurry."""
    require_open(ticket)
    event = HintLeft(account_id=ticket.account_id, ticket_id=ticket.id, hint_id=hint_id, at=now)
    ended = end_on_sign(ticket, now=now)
    return Change(replace(ended.value, boost=ticket.boost + 1), (event, *ended.events))


def confirm(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """A freeze has joined what was only a hint. On a confirmed ticket it changes nothing."""
    require_open(ticket)
    if not ticket.unconfirmed:
        return Change(ticket)
    event = TicketConfirmed(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, unconfirmed=False), (event,))
