"""The owner without a phone: a card's codes, and hints that are only hints."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import recovery, tickets
from domain.events import HintLeft, RecoveryCardMade, RecoveryCodeUsed, TicketConfirmed
from domain.ids import ALPHABET, HintId, RecoveryCodeId
from domain.policy import TicketPolicy
from domain.recovery import RecoveryCode
from domain.refusals import AccountIsFrozen, AccountNotFrozen, CodeUsed, TicketClosed
from domain.tickets import PROVED, RELEASED, ProofKind
from tests.builders import (
    NOON,
    NORTE,
    OLGAS,
    TICKET,
    a_frozen_account,
    a_proof,
    a_proposal,
    a_ticket,
    an_account,
    astrid,
    enough_proofs,
)

HINT = HintId(UUID(int=70))
CLOSED = a_ticket(stage=RELEASED, closed_at=NOON)


def a_code(**changes: object) -> RecoveryCode:
    known: dict[str, object] = {
        "id": RecoveryCodeId(UUID(int=71)),
        "wallet_id": NORTE,
        "account_id": OLGAS,
        "mark": "7K2Q",
        "code_hash": "argon2id",
        "made_at": NOON - timedelta(days=90),
    }
    return RecoveryCode(**(known | changes))  # pyright: ignore[reportArgumentType]  # fields by name, of several types


@given(st.binary(min_size=10, max_size=10))
def test_a_code_reads_back_however_it_is_typed(randomness: bytes) -> None:
    code = recovery.code_from(randomness)

    assert [len(group) for group in code.split("-")] == [4, 4, 4, 4]
    assert set(code) <= {*ALPHABET, "-"}
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' – ')} "):
        assert recovery.read_code(typed) == code
    assert recovery.read_code(code.replace("1", "l").replace("0", "o")) == code
    assert recovery.mark_of(code) == code[:4]


def test_every_random_bit_is_in_the_code() -> None:
    assert recovery.code_from(bytes(10)) == "0000-0000-0000-0000"
    assert recovery.code_from(b"\xff" * 10) == "ZZZZ-ZZZZ-ZZZZ-ZZZZ"
    ones = {recovery.code_from((1 << bit).to_bytes(10, "big")) for bit in range(80)}
    assert len(ones) == 80


@pytest.mark.parametrize("size", [0, 9, 11])
def test_a_code_is_made_of_ten_random_bytes(size: int) -> None:
    with pytest.raises(ValueError, match=r"^a recovery code is made of ten random bytes$"):
        recovery.code_from(bytes(size))


@pytest.mark.parametrize(
    "typed", ["", "7K2Q", "7K2Q-M4XR-0HFE-9TZ", "7K2Q-M4XR-0HFE-9TZBB", "U" * 16]
)
def test_what_cannot_be_a_code_is_none(typed: str) -> None:
    assert recovery.read_code(typed) is None


def test_a_card_is_made_while_the_account_is_active_and_not_while_frozen() -> None:
    made = recovery.make_card(an_account(), [a_code()], now=NOON)

    assert made.value == (a_code(),)
    assert made.events == (RecoveryCardMade(account_id=OLGAS, codes=1, at=NOON),)
    with pytest.raises(AccountIsFrozen):
        recovery.make_card(a_frozen_account(), [a_code()], now=NOON)


def test_a_code_is_used_once() -> None:
    used = recovery.use_code(a_code(), left=9, ticket_id=TICKET, now=NOON)

    assert used.value == a_code(used_at=NOON)
    assert used.events == (RecoveryCodeUsed(account_id=OLGAS, ticket_id=TICKET, left=9, at=NOON),)
    with pytest.raises(CodeUsed):
        recovery.use_code(used.value, left=8, ticket_id=TICKET, now=NOON)


def test_the_card_is_a_proof_without_an_agent_and_out_of_the_thiefs_reach() -> None:
    policy = TicketPolicy()
    card, code = a_proof(ProofKind.RECOVERY_CARD), a_proof(ProofKind.OWNER_CODE)

    first = tickets.prove(a_ticket(), card, before=(), policy=policy, now=NOON).value
    second = tickets.prove(first, code, before=(card,), policy=policy, now=NOON).value

    assert (first.evidence_version, first.proved_at) == (1, None)
    assert (second.stage, second.proved_at) == (PROVED, NOON)
    with pytest.raises(TicketClosed):
        tickets.prove(CLOSED, card, before=(), policy=policy, now=NOON)


def test_a_hint_moves_a_ticket_up_and_proves_nothing() -> None:
    change = tickets.take_hint(a_ticket(boost=1, unconfirmed=True), HINT, now=NOON)

    assert change.value == a_ticket(boost=2, unconfirmed=True)
    assert change.events == (HintLeft(account_id=OLGAS, ticket_id=TICKET, hint_id=HINT, at=NOON),)
    with pytest.raises(TicketClosed):
        tickets.take_hint(CLOSED, HINT, now=NOON)


def test_a_freeze_clears_the_mark_once() -> None:
    confirmed = tickets.confirm(a_ticket(unconfirmed=True), now=NOON)

    assert confirmed.value == a_ticket()
    assert confirmed.events == (TicketConfirmed(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    again = tickets.confirm(confirmed.value, now=NOON)
    assert (again.value, again.events) == (confirmed.value, ())
    with pytest.raises(TicketClosed):
        tickets.confirm(CLOSED, now=NOON)


def test_nothing_frozen_is_nothing_to_release() -> None:
    with pytest.raises(AccountNotFrozen):
        tickets.propose(
            a_ticket(unconfirmed=True),
            a_proposal(),
            pending=None,
            proofs=enough_proofs(),
            policy=TicketPolicy(),
            by=astrid(),
            now=NOON,
        )
