"""The owner without a phone: a card's codes, and hints that are only hints."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain import recovery, tickets
from domain.change import Change
from domain.events import (
    HintLeft,
    ProofRecorded,
    ProofsFellShort,
    RecoveryCardMade,
    RecoveryCodeUsed,
    TicketConfirmed,
)
from domain.ids import ALPHABET, HintId, RecoveryCodeId
from domain.policy import TicketPolicy
from domain.recovery import RecoveryCode
from domain.refusals import (
    AccountIsFrozen,
    AccountNotFrozen,
    CodeUsed,
    ProofsMissing,
    TicketClosed,
)
from domain.tickets import (
    KEPT_FROZEN,
    OPENED,
    OWNER_REACHED,
    PROPOSED,
    PROVED,
    RELEASED,
    Proof,
    ProofDoubt,
    ProofKind,
    Stage,
    Ticket,
)
from tests.builders import (
    A_MOMENT,
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
    grounds,
)

HINT = HintId(UUID(int=70))
A_WEEK = timedelta(days=7)
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
    card, code = a_proof(ProofKind.RECOVERY_CARD), a_proof(ProofKind.OWNER_CODE)

    first = tickets.prove(a_ticket(), card, on=grounds(), now=NOON).value
    second = tickets.prove(first, code, on=grounds(card), now=NOON).value

    assert (first.evidence_version, first.proved_at) == (1, None)
    assert (second.stage, second.proved_at) == (PROVED, NOON)
    with pytest.raises(TicketClosed):
        tickets.prove(CLOSED, card, on=grounds(), now=NOON)


def a_card_of(made_at: datetime | None) -> Proof:
    return a_proof(ProofKind.RECOVERY_CARD, card_made_at=made_at)


def test_a_card_counts_that_was_made_seven_days_before_the_loss() -> None:
    def doubt(made_at: datetime | None) -> ProofDoubt | None:
        return tickets.proof_doubt(a_card_of(made_at), lost_at=NOON, policy=TicketPolicy())

    assert doubt(NOON - A_WEEK) is None
    assert doubt(NOON - A_WEEK + A_MOMENT) is ProofDoubt.CARD_TOO_NEW
    assert doubt(NOON) is ProofDoubt.CARD_TOO_NEW
    assert doubt(NOON + A_MOMENT) is ProofDoubt.CARD_AFTER_LOSS
    # A card of unknown age may be of any.
    assert doubt(None) is ProofDoubt.CARD_TOO_NEW


def test_only_a_card_has_an_age() -> None:
    for kind in set(ProofKind) - {ProofKind.RECOVERY_CARD}:
        assert (
            tickets.proof_doubt(a_proof(kind), lost_at=NOON - A_WEEK, policy=TicketPolicy()) is None
        )


def test_a_card_printed_by_whoever_took_the_phone_is_recorded_and_proves_nothing() -> None:
    code, printed = a_proof(ProofKind.OWNER_CODE), a_card_of(NOON - A_MOMENT)

    change = tickets.prove(a_ticket(), printed, on=grounds(code), now=NOON)

    assert (change.value.stage, change.value.proved_at) == (OPENED, None)
    assert change.value.evidence_version == 1
    assert [type(event) for event in change.events] == [ProofRecorded]
    both, policy = (code, printed), TicketPolicy()
    assert tickets.counted_kinds(both, lost_at=NOON, policy=policy) == {ProofKind.OWNER_CODE}
    # Another proof that nobody has who holds the phone makes them enough.
    reproofing = a_proof(ProofKind.WALLET_REPROOFING)
    proved = tickets.prove(change.value, reproofing, on=grounds(code, printed), now=NOON).value
    assert proved.stage is PROVED


def test_a_card_counts_by_the_earliest_loss_that_is_known_when_it_is_decided() -> None:
    both = (a_proof(ProofKind.OWNER_CODE), a_card_of(NOON - A_WEEK))
    earlier, policy = NOON - A_MOMENT, TicketPolicy()

    def propose(lost_at: datetime) -> object:
        proved = a_ticket(stage=PROVED, proved_at=NOON)
        return tickets.propose(
            proved,
            a_proposal(),
            pending=None,
            proofs=both,
            lost_at=lost_at,
            policy=policy,
            by=astrid(),
            now=NOON,
        )

    assert propose(NOON)
    with pytest.raises(ProofsMissing):
        propose(earlier)
    with pytest.raises(ProofsMissing):
        tickets.require_ready(proofs=both, lost_at=earlier, items=(), checks=(), policy=policy)
    # Another proof takes nothing back; the report that says so does, and the release asks again.
    proved = a_ticket(stage=PROVED, proved_at=NOON - A_MOMENT)
    again = tickets.prove(proved, both[0], on=grounds(*both, lost_at=earlier), now=NOON).value
    assert (again.stage, again.proved_at) == (PROVED, NOON - A_MOMENT)


@pytest.mark.parametrize(
    ("ticket", "stage"),
    [
        (a_ticket(stage=PROVED), OPENED),
        (a_ticket(stage=PROVED, owner_reached_at=NOON), OWNER_REACHED),
        (a_ticket(stage=PROPOSED, proposed_at=NOON, approval_until=NOON + A_WEEK), OPENED),
        # Two people decided it, and it stays so.
        (a_ticket(stage=KEPT_FROZEN, kept_frozen_at=NOON, review_until=NOON + A_WEEK), KEPT_FROZEN),
    ],
)
def test_a_report_of_an_earlier_loss_takes_back_what_a_card_had_proved(
    ticket: Ticket, stage: Stage
) -> None:
    both = (a_proof(ProofKind.OWNER_CODE), a_card_of(NOON - A_WEEK))
    proved = replace(ticket, proved_at=NOON - A_MOMENT, evidence_version=2)

    def weighed(lost_at: datetime, of: Ticket = proved) -> Change[Ticket]:
        return tickets.weigh_again(
            of, proofs=both, lost_at=lost_at, policy=TicketPolicy(), now=NOON
        )

    assert weighed(NOON) == Change(proved)
    short = weighed(NOON - A_MOMENT)
    assert (short.value.stage, short.value.proved_at) == (stage, None)
    assert (short.value.proposed_at, short.value.approval_until) == (None, None)
    assert short.value.evidence_version == 3
    assert short.events == (ProofsFellShort(account_id=OLGAS, ticket_id=TICKET, at=NOON),)
    # Said again it changes nothing; nor where nothing was proved.
    assert weighed(NOON - A_WEEK, short.value) == Change(short.value)
    with pytest.raises(TicketClosed):
        weighed(NOON - A_MOMENT, CLOSED)


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
            lost_at=NOON,
            policy=TicketPolicy(),
            by=astrid(),
            now=NOON,
        )
