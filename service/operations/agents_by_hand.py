"""What the operator does with agents from the command line: change, reset, end, look."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import agents as rules
from domain.access import Agent, Role
from domain.events import THE_OPERATOR
from domain.ids import AgentId, WalletId
from domain.policy import DEFAULT
from domain.refusals import NotFound, OwnAddressesNeeded
from domain.wallets import THE_INSTALLATION
from service.operations import agents_codes, own_addresses
from service.operations.agents import PasswordTooShort
from service.operations.agents_codes import HashedCode
from service.operations.house import House
from service.security.encryption import Place
from service.security.passwords import SHORTEST
from service.security.totp import new_totp_secret
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep
from service.storage.tables import agent_passkeys, browser_sessions
from service.storage.values import BrowserKind


class Changes(Struct, frozen=True, kw_only=True):
    """What is to be different; None: as it is."""

    level: int | None = None
    role: Role | None = None
    wallets: tuple[WalletId, ...] | None = None
    language: str | None = None
    speaks: tuple[str, ...] | None = None
    serves_losses: bool | None = None
    trained_for_safety: bool | None = None
    # All of them, in place of those before; () for whoever has none.
    own_addresses: tuple[str, ...] | None = None


class AgentSeen(Struct, frozen=True, kw_only=True):
    agent: Agent
    name: str
    # The origins of the wallets they serve.
    wallets: tuple[str, ...]
    passkeys: int
    codes_left: int
    # Own addresses, in how many of the wallets each of them stands.
    own_addresses: int
    now: datetime


async def change(house: House, login: str, changes: Changes) -> Agent:
    """Raises NotFound, AgentHasEnded, AddressNotAllowed, OwnAddressesNeeded."""
    async with house.engine.begin() as db:
        before = await _known(db, login)
        if _serves_more(before, changes) and changes.own_addresses is None:
            raise OwnAddressesNeeded
        now = await clock(db)
        changed = rules.change(before, _changed(before, changes), policy=DEFAULT.tickets, now=now)
        after = await keep(db, THE_INSTALLATION, before, changed, by=THE_OPERATOR)
        if changes.own_addresses is not None:
            await own_addresses.drop_all(db, after.id)
            await own_addresses.put_all(db, house, after, changes.own_addresses, now=now)
        return after


async def reset(house: House, login: str, *, password: str, recovery_codes: tuple[str, ...]) -> str:
    """New password, authenticator and recovery codes; passkeys and sessions end at once.

    Answers the authenticator secret, shown once. Raises PasswordTooShort, NotFound, AgentHasEnded.
    """
    if len(password) < SHORTEST:
        raise PasswordTooShort
    hashed = await house.passwords.hash(password)
    codes = await agents_codes.hashed(house, recovery_codes)
    secret = new_totp_secret()
    async with house.engine.begin() as db:
        before = await _known(db, login)
        key = await find_key(db, house.keys, before.data_key_id)
        now = await clock(db)
        after = rules.reset(
            before,
            password_hash=hashed,
            totp_secret=key.seal(Place("agents", "totp_secret", before.id), secret),
            policy=DEFAULT.tickets,
            now=now,
        )
        await keep(db, THE_INSTALLATION, before, after, by=THE_OPERATOR)
        await _take_all(db, before.id, codes, now=now)
    return secret


async def end(house: House, login: str) -> None:
    """They are out with the next press. Raises NotFound, AgentHasEnded."""
    async with house.engine.begin() as db:
        before = await _known(db, login)
        now = await clock(db)
        ended = rules.end(before, now=now)
        await keep(db, THE_INSTALLATION, before, ended, by=THE_OPERATOR)
        await _take_all(db, before.id, (), now=now)


async def see_all(house: House) -> tuple[AgentSeen, ...]:
    """In the order of logins, those who have ended too."""
    async with house.engine.connect() as db:
        return tuple([await _seen(db, house, agent) for agent in await load.every_agent(db)])


async def see(house: House, login: str) -> AgentSeen:
    """Raises NotFound."""
    async with house.engine.connect() as db:
        agent = await load.agent_by_login(db, login)
        if agent is None:
            raise NotFound
        return await _seen(db, house, agent)


async def _known(db: AsyncConnection, login: str) -> Agent:
    agent = await load.agent_by_login(db, login, for_change=True)
    if agent is None:
        raise NotFound
    return agent


def _serves_more(before: Agent, changes: Changes) -> bool:
    """Of a further wallet we cannot say what the agent is there: their addresses are not kept."""
    return changes.wallets is not None and not set(changes.wallets) <= set(before.wallets)


def _changed(before: Agent, changes: Changes) -> Agent:
    def said(value: object, otherwise: object) -> object:
        return otherwise if value is None else value

    names = ("level", "role", "wallets", "language", "speaks", "serves_losses")
    fields = {
        name: said(getattr(changes, name), getattr(before, name))
        for name in (*names, "trained_for_safety")
    }
    return replace(before, **fields)


async def _take_all(
    db: AsyncConnection, agent_id: AgentId, codes: tuple[HashedCode, ...], *, now: datetime
) -> None:
    """Passkeys, recovery codes before these, and every session."""
    await db.execute(delete(agent_passkeys).where(agent_passkeys.c.agent_id == agent_id))
    await agents_codes.put_codes(db, agent_id, codes, now=now)
    theirs = browser_sessions.c.kind == BrowserKind.AGENT.value
    theirs &= browser_sessions.c.agent_id == agent_id
    await db.execute(delete(browser_sessions).where(theirs))


async def _seen(db: AsyncConnection, house: House, agent: Agent) -> AgentSeen:
    key = await find_key(db, house.keys, agent.data_key_id)
    wallets = [await load.wallet(db, wallet_id) for wallet_id in agent.wallets]
    codes = await load.agent_codes_of(db, agent.id)
    return AgentSeen(
        agent=agent,
        name=key.open(Place("agents", "name", agent.id), agent.name),
        wallets=tuple(wallet.origin for wallet in wallets),
        passkeys=len(await load.passkeys_of(db, agent.id)),
        codes_left=sum(code.used_at is None for code in codes),
        own_addresses=len(await load.wallets_of_own_addresses(db, agent.id)),
        now=await clock(db),
    )
