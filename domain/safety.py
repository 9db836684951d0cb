"""The owner does not feel safe with one of their own people: seen only by agents trained for it.

A ticket of its own kind, outside the one-per-account rule. It freezes nothing, no history shows
it, nobody is told. What the agents write down is the document.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import SafetyAsked, SafetyNoted, SafetyTicketClosed
from domain.ids import AccountId, AgentId, SafetyNoteId, TicketId, WalletId
from domain.recovery import GoodTime, Voice
from domain.refusals import CannotTakeTicket, NotFound
from domain.tickets import CLOSED, Ticket, TicketKind, require_open
from domain.tickets import hand_over as hand_over_ticket


class Wish(Struct, frozen=True, kw_only=True):
    """How and when the owner wants to be reached, so that nobody beside them notices."""

    voice: Voice
    good_time: GoodTime
    # Another number than those on file, if the owner left one.
    number: str = ""
    words: str = ""


class SafetyNote(Struct, frozen=True, kw_only=True):
    id: SafetyNoteId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Sealed under the owner's key: the owner's wish, or the agent's words.
    said: bytes
    # None: the owner's own.
    noted_by: AgentId | None
    noted_at: datetime
    row_version: int = 1


def ask(ticket: Ticket, *, again: bool, now: datetime) -> Change[Ticket]:
    """The owner asks for help; asked again, the same ticket moves up."""
    require_open(ticket)
    event = SafetyAsked(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, boost=ticket.boost + 1) if again else ticket, (event,))


def note(ticket: Ticket, written: SafetyNote, *, by: Agent, now: datetime) -> Change[SafetyNote]:
    require_safety(ticket, by=by)
    event = SafetyNoted(
        account_id=ticket.account_id, ticket_id=ticket.id, note_id=written.id, at=now
    )
    return Change(written, (event,))


def close(ticket: Ticket, *, by: Agent, now: datetime) -> Change[Ticket]:
    """One trained agent, when all is done that the owner wanted."""
    require_safety(ticket, by=by)
    event = SafetyTicketClosed(account_id=ticket.account_id, ticket_id=ticket.id, at=now)
    return Change(replace(ticket, stage=CLOSED, closed_at=now), (event,))


def hand_over(
    ticket: Ticket, to: Agent | None, *, sees: bool, by: Agent, now: datetime
) -> Change[Ticket]:
    """From one trained agent to another, on shift or not; None: back to those who are trained.

    `sees` says that safety tickets are shown to `to`, and that this account is not their own.
    Raises NotFound for whoever is not trained, LevelTooLow, TicketClosed, CannotTakeTicket.
    """
    require_safety(ticket, by=by)
    if to is not None and not to.trained_for_safety:
        raise CannotTakeTicket
    return hand_over_ticket(ticket, to, sees=sees, by=by, now=now)


def kinds_seen_by(agent: Agent) -> tuple[TicketKind, ...]:
    """Rehearsals stay out of every queue."""
    losses = (TicketKind.LOSS,) if agent.serves_losses else ()
    return (*losses, TicketKind.SAFETY) if agent.trained_for_safety else losses


def require_safety(ticket: Ticket, *, by: Agent) -> None:
    """An open ticket of this kind, in trained hands; to anyone else it does not exist."""
    if ticket.kind is not TicketKind.SAFETY or not by.trained_for_safety:
        raise NotFound
    access.require_level(by, access.REACHES_OWNER)
    require_open(ticket)
