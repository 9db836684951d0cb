"""An agent's own page: passkeys and recovery codes, changed within minutes of signing in again."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import agents as rules
from domain.agents import Passkey
from domain.ids import PasskeyId
from domain.policy import DEFAULT
from domain.refusals import NotFound, PasskeyNotValid, ProveAgainFirst, SignInFailed
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations import agents_codes, agents_door, passkey_challenges
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.agents_door import PasskeyAnswer
from service.operations.house import House
from service.security import passkeys as ceremonies
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, record
from service.storage.tables import agent_passkeys
from service.storage.values import PasskeyPurpose

_LONGEST_NAME = 40


class PasskeySeen(Struct, frozen=True, kw_only=True):
    passkey_id: PasskeyId
    name: str
    added_at: datetime
    used_at: datetime | None


class MeSeen(Struct, frozen=True, kw_only=True):
    """What an agent reads about themselves."""

    passkeys: tuple[PasskeySeen, ...]
    # Recovery codes: made, and not used yet.
    codes: int
    codes_left: int
    wallets: tuple[Wallet, ...]
    speaks: tuple[str, ...]
    serves_losses: bool
    trained_for_safety: bool
    # None: they may approve, if their level allows it.
    approves_from: datetime | None
    # Until when they may change what they sign in with; None: only after signing in again.
    changes_until: datetime | None
    now: datetime


async def see_me(house: House, by: SignedIn) -> MeSeen:
    async with house.engine.connect() as db:
        now = await clock(db)
        agent = by.agent
        known = await load.passkeys_of(db, agent.id)
        codes = await load.agent_codes_of(db, agent.id)
        opener = await Opener.for_values(db, house.keys, (one.name for one in known))
        wallets = [await load.wallet(db, wallet_id) for wallet_id in agent.wallets]
    until = _changes_until(by)
    return MeSeen(
        passkeys=tuple(
            PasskeySeen(
                passkey_id=one.id,
                name=opener.text(_name_of(one.id), one.name),
                added_at=one.added_at,
                used_at=one.used_at,
            )
            for one in known
        ),
        codes=len(codes),
        codes_left=sum(code.used_at is None for code in codes),
        wallets=tuple(wallets),
        speaks=agent.speaks,
        serves_losses=agent.serves_losses,
        trained_for_safety=agent.trained_for_safety,
        approves_from=agent.can_approve_from if now < agent.can_approve_from else None,
        changes_until=until if until is not None and now < until else None,
        now=now,
    )


async def ask_at_the_door(house: House, *, origin: str, browser: bytes, network: str) -> str:
    """The options for a passkey that says itself whose it is. Raises TooMany."""
    challenge = await passkey_challenges.make(
        house, PasskeyPurpose.SIGN_IN, browser=browser, of=None, network=network
    )
    return ceremonies.to_sign(origin, challenge)


async def ask_again(house: House, by: SignedIn, *, origin: str) -> str:
    """The options for one of the agent's own passkeys. Raises NotFound without any."""
    async with house.engine.connect() as db:
        known = await load.passkeys_of(db, by.agent.id)
    if not known:
        raise NotFound
    challenge = await _challenge(house, by, PasskeyPurpose.PROVE_AGAIN)
    return ceremonies.to_sign(origin, challenge, known=(one.credential_id for one in known))


async def ask_for_new(house: House, by: SignedIn, *, origin: str) -> str:
    """The options for a new passkey. Raises ProveAgainFirst."""
    async with house.engine.connect() as db:
        await _require_recent(db, by)
        known = await load.passkeys_of(db, by.agent.id)
    challenge = await _challenge(house, by, PasskeyPurpose.REGISTER)
    return ceremonies.to_register(
        origin,
        challenge,
        user_id=by.agent.id,
        login=by.agent.login,
        known=(one.credential_id for one in known),
    )


async def add(house: House, by: SignedIn, shown: PasskeyAnswer, *, name: str) -> Passkey:
    """Raises ProveAgainFirst, PasskeyNotValid, TooManyPasskeys."""
    async with house.engine.connect() as db:
        await _require_recent(db, by)
    try:
        browser = by.session.token_sha256
        answer = await agents_door.spend(house, shown, PasskeyPurpose.REGISTER, browser=browser)
    except SignInFailed:
        raise PasskeyNotValid from None
    made = ceremonies.registered(answer, origin=shown.origin)
    if made is None:
        raise PasskeyNotValid
    async with house.engine.begin() as db:
        agent = await load.agent_for_change(db, by.agent.id)
        await _require_recent(db, by)
        if await load.passkey_by_credential(db, made.credential_id) is not None:
            raise PasskeyNotValid
        others = await load.passkeys_of(db, agent.id)
        key = await find_key(db, house.keys, agent.data_key_id)
        passkey_id = PasskeyId(new_id())
        called = plain_text(name, longest=_LONGEST_NAME)
        passkey = Passkey(
            id=passkey_id,
            agent_id=agent.id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=key.seal(_name_of(passkey_id), called),
            added_at=await clock(db),
        )
        change = rules.add_passkey(agent, passkey, others=len(others), now=passkey.added_at)
        return await keep(db, THE_INSTALLATION, None, change, by=by.actor)


async def end(house: House, by: SignedIn, passkey_id: PasskeyId) -> None:
    """It signs nobody in any more. Raises ProveAgainFirst, NotFound."""
    async with house.engine.begin() as db:
        agent = await load.agent_for_change(db, by.agent.id)
        await _require_recent(db, by)
        known = [one for one in await load.passkeys_of(db, agent.id) if one.id == passkey_id]
        if not known:
            raise NotFound
        change = rules.end_passkey(known[0], now=await clock(db))
        await db.execute(delete(agent_passkeys).where(agent_passkeys.c.id == passkey_id))
        await record(db, THE_INSTALLATION, change.events, by=by.actor)


async def make_codes(house: House, by: SignedIn) -> tuple[str, ...]:
    """Ten new recovery codes, told this once, in place of those before. Raises ProveAgainFirst."""
    codes = agents_codes.new_codes()
    async with house.engine.connect() as db:
        await _require_recent(db, by)
    hashed = await agents_codes.hashed(house, codes)
    async with house.engine.begin() as db:
        agent = await load.agent_for_change(db, by.agent.id)
        await _require_recent(db, by)
        now = await clock(db)
        kept = await agents_codes.put_codes(db, agent.id, hashed, now=now)
        change = rules.make_codes(agent, kept, now=now)
        await record(db, THE_INSTALLATION, change.events, by=by.actor)
    return codes


async def _challenge(house: House, by: SignedIn, purpose: PasskeyPurpose) -> bytes:
    return await passkey_challenges.make(
        house, purpose, browser=by.session.token_sha256, of=by.agent.id
    )


async def _require_recent(db: AsyncConnection, by: SignedIn) -> None:
    until = _changes_until(by)
    if until is None or await clock(db) >= until:
        raise ProveAgainFirst


def _changes_until(by: SignedIn) -> datetime | None:
    proved_at = by.session.verified_at
    return None if proved_at is None else proved_at + DEFAULT.sessions.agent_proof_lasts


def _name_of(passkey_id: PasskeyId) -> Place:
    return Place("agent_passkeys", "name", passkey_id)
