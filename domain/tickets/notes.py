"""What agents write down for one another on a ticket. Nobody else reads it."""

from datetime import datetime

from msgspec import Struct

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import TicketNoted
from domain.ids import AccountId, AgentId, ClientId, TicketId, TicketNoteId, WalletId
from domain.refusals import TicketClosed
from domain.tickets.ticket import Ticket


class TicketNote(Struct, frozen=True, kw_only=True):
    id: TicketNoteId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    # Sealed under the owner's key; None once it was erased.
    said: bytes | None
    # The agent who wrote it, or the wallet's program that did; never both.
    noted_by: AgentId | None
    client_id: ClientId | None = None
    noted_at: datetime
    row_version: int = 1


def write_note(
    ticket: Ticket, note: TicketNote, *, by: Agent | None, now: datetime
) -> Change[TicketNote]:
    """By an agent; without one, by the wallet's own program.

    A closed ticket is a document: only a supervisor still writes on it.
    """
    if by is not None:
        access.require_level(by, access.REACHES_OWNER)
    if not ticket.is_open and (by is None or by.level < access.SUPERVISES):
        raise TicketClosed
    event = TicketNoted(account_id=ticket.account_id, ticket_id=ticket.id, note_id=note.id, at=now)
    return Change(note, (event,))
