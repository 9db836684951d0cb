"""When the owner may be in danger: what agents ask and allow before anything goes on."""

from domain import tickets
from domain.ids import TicketId
from domain.tickets import Duress
from notifications.deliveries import let_go
from service.operations import freezing
from service.operations.agents import SignedIn
from service.operations.at_work import at_work, require_seen
from service.operations.house import House
from service.storage.rows import keep


async def answer_duress(
    house: House, ticket_id: TicketId, answer: Duress, *, by: SignedIn, seen: int
) -> None:
    """What the owner answered, alone. A proposal that waits was made without knowing it.

    `seen` is the version of the ticket that the agent had before their eyes.
    """
    async with at_work(house, ticket_id, by) as work:
        change = tickets.answer_duress(work.ticket, answer, by=by.agent, now=work.now)
        require_seen(work, seen)
        await freezing.void_proposal(work.db, work.ticket, by=by.actor, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def let_notices_go(house: House, ticket_id: TicketId, *, by: SignedIn, seen: int) -> None:
    """Write to the owner after all: an agent has made sure that it harms nobody."""
    async with at_work(house, ticket_id, by) as work:
        change = tickets.let_notices_go(work.ticket, by=by.agent, now=work.now)
        if not change.events:
            return
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await let_go(work.db, work.wallet_id, work.account.id)
