"""Agents: made, changed, reset, ended; what they sign in with."""

from datetime import timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import agents
from domain.access import Agent, Role, require_approver
from domain.agents import MOST_PASSKEYS, AgentCode, Passkey
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
from domain.ids import AgentCodeId, PasskeyId, WalletId
from domain.policy import DEFAULT
from domain.refusals import AgentHasEnded, CodeUsed, TooManyPasskeys, TooNewToApprove
from domain.safety import kinds_seen_by
from domain.tickets import TicketKind
from tests.builders import A_DAY, A_MOMENT, ARNE, NOON, NORTE, an_agent, an_officer, arne, astrid

POLICY = DEFAULT.tickets
SUR = WalletId(UUID(int=72))


def a_code(**changes: object) -> AgentCode:
    code = AgentCode(
        id=AgentCodeId(UUID(int=70)), agent_id=ARNE, mark="7K2Q", code_hash="h", made_at=NOON
    )
    return replace(code, **changes)


def a_passkey() -> Passkey:
    return Passkey(
        id=PasskeyId(UUID(int=71)),
        agent_id=ARNE,
        credential_id=b"c",
        public_key=b"k",
        sign_count=3,
        name=b"sealed",
        added_at=NOON,
    )


def waits(agent: Agent) -> timedelta:
    return agent.can_approve_from - NOON


def test_whoever_is_new_waits_a_day_before_approving() -> None:
    made = agents.add(arne(), policy=POLICY, now=NOON)

    assert made.events == (AgentAdded(agent_id=ARNE, at=NOON),)
    with pytest.raises(TooNewToApprove):
        require_approver(made.value, NOON + A_DAY - A_MOMENT)
    require_approver(made.value, NOON + A_DAY)


@pytest.mark.parametrize(
    ("before", "after", "is_raised"),
    [
        (an_agent(2), an_agent(3), True),
        (an_agent(3), an_agent(4), True),
        (an_agent(1), an_officer(1), True),
        (an_agent(3), an_officer(1), False),
        (an_officer(1), an_agent(3), False),
        (an_officer(1), an_agent(4), True),
        (an_agent(4, role=Role.AUDITOR), an_agent(1), True),
        (an_agent(4), an_agent(4, role=Role.AUDITOR), False),
        (an_agent(4), an_agent(3), False),
        (an_agent(3), an_agent(3, speaks=("es",)), False),
        # For one wallet more, or for losses too.
        (an_agent(3), an_agent(3, wallets=(NORTE, SUR)), True),
        (an_agent(3, wallets=(NORTE, SUR)), an_agent(3), False),
        (an_agent(3, serves_losses=False), an_agent(3), True),
        (an_agent(2), an_agent(2, wallets=(NORTE, SUR)), False),
    ],
)
def test_whoever_may_do_more_than_before_waits_like_somebody_new(
    before: Agent, after: Agent, is_raised: bool
) -> None:
    changed = agents.change(before, after, policy=POLICY, now=NOON)

    assert waits(changed.value) == (A_DAY if is_raised else -A_DAY)
    assert changed.events == (
        AgentChanged(
            agent_id=after.id,
            level=after.level,
            role=after.role.value,
            can_approve_from=changed.value.can_approve_from,
            at=NOON,
        ),
    )


def test_a_reset_replaces_what_they_sign_in_with_and_they_wait() -> None:
    before = arne(totp_step=17)

    after = agents.reset(before, password_hash="new", totp_secret=b"new", policy=POLICY, now=NOON)

    assert (after.value.password_hash, after.value.totp_secret) == ("new", b"new")
    assert after.value.totp_step == 0
    assert waits(after.value) == A_DAY
    assert after.events == (AgentReset(agent_id=ARNE, can_approve_from=NOON + A_DAY, at=NOON),)


def test_who_has_ended_comes_back_by_no_way() -> None:
    ended = agents.end(arne(), now=NOON)
    gone = ended.value
    assert gone.ended_at == NOON
    assert ended.events == (AgentEnded(agent_id=ARNE, at=NOON),)

    with pytest.raises(AgentHasEnded):
        agents.end(gone, now=NOON)
    with pytest.raises(AgentHasEnded):
        agents.change(gone, replace(gone, level=4), policy=POLICY, now=NOON)
    with pytest.raises(AgentHasEnded):
        agents.reset(gone, password_hash="p", totp_secret=b"s", policy=POLICY, now=NOON)
    with pytest.raises(AgentHasEnded):
        agents.add_passkey(gone, a_passkey(), others=0, now=NOON)
    with pytest.raises(AgentHasEnded):
        agents.make_codes(gone, (), now=NOON)


def test_an_authenticator_code_is_spent_by_signing_in() -> None:
    signed_in = agents.sign_in(arne(totp_step=4), step=5, now=NOON)

    assert signed_in.value.totp_step == 5
    assert waits(signed_in.value) == -A_DAY
    assert signed_in.events == (AgentSignedIn(agent_id=ARNE, at=NOON),)


@pytest.mark.parametrize(("waited", "waits_then"), [(-A_DAY, A_DAY), (2 * A_DAY, 2 * A_DAY)])
def test_whoever_came_in_by_a_recovery_code_approves_nothing_for_a_day(
    waited: timedelta, waits_then: timedelta
) -> None:
    before = arne(can_approve_from=NOON + waited)

    signed_in = agents.sign_in_by_recovery_code(before, policy=POLICY, now=NOON)

    assert waits(signed_in.value) == waits_then
    assert signed_in.events == (AgentSignedIn(agent_id=ARNE, at=NOON),)


def test_a_recovery_code_works_once() -> None:
    used = agents.use_code(a_code(), left=9, now=NOON)

    assert used.value.used_at == NOON
    assert used.events == (AgentCodeUsed(agent_id=ARNE, left=9, at=NOON),)
    with pytest.raises(CodeUsed):
        agents.use_code(used.value, left=8, now=NOON)


def test_new_recovery_codes_are_recorded_by_their_number() -> None:
    made = agents.make_codes(arne(), (a_code(), a_code()), now=NOON)

    assert made.value == (a_code(), a_code())
    assert made.events == (AgentCodesMade(agent_id=ARNE, codes=2, at=NOON),)


def test_an_agent_has_at_most_ten_passkeys() -> None:
    added = agents.add_passkey(arne(), a_passkey(), others=MOST_PASSKEYS - 1, now=NOON)

    assert added.value == a_passkey()
    assert added.events == (PasskeyAdded(agent_id=ARNE, passkey_id=a_passkey().id, at=NOON),)
    with pytest.raises(TooManyPasskeys):
        agents.add_passkey(arne(), a_passkey(), others=MOST_PASSKEYS, now=NOON)


def test_a_passkey_remembers_how_often_it_has_signed_and_when() -> None:
    used = agents.use_passkey(a_passkey(), sign_count=4, now=NOON)

    assert (used.value.sign_count, used.value.used_at) == (4, NOON)
    assert used.events == (PasskeyUsed(agent_id=ARNE, passkey_id=a_passkey().id, at=NOON),)


def test_a_passkey_ends_with_a_record() -> None:
    ended = agents.end_passkey(a_passkey(), now=NOON)

    assert ended.value == a_passkey()
    assert ended.events == (PasskeyEnded(agent_id=ARNE, passkey_id=a_passkey().id, at=NOON),)


def test_a_recovery_code_is_a_mark_and_eighty_bits_read_as_people_type_it() -> None:
    code = agents.code_from(bytes(range(13)))

    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4, 4]
    assert agents.mark_of(code) == code[:4]
    assert agents.read_code(code) == code
    assert agents.read_code(f" {code.lower().replace('-', ' ')} ") == code
    assert agents.read_code("XX01 2345 6789 XXXX XXXX") == "XX01-2345-6789-XXXX-XXXX"
    assert agents.read_code("OIL0-0000-0000-0000-0000") == "0110-0000-0000-0000-0000"


def test_each_bit_of_a_recovery_code_is_in_it() -> None:
    nothing = agents.code_from(bytes(13))
    # Thirteen bytes are four bits more than twenty letters of five.
    bits = [1 << bit for bit in range(100)]

    assert nothing == "0000-0000-0000-0000-0000"
    assert len({agents.code_from(bit.to_bytes(13, "big")) for bit in bits} | {nothing}) == 101
    assert agents.code_from((1 << 100).to_bytes(13, "big")) == nothing


@pytest.mark.parametrize("length", [12, 14])
def test_a_recovery_code_is_made_of_thirteen_bytes(length: int) -> None:
    with pytest.raises(ValueError, match=r"^an agent's recovery code is made of thirteen"):
        agents.code_from(bytes(length))


@pytest.mark.parametrize(
    "typed", ["", "123456", "0000-0000-0000-0000", "0000-0000-0000-0000-00000", "U" * 20]
)
def test_what_is_no_recovery_code_is_read_as_none(typed: str) -> None:
    assert agents.read_code(typed) is None


@pytest.mark.parametrize(
    ("losses", "trained", "kinds"),
    [
        (True, False, (TicketKind.LOSS,)),
        (True, True, (TicketKind.LOSS, TicketKind.SAFETY)),
        (False, True, (TicketKind.SAFETY,)),
        (False, False, ()),
    ],
)
def test_an_agent_sees_the_kinds_they_serve(
    losses: bool, trained: bool, kinds: tuple[TicketKind, ...]
) -> None:
    assert kinds_seen_by(astrid(serves_losses=losses, trained_for_safety=trained)) == kinds
