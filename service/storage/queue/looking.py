"""Who looks at which ticket just now."""

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, AgentId, TicketId, WalletId
from domain.policy import DEFAULT
from domain.tickets import TicketKind
from service.storage.load.sight import Sight
from service.storage.tables import now, presences, tickets


class LookedAt(Struct, frozen=True, kw_only=True):
    """A ticket, and who looks at it."""

    wallet_id: WalletId
    account_id: AccountId
    kind: TicketKind
    agents: frozenset[AgentId]

    def is_seen_by(self, sight: Sight) -> bool:
        return sight.sees(self.wallet_id, self.account_id, self.kind)


def is_there() -> ColumnElement[bool]:
    return presences.c.seen_at > now - DEFAULT.desk.presence_lasts


async def lookers(
    db: AsyncConnection, ids: Collection[TicketId]
) -> dict[TicketId, tuple[AgentId, ...]]:
    """Who looks at these tickets just now."""
    seen: dict[TicketId, tuple[AgentId, ...]] = {}
    found = await db.execute(
        select(presences.c.ticket_id, presences.c.agent_id)
        .where(presences.c.ticket_id.in_(ids), is_there())
        .order_by(presences.c.agent_id)
    )
    for row in found:
        ticket_id = TicketId(row.ticket_id)
        seen[ticket_id] = (*seen.get(ticket_id, ()), AgentId(row.agent_id))
    return seen


async def looking_now(db: AsyncConnection) -> dict[TicketId, LookedAt]:
    """Every ticket that somebody looks at, whoever may know of it: there are never more than people
    at the desk have pages open."""
    of_tickets = presences.join(tickets, tickets.c.id == presences.c.ticket_id)
    found = await db.execute(
        select(
            presences.c.ticket_id,
            presences.c.agent_id,
            tickets.c.wallet_id,
            tickets.c.account_id,
            tickets.c.kind,
        )
        .select_from(of_tickets)
        .where(is_there())
    )
    seen: dict[TicketId, LookedAt] = {}
    for row in found:
        ticket_id = TicketId(row.ticket_id)
        before = seen[ticket_id].agents if ticket_id in seen else frozenset[AgentId]()
        seen[ticket_id] = LookedAt(
            wallet_id=WalletId(row.wallet_id),
            account_id=AccountId(row.account_id),
            kind=TicketKind(row.kind),
            agents=before | {AgentId(row.agent_id)},
        )
    return seen
