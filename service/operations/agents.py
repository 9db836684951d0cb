"""Agents: made by the operator, signed in with two factors; `agents_door` says which."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import agents as rules
from domain.access import Agent, Role
from domain.events import THE_OPERATOR, Actor, ActorKind
from domain.ids import AgentId, WalletId
from domain.limits import (
    PROVED_AGAIN,
    SIGN_INS_FROM_NETWORK,
    SIGN_INS_OF_LOGIN,
    SIGN_INS_OF_LOGIN_FROM_NETWORK,
    Limit,
    Rate,
)
from domain.policy import DEFAULT
from domain.refusals import PageExpired
from domain.wallets import THE_INSTALLATION
from service.operations import agents_codes, agents_door, browsers, limits, own_addresses
from service.operations.addresses import plain_text
from service.operations.agents_door import PasskeyAnswer, PasswordAndCode, Shown
from service.operations.browsers import Opened
from service.operations.house import House
from service.security.encryption import Place
from service.security.passwords import SHORTEST
from service.security.tokens import new_id
from service.security.totp import new_totp_secret
from service.storage import load
from service.storage.keychain import Opener, find_key, make_key
from service.storage.limits import Subject
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserKind, BrowserSession, PasskeyPurpose

_LONGEST_LOGIN: Final = 80


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
    # The languages of owners they speak to; none said: any.
    speaks: tuple[str, ...] = ()
    serves_losses: bool = True
    # E-mail addresses and phone numbers of their own: of them only keyed hashes are kept.
    own_addresses: tuple[str, ...] = ()
    # Of which only hashes are kept; see `agents_codes.new_codes`.
    recovery_codes: tuple[str, ...] = ()


class SignedIn(Struct, frozen=True, kw_only=True):
    """An agent at work, and the session they work in."""

    agent: Agent
    name: str
    session: BrowserSession

    @property
    def actor(self) -> Actor:
        return Actor(ActorKind.AGENT, self.agent.id)


async def add_agent(house: House, new: NewAgent) -> str:
    """Make an agent, who cannot approve for 24 h. Answers the authenticator secret, shown once.

    Raises PasswordTooShort, and AddressNotAllowed for an own address that is none.
    """
    if len(new.password) < SHORTEST:
        raise PasswordTooShort
    hashed = await house.passwords.hash(new.password)
    codes = await agents_codes.hashed(house, new.recovery_codes)
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
            can_approve_from=now,
            created_at=now,
            trained_for_safety=new.trained_for_safety,
            speaks=new.speaks,
            serves_losses=new.serves_losses,
        )
        change = rules.add(agent, policy=DEFAULT.tickets, now=now)
        await keep(db, THE_INSTALLATION, None, change, by=THE_OPERATOR)
        await agents_codes.put_codes(db, agent_id, codes, now=now)
        await own_addresses.put_all(db, house, change.value, new.own_addresses, now=now)
    return secret


async def sign_in(
    house: House, *, login: str, password: str, code: str, network: str | None = None
) -> Opened:
    """Password and authenticator code together, or a recovery code in its place. Raises
    SignInFailed, the same for every reason.

    The attempt is counted before anything is compared, whether or not anyone has this login.
    Raises TooMany, also to the right password.
    """
    name = plain_text(login, longest=_LONGEST_LOGIN).lower()
    await limits.count(house, *_attempts(house, name, network))
    shown = PasswordAndCode(password=password, code=code)
    compared = await agents_door.compare(house, name, shown)
    async with house.engine.begin() as db:
        agent, now = await agents_door.prove_by_password(db, house, compared)
        return await _open(db, agent, now)


async def sign_in_with_passkey(
    house: House, shown: PasskeyAnswer, *, browser: bytes, network: str | None = None
) -> Opened:
    """The passkey says whose it is; counts as both factors. `browser` asked for the challenge.

    Raises SignInFailed, TooMany.
    """
    if network is not None:
        counted = _of(house, SIGN_INS_FROM_NETWORK, network.encode())
        await limits.count(house, (counted, SIGN_INS_FROM_NETWORK.rate))
    answer = await agents_door.spend(house, shown, PasskeyPurpose.SIGN_IN, browser=browser)
    async with house.engine.begin() as db:
        agent, now = await agents_door.prove_by_passkey(db, shown, answer, of=None)
        return await _open(db, agent, now)


async def prove_again(
    house: House, by: SignedIn, shown: Shown, *, to_decide: bool = False
) -> SignedIn:
    """Two factors again, before something that cannot be undone: a passkey's answer, or the
    password with a code that was not used yet.

    For some minutes the agent may also change what they sign in with; not where it was shown
    `to_decide` one thing, or whoever finds the browser afterwards could make a key of their own
    and decide the next. Answers the agent as they stand now. Raises SignInFailed, TooMany.
    """
    of = _of(house, PROVED_AGAIN, by.agent.login.encode())
    await limits.count(house, (of, PROVED_AGAIN.rate))
    match shown:
        case PasswordAndCode():
            compared = await agents_door.compare(house, by.agent.login, shown)
            async with house.engine.begin() as db:
                agent, now = await agents_door.prove_by_password(db, house, compared)
                return await _proved(db, by, agent, None if to_decide else now)
        case PasskeyAnswer():
            browser, purpose = by.session.token_sha256, PasskeyPurpose.PROVE_AGAIN
            answer = await agents_door.spend(house, shown, purpose, browser=browser)
            async with house.engine.begin() as db:
                agent, now = await agents_door.prove_by_passkey(db, shown, answer, of=by.agent.id)
                return await _proved(db, by, agent, None if to_decide else now)


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


async def _open(db: AsyncConnection, agent: Agent, now: datetime) -> Opened:
    opened = browsers.begin(
        kind=BrowserKind.AGENT,
        purpose="console",
        wallet_id=None,
        at=now,
        expires_at=_until(now, began_at=now),
    )
    session = replace(opened.session, agent_id=agent.id)
    return Opened(await put(db, None, session), opened.cookie)


async def _proved(
    db: AsyncConnection, by: SignedIn, agent: Agent, verified_at: datetime | None
) -> SignedIn:
    """Raises PageExpired for a session that has ended meanwhile."""
    session = await browsers.again(db, by.session)
    if verified_at is not None:
        session = await put(db, session, replace(session, verified_at=verified_at))
    return replace(by, agent=agent, session=session)


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
