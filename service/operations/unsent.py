"""What an agent had typed when the session ended: kept for them, sealed, in the page itself.

Nothing is stored. It is sealed under the key of the agent whose session it was, so that nobody
else who signs in at this browser can open it; after half an hour it is worth nothing.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.policy import DEFAULT
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.encryption import CannotOpen, DataKey, Place
from service.security.tokens import digest
from service.storage import load
from service.storage.keychain import find_keys
from service.storage.rows import clock, one
from service.storage.tables import browser_sessions
from service.storage.values import BrowserKind, BrowserSession

# What proves who somebody is, is typed anew.
SECRETS: Final = frozenset({"password", "code", "passkey", "recovery"})
_LEFT_OUT: Final = SECRETS | {"username"}
# Sealed and written in letters it still fits into the largest form.
_LONGEST: Final = 40_000


class Unsent(Struct, frozen=True, kw_only=True):
    """A form that was not taken because its session had ended."""

    path: str
    fields: dict[str, str]
    # Something that proves who the agent is was typed along, and has to be typed anew.
    proves: bool
    pressed_at: datetime


def kept(fields: Mapping[str, str]) -> dict[str, str]:
    """All that is sent again as it was."""
    return {name: value for name, value in fields.items() if name not in _LEFT_OUT}


def proves(fields: Mapping[str, str]) -> bool:
    """Something in it says who the agent is, and is not kept anywhere."""
    return not SECRETS.isdisjoint(fields)


async def seal(house: House, cookie: str, path: str, fields: Mapping[str, str]) -> str | None:
    """None where it is nobody's: the session is not known, or the agent has ended."""
    async with house.engine.connect() as db:
        agent = await _whose(db, cookie)
        if agent is None:
            return None
        key = await _key(db, house, agent)
        pressed_at = await clock(db)
    unsent = Unsent(
        path=path,
        fields=kept(fields),
        proves=proves(fields),
        pressed_at=pressed_at,
    )
    said = msgspec.json.encode(unsent).decode()
    if key is None or len(said) > _LONGEST:
        return None
    return urlsafe_b64encode(key.seal(_place(agent), said)).decode()


async def reopen(house: House, by: SignedIn, sealed: str) -> Unsent | None:
    """None for what somebody else typed, what is too old, and what is none of ours."""
    try:
        kept = urlsafe_b64decode(sealed.encode())
    except (NotBase64, ValueError):
        return None
    async with house.engine.connect() as db:
        key = await _key(db, house, by.agent)
        now = await clock(db)
    if key is None:
        return None
    try:
        unsent = msgspec.json.decode(key.open(_place(by.agent), kept), type=Unsent)
    except (CannotOpen, msgspec.DecodeError):
        return None
    return unsent if now < unsent.pressed_at + DEFAULT.sessions.unsent_waits else None


async def _whose(db: AsyncConnection, cookie: str) -> Agent | None:
    """The agent whose session the cookie was of, also after its end."""
    ours = browser_sessions.c.wallet_id.is_(None)
    ours &= browser_sessions.c.kind == BrowserKind.AGENT.value
    ours &= browser_sessions.c.token_sha256 == digest(cookie)
    session = await one(db, select(browser_sessions).where(ours), BrowserSession)
    if session is None or session.agent_id is None:
        return None
    agent = await load.agent(db, session.agent_id)
    return agent if agent.ended_at is None else None


async def _key(db: AsyncConnection, house: House, agent: Agent) -> DataKey | None:
    return (await find_keys(db, house.keys, (agent.data_key_id,))).get(agent.data_key_id)


def _place(agent: Agent) -> Place:
    return Place("agents", "unsent", agent.id)
