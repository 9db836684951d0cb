"""Agents: made by the operator, signed in with password and authenticator code."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent, Role
from domain.change import Change
from domain.events import THE_OPERATOR, Actor, ActorKind, AgentAdded, AgentSignedIn
from domain.ids import AgentId, KeyId, WalletId
from domain.limits import (
    PROVED_AGAIN,
    SIGN_INS_FROM_NETWORK,
    SIGN_INS_OF_LOGIN,
    SIGN_INS_OF_LOGIN_FROM_NETWORK,
    Limit,
    Rate,
)
from domain.policy import DEFAULT
from domain.refusals import PageExpired, SignInFailed
from domain.wallets import THE_INSTALLATION
from service.operations import browsers, limits
from service.operations.addresses import plain_text
from service.operations.browsers import Opened
from service.operations.house import House
from service.security.encryption import Place
from service.security.passwords import SHORTEST
from service.security.tokens import new_id
from service.security.totp import accepted_step, new_totp_secret
from service.storage import load
from service.storage.keychain import Opener, find_key, find_keys, make_key
from service.storage.limits import Subject
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserKind, BrowserSession

_LONGEST_LOGIN: Final = 80
# Compared with when nobody has the name: as much work, and never right.
_NOBODY: Final = KeyId(UUID(int=0))
_NOBODYS_SECRET: Final = new_totp_secret()


class PasswordTooShort(ValueError):
    """An agent's password has at least 15 characters."""


class NewAgent(Struct, frozen=True, kw_only=True):
    login: str
    name: str
    password: str
    level: int
    role: Role = Role.AGENT
    wallets: tuple[WalletId, ...]
    language: str
    # Sees the tickets of owners who do not feel safe with their own people.
    trained_for_safety: bool = False


class SignedIn(Struct, frozen=True, kw_only=True):
    """An agent at work, and the session they work in."""

    agent: Agent
    name: str
    session: BrowserSession

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.AGENT, self.agent.id)


async def add_agent(house: House, new: NewAgent) -> str:
    """Make an agent, who cannot approve for 24 h. Answers the authenticator secret, shown once."""
    if len(new.password) < SHORTEST:
        raise PasswordTooShort
    hashed = await house.passwords.hash(new.password)
    secret = new_totp_secret()
    async with house.engine.begin() as db:
        now = await clock(db)
        key = await make_key(db, house.keys)
        agent_id = AgentId(new_id())
        agent = Agent(
            id=agent_id,
            login=new.login,
            name=key.seal(Place("agents", "name", agent_id), new.name),
            data_key_id=key.id,
            role=new.role,
            level=new.level,
            wallets=new.wallets,
            language=new.language,
            password_hash=hashed,
            totp_secret=key.seal(Place("agents", "totp_secret", agent_id), secret),
            can_approve_from=now + DEFAULT.tickets.new_agent_waits,
            created_at=now,
            trained_for_safety=new.trained_for_safety,
        )
        change = Change(agent, (AgentAdded(agent_id=agent_id, at=now),))
        await keep(db, THE_INSTALLATION, None, change, by=THE_OPERATOR)
    return secret


async def sign_in(
    house: House, *, login: str, password: str, code: str, network: str | None = None
) -> Opened:
    """Password and authenticator code together. Raises SignInFailed, the same for every reason.

    The attempt is counted before anything is compared, whether or not anyone has this login.
    Raises TooMany, also to the right password.
    """
    name = plain_text(login, longest=_LONGEST_LOGIN).lower()
    await limits.count(house, *_attempts(house, name, network))
    async with house.engine.connect() as db:
        known = await load.agent_by_login(db, name)
    right = await house.passwords.matches(known.password_hash if known else None, password)
    async with house.engine.begin() as db:
        agent, now = await _prove(db, house, name, code, password_is_right=right)
        opened = browsers.begin(
            kind=BrowserKind.AGENT,
            purpose="console",
            wallet_id=None,
            at=now,
            expires_at=_until(now, began_at=now),
        )
        session = replace(opened.session, agent_id=agent.id)
        return Opened(await put(db, None, session), opened.cookie)


async def prove_again(house: House, by: SignedIn, *, password: str, code: str) -> SignedIn:
    """Password and a code that was not used yet, before something that cannot be undone.

    Answers the agent as they stand now. Raises SignInFailed, TooMany.
    """
    of = _of(house, PROVED_AGAIN, by.agent.login.encode())
    await limits.count(house, (of, PROVED_AGAIN.rate))
    right = await house.passwords.matches(by.agent.password_hash, password)
    async with house.engine.begin() as db:
        agent, _ = await _prove(db, house, by.agent.login, code, password_is_right=right)
        return replace(by, agent=agent)


async def signed_in(house: House, cookie: str) -> SignedIn:
    """Who works in this browser. Every use keeps the session alive, up to 8 hours in all.

    Raises PageExpired.
    """
    async with house.engine.begin() as db:
        session = await browsers.find(db, BrowserKind.AGENT, None, cookie)
        if session is None or session.agent_id is None:
            raise PageExpired
        agent = await load.agent(db, session.agent_id)
        if agent.ended_at is not None:
            raise PageExpired
        now = await clock(db)
        await browsers.touch(db, session, now, until=_until(now, began_at=session.began_at))
        return SignedIn(agent=agent, name=await _name(db, house, agent), session=session)


async def names_of(db: AsyncConnection, house: House, ids: Iterable[AgentId]) -> dict[AgentId, str]:
    """Agents' names for a timeline."""
    found = await load.agents_named(db, tuple(ids))
    opener = await Opener.for_values(db, house.keys, (agent.name for agent in found))
    return {agent.id: opener.text(Place("agents", "name", agent.id), agent.name) for agent in found}


async def _prove(
    db: AsyncConnection, house: House, login: str, code: str, *, password_is_right: bool
) -> tuple[Agent, datetime]:
    """Use up the authenticator code, and record that the agent signed in.

    Unknown name, wrong password and wrong code walk through the same statements, so that the
    time tells none of them from the others.
    """
    agent = await load.agent_by_login(db, login, for_change=True)
    now = await clock(db)
    key_id = _NOBODY if agent is None else agent.data_key_id
    key = (await find_keys(db, house.keys, (key_id,))).get(key_id)
    secret, last_step = _NOBODYS_SECRET, 0
    if agent is not None and key is not None:
        secret = key.open(Place("agents", "totp_secret", agent.id), agent.totp_secret)
        last_step = agent.totp_step
    digits = "".join(character for character in code if character in "0123456789")
    step = accepted_step(secret, digits, last_step=last_step, now=now)
    if agent is None or agent.ended_at is not None or key is None:
        raise SignInFailed
    if step is None or not password_is_right:
        raise SignInFailed
    change = Change(replace(agent, totp_step=step), (AgentSignedIn(agent_id=agent.id, at=now),))
    by = Actor(ActorKind.AGENT, agent.id)
    return await keep(db, THE_INSTALLATION, agent, change, by=by), now


def _attempts(house: House, login: str, network: str | None) -> list[tuple[Subject, Rate]]:
    """What one attempt to sign in is counted against, from the narrowest on."""
    who = login.encode()
    found = [(SIGN_INS_OF_LOGIN, (who,))]
    if network is not None:
        place = network.encode()
        found = [
            (SIGN_INS_OF_LOGIN_FROM_NETWORK, (who, place)),
            (SIGN_INS_FROM_NETWORK, (place,)),
            *found,
        ]
    return [(_of(house, limit, *counted), limit.rate) for limit, counted in found]


def _of(house: House, limit: Limit, *counted: bytes) -> Subject:
    """Agents belong to no one wallet."""
    return limits.subject_of(house.keys, THE_INSTALLATION, limit, *counted)


async def _name(db: AsyncConnection, house: House, agent: Agent) -> str:
    key = await find_key(db, house.keys, agent.data_key_id)
    return key.open(Place("agents", "name", agent.id), agent.name)


def _until(now: datetime, *, began_at: datetime) -> datetime:
    policy = DEFAULT.sessions
    return min(now + policy.agent_idle, began_at + policy.agent_lasts)
