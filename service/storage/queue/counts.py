"""How many tickets stand where, and who has them: of what the agent sees, and of nothing else."""

from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.ids import AgentId
from domain.tickets import TicketKind
from service.storage.load.sight import Sight
from service.storage.queue.asked import Asked, View
from service.storage.queue.views import wanted
from service.storage.tables import now, tickets

# Beyond it a count says "99+".
_COUNTED: Final = 100


async def counts(db: AsyncConnection, sight: Sight, by: Agent) -> tuple[dict[View, int], int]:
    """How many stand in each view, up to a hundred, and how many of the open ones are late."""
    views = [view for view in View if view not in (View.CLOSED, View.NEXT)]
    if TicketKind.SAFETY not in sight.kinds:
        views.remove(View.SAFETY)
    ours = tickets.c.wallet_id.in_(sight.wallets)
    columns = [
        _capped(ours & wanted(sight, by, Asked(view=view))).label(view.value) for view in views
    ]
    late = ours & wanted(sight, by, Asked()) & (tickets.c.next_until <= now)
    row = (await db.execute(select(*columns, _capped(late).label("late")))).one()
    return {view: row[place] for place, view in enumerate(views)}, row[-1]


async def assignees(db: AsyncConnection, sight: Sight) -> tuple[AgentId, ...]:
    """Who has open tickets, for the filter. Whoever has none but such as this agent does not see
    is not among them."""
    ours = sight.of_tickets() & tickets.c.closed_at.is_(None)
    found = await db.scalars(
        select(tickets.c.assigned_to).where(ours, tickets.c.assigned_to.isnot(None)).distinct()
    )
    return tuple(AgentId(one) for one in found if one is not None)


def _capped(condition: ColumnElement[bool]) -> Any:
    some = select(tickets.c.id).where(condition).limit(_COUNTED).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
