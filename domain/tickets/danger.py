"""When the owner may not be safe: what waits, and what has to be asked first."""

from datetime import datetime

from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import DangerRaised, DuressAnswered, NoticesLetGo
from domain.refusals import DuressNotAsked, OwnerNotFree
from domain.tickets.ticket import Duress, Ticket, evidence_changed, require_open


def raise_danger(ticket: Ticket, *, now: datetime) -> Change[Ticket]:
    """A reporter says that the owner is not safe: what was found out before no longer counts.

    The duress question is asked anew, notices to the owner wait again, and a proposal made
    without knowing it no longer stands.
    """
    require_open(ticket)
    event = DangerRaised(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(
        replace(
            evidence_changed(ticket),
            danger=True,
            duress=None,
            notices_let_go_at=None,
        ),
        (event,),
    )


def answer_duress(ticket: Ticket, answer: Duress, *, by: Agent, now: datetime) -> Change[Ticket]:
    """What the owner answered, alone. It belongs to the evidence: a proposal before it is void."""
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    event = DuressAnswered(
        account_id=ticket.account_id, ticket_id=ticket.id, free=answer is Duress.FREE, at=now
    )
    return Change(replace(evidence_changed(ticket), duress=answer), (event,))


def let_notices_go(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """An agent has made sure that writing to the owner harms nobody. Pressed again: nothing."""
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
    if not ticket.holds_notices:
        return Change(ticket)
    event = NoticesLetGo(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, notices_let_go_at=now), (event,))


def require_free(ticket: Ticket) -> None:
    """Where there is danger, the owner was asked and is free. Without, a `no` is as good a no."""
    if ticket.duress is Duress.NOT_FREE:
        raise OwnerNotFree
    if ticket.danger and ticket.duress is None:
        raise DuressNotAsked
