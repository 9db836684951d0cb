"""Agents. They serve several wallets, so no wallet is asked for."""

from uuid import UUID

from sqlalchemy import ColumnElement, any_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.agents import AgentCode, Passkey
from domain.ids import AgentId, WalletId
from service.storage.rows import every, one, the_one
from service.storage.tables import (
    agent_addresses,
    agent_codes,
    agent_passkeys,
    agents,
    browser_sessions,
    now,
)
from service.storage.values import BrowserKind


async def agent_by_login(
    db: AsyncConnection, login: str, *, for_change: bool = False
) -> Agent | None:
    statement = select(agents).where(agents.c.login == login)
    return await one(db, statement.with_for_update() if for_change else statement, Agent)


async def agent(db: AsyncConnection, agent_id: AgentId) -> Agent:
    return await the_one(db, select(agents).where(agents.c.id == agent_id), Agent)


async def agent_for_change(db: AsyncConnection, agent_id: AgentId) -> Agent:
    statement = select(agents).where(agents.c.id == agent_id).with_for_update()
    return await the_one(db, statement, Agent)


async def agents_named(db: AsyncConnection, ids: tuple[UUID, ...]) -> tuple[Agent, ...]:
    return await every(db, select(agents).where(agents.c.id.in_(ids)), Agent)


async def agents_serving(db: AsyncConnection, wallet_id: WalletId) -> tuple[Agent, ...]:
    """Everyone of the wallet's desk who has not ended, of every role, in the order of logins."""
    return await every(
        db, select(agents).where(_serving(wallet_id)).order_by(agents.c.login), Agent
    )


async def agents_on_shift(db: AsyncConnection, wallet_id: WalletId) -> tuple[Agent, ...]:
    """Those of them who are signed in: with a console session that neither 30 quiet minutes nor
    its 8 hours have ended. A use is written at most once a minute."""
    present = select(browser_sessions.c.id).where(
        browser_sessions.c.kind == BrowserKind.AGENT.value,
        browser_sessions.c.agent_id == agents.c.id,
        browser_sessions.c.expires_at > now,
    )
    here = _serving(wallet_id) & present.exists()
    return await every(db, select(agents).where(here).order_by(agents.c.login), Agent)


def _serving(wallet_id: WalletId) -> ColumnElement[bool]:
    return (any_(agents.c.wallets) == wallet_id) & agents.c.ended_at.is_(None)


async def every_agent(db: AsyncConnection) -> tuple[Agent, ...]:
    """Those who have ended too, in the order of logins."""
    return await every(db, select(agents).order_by(agents.c.login), Agent)


async def passkeys_of(db: AsyncConnection, agent_id: AgentId) -> tuple[Passkey, ...]:
    """The oldest first."""
    theirs = select(agent_passkeys).where(agent_passkeys.c.agent_id == agent_id)
    return await every(db, theirs.order_by(agent_passkeys.c.id), Passkey)


async def passkey_by_credential(
    db: AsyncConnection, credential_id: bytes, *, for_change: bool = False
) -> Passkey | None:
    """Whose ever it is. Its agent is locked before it."""
    statement = select(agent_passkeys).where(agent_passkeys.c.credential_id == credential_id)
    return await one(db, statement.with_for_update() if for_change else statement, Passkey)


async def agent_codes_of(db: AsyncConnection, agent_id: AgentId) -> tuple[AgentCode, ...]:
    """Used ones too."""
    theirs = select(agent_codes).where(agent_codes.c.agent_id == agent_id)
    return await every(db, theirs.order_by(agent_codes.c.id), AgentCode)


async def agent_code_by_mark(db: AsyncConnection, agent_id: AgentId, mark: str) -> AgentCode | None:
    """Unused. An agent is locked before one of their codes is used."""
    theirs = (agent_codes.c.agent_id == agent_id) & (agent_codes.c.mark == mark)
    return await one(
        db, select(agent_codes).where(theirs, agent_codes.c.used_at.is_(None)), AgentCode
    )


async def wallets_of_own_addresses(db: AsyncConnection, agent_id: AgentId) -> tuple[WalletId, ...]:
    """In which an agent's own addresses are known; one for each address."""
    theirs = agent_addresses.c.agent_id == agent_id
    found = await db.execute(select(agent_addresses.c.wallet_id).where(theirs))
    return tuple(WalletId(wallet_id) for wallet_id in found.scalars())
