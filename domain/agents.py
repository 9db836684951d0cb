"""The people at the desk: how they come, change and go, and what they sign in with.

    (added) ──change, reset──▶ at work ──end──▶ ENDED

Two factors always: password and authenticator code, password and one of ten recovery codes, or a
passkey that has verified its user. Whoever was lately made, reset or raised, or came in by a
recovery code, cannot approve for 24 hours: it may be somebody else, and two people will notice.
"""

from datetime import datetime
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.access import APPROVES, Agent, Role
from domain.change import Change
from domain.events import (
    AgentAdded,
    AgentChanged,
    AgentCodesMade,
    AgentCodeUsed,
    AgentEnded,
    AgentReset,
    AgentSignedIn,
    PasskeyAdded,
    PasskeyEnded,
    PasskeyUsed,
)
from domain.ids import ALPHABET, AgentCodeId, AgentId, PasskeyId
from domain.policy import TicketPolicy
from domain.refusals import AgentHasEnded, CodeUsed, TooManyPasskeys

CODES: Final = 10
MOST_PASSKEYS: Final = 10
_GROUP: Final = 4
_GROUPS: Final = 5
# Twenty characters of five bits; the four bits left over are not used.
_RANDOM_BYTES: Final = 13
_MISREAD: Final = str.maketrans("ILO", "110")


class Passkey(Struct, frozen=True, kw_only=True):
    """What one authenticator keeps for one agent; only the public half is here."""

    id: PasskeyId
    agent_id: AgentId
    credential_id: bytes
    public_key: bytes
    # How often it has signed, if it counts at all: a copy of it falls behind.
    sign_count: int
    # Sealed under the agent's key.
    name: bytes
    added_at: datetime
    used_at: datetime | None = None
    row_version: int = 1


class AgentCode(Struct, frozen=True, kw_only=True):
    """One of an agent's ten recovery codes, kept as its argon2id hash."""

    id: AgentCodeId
    agent_id: AgentId
    # The first group, in clear: one look-up and one slow comparison find the right one of ten.
    # What stays secret are the other sixteen characters, 80 bits.
    mark: str
    code_hash: str
    made_at: datetime
    used_at: datetime | None = None
    row_version: int = 1


def add(agent: Agent, *, policy: TicketPolicy, now: datetime) -> Change[Agent]:
    """They cannot approve for 24 hours."""
    after = replace(agent, can_approve_from=now + policy.new_agent_waits)
    return Change(after, (AgentAdded(agent_id=agent.id, at=now),))


def change(before: Agent, after: Agent, *, policy: TicketPolicy, now: datetime) -> Change[Agent]:
    """Level, role, whom they serve. Whoever may approve more than before, or for more wallets,
    waits like someone new."""
    require_at_work(before)
    for_more = not set(after.wallets) <= set(before.wallets)
    for_more |= after.serves_losses and not before.serves_losses
    if _reaches(after) > _reaches(before) or (for_more and _reaches(after) >= APPROVES):
        after = replace(after, can_approve_from=now + policy.new_agent_waits)
    event = AgentChanged(
        agent_id=after.id,
        level=after.level,
        role=after.role.value,
        can_approve_from=after.can_approve_from,
        at=now,
    )
    return Change(after, (event,))


def reset(
    agent: Agent, *, password_hash: str, totp_secret: bytes, policy: TicketPolicy, now: datetime
) -> Change[Agent]:
    """Everything they signed in with is replaced; the caller ends passkeys, codes and sessions."""
    require_at_work(agent)
    after = replace(
        agent,
        password_hash=password_hash,
        totp_secret=totp_secret,
        # A code of the new secret may have any step.
        totp_step=0,
        can_approve_from=now + policy.new_agent_waits,
    )
    event = AgentReset(agent_id=agent.id, can_approve_from=after.can_approve_from, at=now)
    return Change(after, (event,))


def end(agent: Agent, *, now: datetime) -> Change[Agent]:
    """For good: who comes back is added anew. The caller ends passkeys, codes and sessions."""
    require_at_work(agent)
    return Change(replace(agent, ended_at=now), (AgentEnded(agent_id=agent.id, at=now),))


def sign_in(agent: Agent, *, step: int, now: datetime) -> Change[Agent]:
    """With an authenticator code of this step, which is spent by it."""
    after = replace(agent, totp_step=step)
    return Change(after, (AgentSignedIn(agent_id=agent.id, at=now),))


def sign_in_by_recovery_code(agent: Agent, *, policy: TicketPolicy, now: datetime) -> Change[Agent]:
    """The authenticator is lost, or somebody found the paper: no approval for 24 hours."""
    after = replace(
        agent, can_approve_from=max(agent.can_approve_from, now + policy.new_agent_waits)
    )
    return Change(after, (AgentSignedIn(agent_id=agent.id, at=now),))


def use_code(code: AgentCode, *, left: int, now: datetime) -> Change[AgentCode]:
    """Each works once. `left` is how many remain after it."""
    if code.used_at is not None:
        raise CodeUsed
    event = AgentCodeUsed(agent_id=code.agent_id, left=left, at=now)
    return Change(replace(code, used_at=now), (event,))


def make_codes(
    agent: Agent, codes: tuple[AgentCode, ...], *, now: datetime
) -> Change[tuple[AgentCode, ...]]:
    """The caller drops the ones before."""
    require_at_work(agent)
    return Change(codes, (AgentCodesMade(agent_id=agent.id, codes=len(codes), at=now),))


def add_passkey(agent: Agent, passkey: Passkey, *, others: int, now: datetime) -> Change[Passkey]:
    """`others` are the agent's passkeys so far. Raises TooManyPasskeys."""
    require_at_work(agent)
    if others >= MOST_PASSKEYS:
        raise TooManyPasskeys
    event = PasskeyAdded(agent_id=agent.id, passkey_id=passkey.id, at=now)
    return Change(passkey, (event,))


def use_passkey(passkey: Passkey, *, sign_count: int, now: datetime) -> Change[Passkey]:
    """Its signature was right, and its count had risen if it counts."""
    event = PasskeyUsed(agent_id=passkey.agent_id, passkey_id=passkey.id, at=now)
    return Change(replace(passkey, sign_count=sign_count, used_at=now), (event,))


def end_passkey(passkey: Passkey, *, now: datetime) -> Change[Passkey]:
    """The caller deletes it: it signs nobody in any more."""
    event = PasskeyEnded(agent_id=passkey.agent_id, passkey_id=passkey.id, at=now)
    return Change(passkey, (event,))


def require_at_work(agent: Agent) -> None:
    if agent.ended_at is not None:
        raise AgentHasEnded


def code_from(randomness: bytes) -> str:
    """A recovery code such as ``7K2Q-M4XR-0HFE-9TZB-53WC``: a mark and 80 random bits.

    Needs exactly thirteen bytes.
    """
    if len(randomness) != _RANDOM_BYTES:
        raise ValueError("an agent's recovery code is made of thirteen random bytes")
    number = int.from_bytes(randomness, "big")
    plain = "".join(ALPHABET[(number >> 5 * place) & 31] for place in range(_GROUP * _GROUPS))
    return _grouped(plain)


def read_code(typed: str) -> str | None:
    """What someone typed as a recovery code in its one written form; None if it cannot be one."""
    plain = typed.upper().translate(_MISREAD)
    plain = "".join(character for character in plain if character not in " -–—.")
    if len(plain) != _GROUP * _GROUPS or any(character not in ALPHABET for character in plain):
        return None
    return _grouped(plain)


def mark_of(code: str) -> str:
    """The group by which a code is found."""
    return code[:_GROUP]


def _reaches(agent: Agent) -> int:
    """How much of a release is in their hands: an officer approves at any level."""
    if agent.role is Role.AUDITOR:
        return 0
    return max(agent.level, APPROVES) if agent.role is Role.OFFICER else agent.level


def _grouped(plain: str) -> str:
    return "-".join(plain[start : start + _GROUP] for start in range(0, len(plain), _GROUP))
