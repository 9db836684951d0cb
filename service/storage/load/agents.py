"""Agents. They serve several wallets, so no wallet is asked for."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.ids import AgentId
from service.storage.rows import every, one, the_one
from service.storage.tables import agents


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
