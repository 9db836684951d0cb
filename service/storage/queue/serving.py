"""Which ticket an agent is served next."""

from collections.abc import Sequence

from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.tickets import Ticket
from service.storage.load.sight import Sight
from service.storage.queue.asked import Asked, Row, View
from service.storage.queue.pages import open_order, page, place_of
from service.storage.queue.views import wanted
from service.storage.rows import every
from service.storage.tables import tickets


async def take_next(db: AsyncConnection, sight: Sight, by: Agent) -> Ticket | None:
    """The most urgent ticket for this agent, under its lock: the first of what the view shows.

    Whatever somebody else holds at this moment is passed over: two agents who ask at once are
    served two tickets, and nobody waits. Only the ticket is locked, and nothing after it.
    """
    asked, more = Asked(view=View.NEXT), True
    while more:
        found, more = await page(db, sight, by, asked)
        taken = await _first_free(db, sight, by, found)
        if taken is not None:
            return taken
        if more:
            asked = replace(asked, after=place_of(found[-1]))
    return None


async def _first_free(
    db: AsyncConnection, sight: Sight, by: Agent, found: Sequence[Row]
) -> Ticket | None:
    """Asked again whether it is for this agent: it may be somebody's since it was found."""
    if not found:
        return None
    ours = tickets.c.wallet_id.in_(sight.wallets) & tickets.c.id.in_([row.id for row in found])
    ours &= wanted(sight, by, Asked(view=View.NEXT))
    first = await every(
        db,
        select(tickets)
        .where(ours)
        .order_by(*open_order(tickets))
        .limit(1)
        .with_for_update(of=tickets, skip_locked=True),
        Ticket,
    )
    return first[0] if first else None
