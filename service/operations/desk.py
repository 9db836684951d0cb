"""What agents look at: the queue, one ticket by its reference, one ticket whole."""

from domain.ids import TicketId, read_reference
from domain.refusals import NotFound
from service.operations import ticket_page
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.queue import Queue, QueueRow, see_queue, wallets_of
from service.operations.ticket_page import TicketSeen
from service.storage import load

__all__ = ["Queue", "QueueRow", "find_ticket", "see_queue", "see_ticket", "wallets_of"]


async def find_ticket(house: House, typed: str, by: SignedIn) -> TicketId:
    """The ticket of a pasted reference, or NotFound: misread, unknown and foreign alike."""
    reference = read_reference(typed)
    if reference is None:
        raise NotFound
    async with house.engine.connect() as db:
        found = await load.ticket_by_reference(db, reference, await load.sight_of(db, by.agent))
    if found is None:
        raise NotFound
    return found


async def see_ticket(house: House, ticket_id: TicketId, by: SignedIn) -> TicketSeen:
    """All facts of a ticket. NotFound for wallets the agent does not serve."""
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        return await ticket_page.see(db, house, ticket, by.agent)
