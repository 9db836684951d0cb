"""What an agent shows at the door, and whether it is right: always two factors.

Password with authenticator code, password with one of ten recovery codes, or a passkey. What was
shown says by its type which it is. Slow comparisons come before any lock; what they were made
with is compared again under the lock, so that nobody comes in with what was just replaced.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import agents as rules
from domain.access import Agent
from domain.agents import AgentCode
from domain.change import Change
from domain.events import Actor, ActorKind, AgentSignedIn
from domain.ids import AgentId, KeyId
from domain.policy import DEFAULT
from domain.refusals import SignInFailed
from domain.wallets import THE_INSTALLATION
from service.operations import passkey_challenges
from service.operations.house import House
from service.security import passkeys
from service.security.encryption import Place
from service.security.totp import accepted_step, new_totp_secret
from service.storage import load
from service.storage.keychain import find_keys
from service.storage.rows import clock, keep
from service.storage.values import PasskeyPurpose

# Compared with when nobody has the name: as much work, and never right.
_NOBODY: Final = KeyId(UUID(int=0))
_NO_AGENT: Final = AgentId(UUID(int=0))
_NOBODYS_SECRET: Final = new_totp_secret()


class PasswordAndCode(Struct, frozen=True, kw_only=True):
    """The code is the authenticator's, or one of the agent's recovery codes."""

    password: str
    code: str


class PasskeyAnswer(Struct, frozen=True, kw_only=True):
    """What an authenticator answered to a challenge of this house, as JSON."""

    answer: str
    # The console's own: the only one that an answer counts from.
    origin: str


Shown = PasswordAndCode | PasskeyAnswer


class Compared(Struct, frozen=True, kw_only=True):
    """A password was compared, with the hash stored then; a recovery code too, if one was typed."""

    login: str
    code: str
    password_hash: str | None
    password_is_right: bool
    recovery_code: AgentCode | None
    code_is_right: bool


async def compare(house: House, login: str, shown: PasswordAndCode) -> Compared:
    """The slow part, without a transaction. Unknown and wrong take as long."""
    typed = rules.read_code(shown.code)
    async with house.engine.connect() as db:
        known = await load.agent_by_login(db, login)
        of = known.id if known else _NO_AGENT
        mark = rules.mark_of(typed) if typed else ""
        recovery = await load.agent_code_by_mark(db, of, mark) if typed else None
    right = await house.passwords.matches(known.password_hash if known else None, shown.password)
    if typed is None:
        code_is_right = False
    else:
        code_is_right = await house.passwords.matches(
            recovery.code_hash if recovery else None, typed
        )
    return Compared(
        login=login,
        code=shown.code,
        password_hash=known.password_hash if known else None,
        password_is_right=right,
        recovery_code=recovery,
        code_is_right=code_is_right,
    )


async def prove_by_password(
    db: AsyncConnection, house: House, compared: Compared
) -> tuple[Agent, datetime]:
    """Use up the code, and record that the agent signed in. Raises SignInFailed.

    Unknown name, wrong password and wrong code walk through the same statements, so that the
    time tells none of them from the others.
    """
    agent = await load.agent_by_login(db, compared.login, for_change=True)
    now = await clock(db)
    if agent is not None and agent.password_hash != compared.password_hash:
        raise SignInFailed
    if rules.read_code(compared.code) is None:
        return await _by_authenticator(db, house, agent, compared, now), now
    return await _by_recovery_code(db, agent, compared, now), now


async def prove_by_passkey(
    db: AsyncConnection, shown: PasskeyAnswer, answer: passkeys.Answer, *, of: AgentId | None
) -> tuple[Agent, datetime]:
    """The passkey's next signature, of a user it has verified. Raises SignInFailed.

    `answer` is to a challenge that was spent; `of` is the only agent whose passkey counts.
    """
    known = await load.passkey_by_credential(db, answer.credential_id)
    agent = None if known is None else await load.agent_for_change(db, known.agent_id)
    # Only now: it may have been ended while the agent's row was waited for.
    passkey = await load.passkey_by_credential(db, answer.credential_id, for_change=True)
    now = await clock(db)
    if agent is None or passkey is None or agent.ended_at is not None:
        raise SignInFailed
    whose = answer.user_handle
    if of not in {None, agent.id} or (whose or agent.id.bytes) != agent.id.bytes:
        raise SignInFailed
    count = passkeys.signed(
        answer,
        origin=shown.origin,
        public_key=passkey.public_key,
        sign_count=passkey.sign_count,
    )
    if count is None:
        raise SignInFailed
    by = Actor(ActorKind.AGENT, agent.id)
    used = rules.use_passkey(passkey, sign_count=count, now=now)
    signed_in = (AgentSignedIn(agent_id=agent.id, at=now), *used.events)
    await keep(db, THE_INSTALLATION, passkey, Change(used.value, signed_in), by=by)
    return agent, now


async def spend(
    house: House, shown: PasskeyAnswer, purpose: PasskeyPurpose, *, browser: bytes
) -> passkeys.Answer:
    """Use up the challenge that is answered, committed before the answer is looked at.

    Raises SignInFailed.
    """
    answer = passkeys.read(shown.answer)
    if answer is None:
        raise SignInFailed
    if not await passkey_challenges.spend(house, purpose, answer.challenge, browser=browser):
        raise SignInFailed
    return answer


async def _by_authenticator(
    db: AsyncConnection, house: House, agent: Agent | None, compared: Compared, now: datetime
) -> Agent:
    key_id = _NOBODY if agent is None else agent.data_key_id
    key = (await find_keys(db, house.keys, (key_id,))).get(key_id)
    secret, last_step = _NOBODYS_SECRET, 0
    if agent is not None and key is not None:
        secret = key.open(Place("agents", "totp_secret", agent.id), agent.totp_secret)
        last_step = agent.totp_step
    digits = "".join(character for character in compared.code if character in "0123456789")
    step = accepted_step(secret, digits, last_step=last_step, now=now)
    if agent is None or agent.ended_at is not None or key is None:
        raise SignInFailed
    if step is None or not compared.password_is_right:
        raise SignInFailed
    change = rules.sign_in(agent, step=step, now=now)
    by = Actor(ActorKind.AGENT, agent.id)
    return await keep(db, THE_INSTALLATION, agent, change, by=by)


async def _by_recovery_code(
    db: AsyncConnection, agent: Agent | None, compared: Compared, now: datetime
) -> Agent:
    of = _NO_AGENT if agent is None else agent.id
    codes = await load.agent_codes_of(db, of)
    stands = [code for code in codes if code == compared.recovery_code]
    if agent is None or agent.ended_at is not None or not stands:
        raise SignInFailed
    if not (compared.password_is_right and compared.code_is_right):
        raise SignInFailed
    by = Actor(ActorKind.AGENT, agent.id)
    left = sum(code.used_at is None for code in codes) - 1
    used = rules.use_code(stands[0], left=left, now=now)
    signed_in = rules.sign_in_by_recovery_code(agent, policy=DEFAULT.tickets, now=now)
    after = await keep(db, THE_INSTALLATION, agent, signed_in, by=by)
    await keep(db, THE_INSTALLATION, stands[0], used, by=by)
    return after
