"""What an agent sees: the wallets and kinds they serve, without what is their own.

An agent who is owner or contact somewhere has nothing to look for on that account's tickets.
"""

from typing import Any

from msgspec import Struct
from sqlalchemy import ColumnElement, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.ids import AccountId, WalletId
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


async def sight_of(db: AsyncConnection, agent: Agent) -> Sight:
    """As it is now: whoever became a contact a minute ago no longer sees the ticket."""
    found = await db.execute(_own(agent))
    return Sight(
        wallets=agent.wallets,
        kinds=kinds_seen_by(agent),
        own=tuple(AccountId(one) for one in found.scalars()),
    )


def _own(agent: Agent) -> Any:
    """Every account that one of the agent's addresses leads to."""
    theirs = agent_addresses.c.agent_id == agent.id

    def same(table: Any) -> Any:
        mine = agent_addresses.c.wallet_id == table.c.wallet_id
        return mine & (agent_addresses.c.address_index == table.c.address_index)

    held = contacts.join(person_addresses, person_addresses.c.person_id == contacts.c.person_id)
    return union(
        select(account_addresses.c.account_id)
        .join(agent_addresses, same(account_addresses))
        .where(theirs),
        select(contacts.c.account_id).join(agent_addresses, same(contacts)).where(theirs),
        select(contacts.c.account_id)
        .select_from(held)
        .join(agent_addresses, same(person_addresses))
        .where(theirs),
    )
