"""Agents' recovery codes: ten at a time, told once, kept as argon2id hashes."""

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import agents as rules
from domain.agents import CODES, AgentCode
from domain.ids import AgentCodeId, AgentId
from service.operations.house import House
from service.security.tokens import new_id
from service.storage.rows import put
from service.storage.tables import agent_codes

_RANDOM_BYTES: Final = 13


class HashedCode(Struct, frozen=True, kw_only=True):
    mark: str
    code_hash: str


def new_codes() -> tuple[str, ...]:
    """No two with the same mark, or one of them could not be found."""
    codes: dict[str, str] = {}
    while len(codes) < CODES:
        code = rules.code_from(secrets.token_bytes(_RANDOM_BYTES))
        codes.setdefault(rules.mark_of(code), code)
    return tuple(codes.values())


async def hashed(house: House, codes: Iterable[str]) -> tuple[HashedCode, ...]:
    """Slow on purpose, so it comes before any lock is held."""
    return tuple(
        [
            HashedCode(mark=rules.mark_of(code), code_hash=await house.passwords.hash(code))
            for code in codes
        ]
    )


def _made(
    agent_id: AgentId, codes: Iterable[HashedCode], *, now: datetime
) -> tuple[AgentCode, ...]:
    return tuple(
        AgentCode(
            id=AgentCodeId(new_id()),
            agent_id=agent_id,
            mark=code.mark,
            code_hash=code.code_hash,
            made_at=now,
        )
        for code in codes
    )


async def put_codes(
    db: AsyncConnection, agent_id: AgentId, codes: Iterable[HashedCode], *, now: datetime
) -> tuple[AgentCode, ...]:
    """In place of the ones before, which are worth nothing from now on."""
    await drop_codes(db, agent_id)
    kept = _made(agent_id, codes, now=now)
    for code in kept:
        await put(db, None, code)
    return kept


async def drop_codes(db: AsyncConnection, agent_id: AgentId) -> None:
    await db.execute(delete(agent_codes).where(agent_codes.c.agent_id == agent_id))
