"""Moving a ticket up by hand."""

from domain import tickets
from domain.ids import TicketId
from domain.tickets import BoostReason
from service.operations.agents import SignedIn
from service.operations.at_work import at_work, require_seen
from service.operations.house import House
from service.storage.rows import keep


async def boost(
    house: House, ticket_id: TicketId, reason: BoostReason, *, by: SignedIn, seen: int
) -> None:
    """One step up; nobody can take it back. Raises LevelTooLow, TicketClosed, ChangedMeanwhile.

    `seen` is the version of the ticket that the agent had before their eyes, so that a button
    pressed twice is one step.
    """
    async with at_work(house, ticket_id, by) as work:
        change = tickets.boost(work.ticket, reason, by=by.agent, now=work.now)
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
