"""Whose ticket it is: taken by an agent, given to another, or given back to the queue."""

from domain import tickets
from domain.access import Agent
from domain.ids import AgentId, TicketId
from domain.refusals import CannotTakeTicket, NotFound
from domain.safety import kinds_seen_by
from domain.tickets.assigning import assign
from service.operations import notes
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work, require_seen
from service.operations.house import House
from service.storage import load
from service.storage.rows import keep


async def take(house: House, ticket_id: TicketId, *, by: SignedIn, seen: int) -> None:
    """The agent works on it from now on. Pressed by two at once, the second one reads who was
    faster: `seen` is the version of the ticket that they had before their eyes.

    Raises LevelTooLow, TicketClosed, ChangedMeanwhile.
    """
    async with at_work(house, ticket_id, by) as work:
        change = assign(work.ticket, by.agent.id, by=by.agent, now=work.now)
        if not change.events:
            return
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def hand_over(
    house: House,
    ticket_id: TicketId,
    to: AgentId | None,
    *,
    note: str = "",
    by: SignedIn,
    seen: int,
) -> None:
    """To an agent who may see it, on shift or not; None: back to the queue. The note stays.

    Raises LevelTooLow, TicketClosed, CannotTakeTicket, ChangedMeanwhile.
    """
    async with at_work(house, ticket_id, by) as work:
        taker = await taker_of(work, to)
        is_seen = taker is not None and await sees(work, taker)
        await give(work, house, taker, sees=is_seen, note=note, by=by, seen=seen)


async def give(
    work: AtWork,
    house: House,
    taker: Agent | None,
    *,
    sees: bool,
    note: str,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """Whoever gives it, within their transaction: the ticket, its journal and the note."""
    change = tickets.hand_over(work.ticket, taker, sees=sees, by=by.agent, now=work.now)
    require_seen(work, seen)
    if note.strip():
        await notes.write(work, house, note, by=by)
    await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def taker_of(work: AtWork, to: AgentId | None) -> Agent | None:
    """None: back to the queue. Raises CannotTakeTicket for nobody's id.

    Whoever it is stays what they are until the ticket is theirs: nobody's training or wallet is
    taken away in between.
    """
    if to is None:
        return None
    try:
        return await load.agent_held(work.db, to)
    except NotFound:
        # Whoever typed this id learns no more than that it cannot be.
        raise CannotTakeTicket from None


async def sees(work: AtWork, agent: Agent) -> bool:
    """Tickets of this kind are shown to them, and this account is none of their own."""
    sight = await load.sight_of(work.db, agent)
    return work.ticket.kind in kinds_seen_by(agent) and work.account.id not in sight.own
