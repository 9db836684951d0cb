"""What an agent sees: the wallets and kinds they serve, without what is their own.

An agent who is owner or contact somewhere has nothing to look for on that account's tickets.
"""

from collections.abc import Collection
from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.ids import AccountId, AgentId, WalletId
from domain.safety import kinds_seen_by
from domain.tickets import TicketKind
from service.storage.tables import (
    account_addresses,
    agent_addresses,
    contacts,
    person_addresses,
    tickets,
)


class Sight(Struct, frozen=True, kw_only=True):
    """What one agent sees of all tickets; part of every query about them."""

    wallets: tuple[WalletId, ...]
    kinds: tuple[TicketKind, ...]
    # Of accounts that the agent owns, or is a contact of, whenever that was.
    own: tuple[AccountId, ...]

    def of_tickets(self) -> ColumnElement[bool]:
        """The condition on `tickets`."""
        seen = tickets.c.wallet_id.in_(self.wallets)
        seen &= tickets.c.kind.in_([kind.value for kind in self.kinds])
        return seen & tickets.c.account_id.notin_(self.own) if self.own else seen

    def sees(self, wallet_id: WalletId, account_id: AccountId, kind: TicketKind) -> bool:
        """The same condition, on a ticket at hand."""
        return wallet_id in self.wallets and kind in self.kinds and account_id not in self.own


async def sight_of(db: AsyncConnection, agent: Agent) -> Sight:
    """As it is now: whoever became a contact a minute ago no longer sees the ticket."""
    return (await sights_of(db, (agent,)))[agent.id]


async def sights_of(db: AsyncConnection, agents: Collection[Agent]) -> dict[AgentId, Sight]:
    """The same for many at once, by one question."""
    own: dict[AgentId, list[AccountId]] = {agent.id: [] for agent in agents}
    for row in await db.execute(_own(own)):
        own[AgentId(row.agent_id)].append(AccountId(row.account_id))
    return {
        agent.id: Sight(wallets=agent.wallets, kinds=kinds_seen_by(agent), own=tuple(own[agent.id]))
        for agent in agents
    }


async def selves_of(db: AsyncConnection, agent_id: AgentId) -> frozenset[AgentId]:
    """An agent, and whoever shares an address with them: one human may have two accounts, and two
    people who decide are two humans."""
    theirs = agent_addresses.alias()
    same = (theirs.c.wallet_id == agent_addresses.c.wallet_id) & (
        theirs.c.address_index == agent_addresses.c.address_index
    )
    asked = select(theirs.c.agent_id).join_from(agent_addresses, theirs, same)
    found = await db.execute(asked.where(agent_addresses.c.agent_id == agent_id))
    return frozenset({agent_id, *(AgentId(one) for one in found.scalars())})


def _own(agents: Collection[AgentId]) -> Any:
    """Every account that one of the agents' addresses leads to."""
    theirs = agent_addresses.c.agent_id.in_(agents)
    whose = agent_addresses.c.agent_id

    def same(table: Any) -> Any:
        mine = agent_addresses.c.wallet_id == table.c.wallet_id
        return mine & (agent_addresses.c.address_index == table.c.address_index)

    held = contacts.join(person_addresses, person_addresses.c.person_id == contacts.c.person_id)
    return union(
        *(
            select(whose, found.c.account_id)
            .select_from(joined.join(agent_addresses, same(table)))
            .where(theirs)
            for found, joined, table in (
                (account_addresses, account_addresses, account_addresses),
                (contacts, contacts, contacts),
                (contacts, held, person_addresses),
            )
        )
    )
