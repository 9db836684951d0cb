"""Agents' own addresses, kept as what each wallet they serve would find an owner or a contact by.

No address can be read from them. Which tickets are an agent's own follows from them
(`service/storage/load/sight.py`).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.accounts import AddressKind
from domain.ids import AgentAddressId, AgentId
from domain.wallets import Wallet
from service.operations.addresses import normal_email, normal_phone
from service.operations.house import House
from service.security.blind_index import index_of
from service.security.keys import KeyRing
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import put
from service.storage.tables import agent_addresses
from service.storage.values import AgentAddress


async def put_all(
    db: AsyncConnection, house: House, agent: Agent, typed: Iterable[str], *, now: datetime
) -> None:
    """In every wallet the agent serves. Raises AddressNotAllowed."""
    addresses = tuple(typed)
    if not addresses:
        return
    for wallet_id in agent.wallets:
        wallet = await load.wallet(db, wallet_id)
        for index in sorted({_index(house.keys, wallet, address) for address in addresses}):
            kept = AgentAddress(
                id=AgentAddressId(new_id()),
                agent_id=agent.id,
                wallet_id=wallet.id,
                address_index=index,
                added_at=now,
            )
            await put(db, None, kept)


async def drop_all(db: AsyncConnection, agent_id: AgentId) -> None:
    await db.execute(delete(agent_addresses).where(agent_addresses.c.agent_id == agent_id))


def _index(keys: KeyRing, wallet: Wallet, typed: str) -> bytes:
    """Written as owners' and contacts' addresses are; a number without its country is local."""
    if "@" in typed:
        return index_of(keys, wallet.id, AddressKind.EMAIL, normal_email(typed))
    number = normal_phone(typed, country=wallet.country, dialling_codes=None)
    return index_of(keys, wallet.id, AddressKind.PHONE, number)
