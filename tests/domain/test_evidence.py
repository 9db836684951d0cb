"""Which addresses count, what a carrier's word is worth, codes that owners enter, the checklist."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from domain import tickets
from domain.accounts import AccountAddress, AddressKind
from domain.events import ChecklistAnswered, OwnerCodeAsked, ProofRecorded
from domain.ids import (
    ALPHABET,
    AddressId,
    CheckId,
    DeviceId,
    OwnerCodeId,
    check_key_from,
    read_check_key,
)
from domain.policy import CodePolicy, TicketPolicy
from domain.refusals import (
    AccountNotFrozen,
    AddressDoesNotCount,
    ChecklistOpen,
    LevelTooLow,
    LineReplacedBefore,
    LineTooFresh,
    NotFound,
    NoticesHeld,
    OwnerNotVerified,
    ProofsMissing,
    TicketClosed,
    TooSoon,
)
from domain.tickets import (
    PROPOSED,
    PROVED,
    RELEASED,
    Check,
    CheckAnswer,
    CheckKind,
    Doubt,
    Item,
    OwnerCode,
    Proof,
    ProofKind,
    TicketKind,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    ASTRID,
    NOON,
    NORTE,
    OLGAS,
    PHONE,
    TICKET,
    a_proof,
    a_ticket,
    an_auditor,
    astrid,
    enough_proofs,
    grounds,
)

POLICY, CODES = TicketPolicy(), CodePolicy()
A_WEEK, A_MONTH = timedelta(days=7), timedelta(days=30)
MAILBOX, NUMBER = AddressId(UUID(int=60)), AddressId(UUID(int=61))
LAPTOP = DeviceId(UUID(int=62))
OPEN = a_ticket(opened_at=NOON)


def an_address(kind: AddressKind = AddressKind.EMAIL, **changes: object) -> AccountAddress:
    """On file and verified for a month when the phone was lost, at noon."""
    address = AccountAddress(
        id=MAILBOX if kind is AddressKind.EMAIL else NUMBER,
        wallet_id=NORTE,
        account_id=OLGAS,
        kind=kind,
        address=b"",
        address_index=b"",
        verified_at=NOON - A_MONTH,
        added_at=NOON - A_MONTH,
    )
    return replace(address, **changes)


def a_number(**changes: object) -> AccountAddress:
    return an_address(AddressKind.PHONE, **changes)


def doubt(address: AccountAddress, *replaced: AddressId) -> Doubt | None:
    return tickets.doubt_of(address, lost_at=NOON, replaced=replaced, policy=POLICY)


def a_line(**changes: object) -> Proof:
    """Replaced an hour after the loss."""
    line = a_proof(ProofKind.REPLACED_LINE, address_id=NUMBER)
    return replace(line, **{"performed_at": NOON + timedelta(hours=1), **changes})


# Addresses --------------------------------------------------------------------------------------


def test_the_phone_may_have_been_gone_before_anybody_reported_it() -> None:
    earlier = NOON - timedelta(hours=5)

    assert tickets.lost_at(OPEN, ()) == NOON
    assert tickets.lost_at(OPEN, (None, NOON + A_DAY)) == NOON
    assert tickets.lost_at(OPEN, (None, earlier)) == earlier


def test_an_address_counts_that_was_on_file_seven_days_before_the_loss() -> None:
    assert doubt(an_address(added_at=NOON - A_WEEK)) is None
    assert doubt(an_address(added_at=NOON - A_WEEK + A_MOMENT)) is Doubt.TOO_NEW


def test_an_address_added_yesterday_does_not_count_however_it_is_verified() -> None:
    yesterday = NOON - A_DAY

    assert doubt(an_address(added_at=yesterday, verified_at=yesterday)) is Doubt.TOO_NEW


def test_only_what_was_verified_before_the_loss_counts() -> None:
    assert doubt(an_address(verified_at=NOON)) is None
    assert doubt(an_address(verified_at=NOON + A_MOMENT)) is Doubt.NOT_VERIFIED
    assert doubt(an_address(verified_at=None)) is Doubt.NOT_VERIFIED


def test_what_was_changed_does_not_count() -> None:
    assert doubt(an_address(removed_at=NOON)) is Doubt.REMOVED
    assert doubt(an_address(added_while_frozen=True)) is Doubt.WHILE_FROZEN


def test_a_number_counts_once_its_line_was_replaced() -> None:
    assert doubt(a_number()) is Doubt.LINE_NOT_REPLACED
    assert doubt(a_number(), MAILBOX) is Doubt.LINE_NOT_REPLACED
    assert doubt(a_number(), NUMBER) is None
    assert doubt(a_number(added_at=NOON), NUMBER) is Doubt.TOO_NEW


# A replaced line --------------------------------------------------------------------------------


def recorded(
    line: Proof, address: AccountAddress | None = None, *, now: datetime
) -> tuple[object, ...]:
    return tickets.record_line(
        OPEN,
        line,
        address=address or a_number(),
        on=grounds(),
        by=astrid(),
        now=now,
    ).events


def test_a_replaced_line_counts_after_a_day() -> None:
    line = a_line()
    counts_from = line.performed_at + A_DAY

    with pytest.raises(LineTooFresh) as refused:
        recorded(line, now=counts_from - A_MOMENT)
    (event,) = recorded(line, now=counts_from)

    assert refused.value.retry_at == counts_from
    assert refused.value.refused_at == counts_from - A_MOMENT
    assert isinstance(event, ProofRecorded)
    assert (event.kind, event.address_id, event.at) == ("replaced-line", NUMBER, counts_from)


def test_a_line_is_replaced_after_the_loss() -> None:
    now = NOON + A_MONTH

    with pytest.raises(LineReplacedBefore):
        recorded(a_line(performed_at=NOON), now=now)
    assert recorded(a_line(performed_at=NOON + A_MOMENT), now=now)


def test_only_a_number_on_file_before_the_loss_is_a_line() -> None:
    now = NOON + A_MONTH

    for address in (an_address(), a_number(added_at=NOON), a_number(removed_at=NOON)):
        with pytest.raises(AddressDoesNotCount):
            recorded(a_line(), address, now=now)


def test_lines_are_replaced_that_a_proof_names() -> None:
    code = a_proof(ProofKind.OWNER_CODE, address_id=MAILBOX)

    assert tickets.replaced_lines((code, a_line())) == {NUMBER}
    assert tickets.replaced_lines((a_line(address_id=None),)) == frozenset()


def test_proofs_are_gathered_by_agents_on_a_frozen_accounts_open_ticket() -> None:
    tickets.require_prover(OPEN, by=astrid())
    with pytest.raises(LevelTooLow):
        tickets.require_prover(OPEN, by=an_auditor())
    with pytest.raises(TicketClosed):
        tickets.require_prover(a_ticket(stage=RELEASED, closed_at=NOON), by=astrid())
    for ticket in (a_ticket(unconfirmed=True), a_ticket(kind=TicketKind.SAFETY)):
        with pytest.raises(AccountNotFrozen):
            tickets.require_prover(ticket, by=astrid())


def test_the_same_kind_twice_and_a_mailbox_alone_are_not_enough() -> None:
    code, line = a_proof(ProofKind.OWNER_CODE), a_line()
    reproofing = a_proof(ProofKind.WALLET_REPROOFING)

    assert not tickets.are_enough((code,), lost_at=NOON, policy=POLICY)
    assert not tickets.are_enough((code, code), lost_at=NOON, policy=POLICY)
    # Who has the phone's line and its mailbox has both of these.
    assert not tickets.are_enough((code, line), lost_at=NOON, policy=POLICY)
    assert not tickets.are_enough((reproofing, reproofing), lost_at=NOON, policy=POLICY)
    assert tickets.are_enough((reproofing, code), lost_at=NOON, policy=POLICY)


# A code that the owner enters -------------------------------------------------------------------


def a_code(**changes: object) -> OwnerCode:
    code = OwnerCode(
        id=OwnerCodeId(UUID(int=63)),
        wallet_id=NORTE,
        account_id=OLGAS,
        ticket_id=TICKET,
        address_id=MAILBOX,
        key_index=b"",
        key=b"",
        code_hmac=b"",
        asked_by=ASTRID,
        asked_at=NOON,
        expires_at=NOON + CODES.lasts,
    )
    return replace(code, **changes)


def asked(
    *,
    ticket: tickets.Ticket = OPEN,
    found: Doubt | None = None,
    before: OwnerCode | None = None,
    now: datetime = NOON,
) -> tuple[object, ...]:
    return tickets.ask_owner_code(
        ticket, a_code(), doubt=found, before=before, policy=CODES, by=astrid(), now=now
    ).events


def test_a_code_lives_ten_minutes_and_five_guesses() -> None:
    ends = NOON + timedelta(minutes=10)

    assert a_code().is_live(CODES, ends - A_MOMENT)
    assert not a_code().is_live(CODES, ends)
    assert a_code(attempts=4).is_live(CODES, NOON)
    assert not a_code(attempts=5).is_live(CODES, NOON)
    assert not a_code(used_at=NOON).is_live(CODES, NOON)


def test_it_goes_only_to_an_address_that_counts() -> None:
    (event,) = asked()

    assert event == OwnerCodeAsked(
        account_id=OLGAS,
        ticket_id=TICKET,
        address_id=MAILBOX,
        expires_at=NOON + CODES.lasts,
        at=NOON,
    )
    with pytest.raises(AddressDoesNotCount):
        asked(found=Doubt.TOO_NEW)


def test_what_was_asked_for_is_what_is_kept() -> None:
    change = tickets.ask_owner_code(
        OPEN, a_code(), doubt=None, before=None, policy=CODES, by=astrid(), now=NOON
    )

    assert change.value == a_code()


def test_the_next_one_goes_after_a_minute() -> None:
    again = NOON + timedelta(minutes=1)

    with pytest.raises(TooSoon) as refused:
        asked(before=a_code(), now=again - A_MOMENT)
    assert (refused.value.retry_at, refused.value.refused_at) == (again, again - A_MOMENT)
    assert asked(before=a_code(), now=again)


def test_in_danger_nothing_is_written_before_it_is_allowed() -> None:
    with pytest.raises(NoticesHeld):
        asked(ticket=a_ticket(danger=True))
    assert asked(ticket=a_ticket(danger=True, notices_let_go_at=NOON))


def test_the_right_code_proves_while_its_address_counts() -> None:
    def entered(address: AccountAddress) -> tickets.Ticket:
        return tickets.prove_by_code(
            OPEN,
            a_proof(ProofKind.OWNER_CODE),
            address=address,
            on=grounds(a_proof(ProofKind.WALLET_REPROOFING)),
            now=NOON,
        ).value

    assert entered(an_address()).stage is PROVED
    with pytest.raises(AddressDoesNotCount):
        entered(an_address(removed_at=NOON))


def test_a_code_at_a_number_proves_where_its_new_line_is_proved_too() -> None:
    def entered(*before: Proof) -> tickets.Ticket:
        return tickets.prove_by_code(
            OPEN,
            a_proof(ProofKind.OWNER_CODE, address_id=NUMBER),
            address=a_number(),
            on=grounds(a_proof(ProofKind.WALLET_REPROOFING), *before),
            now=NOON + A_DAY,
        ).value

    with pytest.raises(AddressDoesNotCount):
        entered()
    assert entered(a_line()).proved_at == NOON + A_DAY


def test_a_key_is_read_however_it_is_written_and_a_misread_one_is_none() -> None:
    key = check_key_from(bytes((255, 1, 2, 3)))

    assert len(key) == 9
    assert read_check_key(key) == key
    assert read_check_key(f" {key.lower().replace('-', ' ')} ") == key
    wrong = ("0" if key[0] != "0" else "1") + key[1:]
    for typed in ("", "K7Q", key + "0", wrong, key[:-1] + "U"):
        assert read_check_key(typed) is None
    with pytest.raises(ValueError, match=r"^the key of a check is made of four random bytes$"):
        check_key_from(bytes(5))


@pytest.mark.parametrize(
    ("randomness", "key"),
    [
        ("00000000", "000-000-0"),
        # Thirty bits of thirty-two.
        ("c0000000", "000-000-0"),
        ("3fffffff", "ZZZ-ZZZ-S"),
        ("ffffffff", "ZZZ-ZZZ-S"),
        # 0x01234567 is 0·32⁵ + 18·32⁴ + 6·32³ + 17·32² + 11·32 + 7.
        ("01234567", "0J6-HB7-V"),
    ],
)
def test_a_key_is_thirty_bits_in_fives(randomness: str, key: str) -> None:
    assert check_key_from(bytes.fromhex(randomness)) == key


def test_every_letter_of_a_key_is_read() -> None:
    for value, letter in enumerate(ALPHABET):
        key = check_key_from(sum(value << shift for shift in range(0, 30, 5)).to_bytes(4, "big"))

        assert key.startswith(f"{letter * 3}-{letter * 3}-")
        assert read_check_key(key) == key


# The checklist ----------------------------------------------------------------------------------

CHANGES = Item(kind=CheckKind.CHANGES, about=TICKET, last_at=NOON)
TRIES = Item(kind=CheckKind.TRIES, about=TICKET, last_at=NOON)
DEVICE = Item(kind=CheckKind.DEVICE, about=PHONE)
ITEMS = (CHANGES, TRIES, DEVICE)


def a_check(item: Item, answer: CheckAnswer = CheckAnswer.REVIEWED, **changes: object) -> Check:
    check = Check(
        id=CheckId(UUID(int=64)),
        wallet_id=NORTE,
        ticket_id=TICKET,
        kind=item.kind,
        about=item.about,
        answer=answer,
        looked_at=NOON,
        answered_by=ASTRID,
        answered_at=NOON,
    )
    return replace(check, **changes)


ALL = (a_check(CHANGES), a_check(TRIES), a_check(DEVICE, CheckAnswer.NOT_BACK))


def test_what_nobody_looked_at_is_open() -> None:
    assert tickets.open_items(ITEMS, (), POLICY) == ITEMS
    assert tickets.open_items(ITEMS, ALL, POLICY) == ()
    other = replace(DEVICE, about=LAPTOP)
    assert tickets.open_items((*ITEMS, other), ALL, POLICY) == (other,)


def test_a_change_after_the_look_makes_it_open_again() -> None:
    assert tickets.is_answered(CHANGES, ALL, POLICY)
    assert not tickets.is_answered(replace(CHANGES, last_at=NOON + A_MOMENT), ALL, POLICY)
    assert tickets.is_answered(replace(CHANGES, last_at=None), ALL, POLICY)


def test_a_look_at_the_tries_holds_for_a_quarter_of_an_hour() -> None:
    holds = NOON + timedelta(minutes=15)

    assert tickets.is_answered(replace(TRIES, last_at=holds), ALL, POLICY)
    assert not tickets.is_answered(replace(TRIES, last_at=holds + A_MOMENT), ALL, POLICY)


def answered(*answers: Check, ticket: tickets.Ticket = OPEN) -> tickets.Ticket:
    return tickets.answer_checklist(ticket, answers, items=ITEMS, by=astrid(), now=NOON).value


def test_each_answer_changes_the_evidence_and_what_was_proposed_on_it() -> None:
    proposed = a_ticket(stage=PROPOSED, proved_at=NOON, proposed_at=NOON, evidence_version=3)

    after = answered(a_check(DEVICE, CheckAnswer.IN_HAND), ticket=proposed)

    assert (after.stage, after.evidence_version, after.proposed_at) == (PROVED, 4, None)
    assert answered(ticket=proposed) == proposed


def test_an_answer_says_what_it_is_about() -> None:
    change = tickets.answer_checklist(OPEN, (a_check(CHANGES),), items=ITEMS, by=astrid(), now=NOON)

    (event,) = change.events
    assert event == ChecklistAnswered(
        account_id=OLGAS,
        ticket_id=TICKET,
        check_id=a_check(CHANGES).id,
        kind="changes",
        about=TICKET,
        outcome="reviewed",
        at=NOON,
    )


def test_only_the_verified_owner_says_where_a_device_is() -> None:
    in_hand = a_check(DEVICE, CheckAnswer.IN_HAND)

    with pytest.raises(OwnerNotVerified):
        answered(in_hand)
    assert answered(in_hand, ticket=a_ticket(proved_at=NOON))


def test_only_what_is_on_the_list_is_answered_and_as_it_can_be() -> None:
    verified = a_ticket(proved_at=NOON)

    for wrong in (
        a_check(DEVICE, CheckAnswer.NOT_BACK, about=LAPTOP),
        a_check(DEVICE, CheckAnswer.REVIEWED),
        a_check(CHANGES, CheckAnswer.IN_HAND),
    ):
        with pytest.raises(NotFound):
            answered(wrong, ticket=verified)


def test_a_release_stands_on_proofs_and_a_checklist() -> None:
    def ready(proofs: tuple[Proof, ...], checks: tuple[Check, ...]) -> None:
        tickets.require_ready(
            proofs=proofs, lost_at=NOON, items=ITEMS, checks=checks, policy=POLICY
        )

    with pytest.raises(ProofsMissing):
        ready((), ALL)
    with pytest.raises(ChecklistOpen):
        ready(enough_proofs(), ALL[1:])
    ready(enough_proofs(), ALL)
