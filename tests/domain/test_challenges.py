"""How long a code lasts, how often it may be guessed, when the next may be asked for."""

from datetime import timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import challenges
from domain.challenges import Challenge, next_code_from
from domain.events import CodeAsked
from domain.ids import AddressId
from domain.policy import CodePolicy
from domain.refusals import TooSoon
from tests.builders import A_MOMENT, CARL, NOON, a_challenge

POLICY = CodePolicy()
TEN_MINUTES = timedelta(minutes=10)
HIS_MAILBOX: Final = AddressId(UUID(int=701))
HIS_PHONE: Final = AddressId(UUID(int=702))


def another(challenge: Challenge, code: bytes = b"another code") -> Challenge:
    """Asked for at the earliest instant there is."""
    return challenges.another_code(
        challenge, code_hmac=code, policy=POLICY, now=challenge.next_code_from
    ).value


def test_the_first_code_is_told_without_the_code() -> None:
    challenge = a_challenge()

    change = challenges.begin(challenge, now=NOON)

    assert change.value == challenge
    assert change.events == (
        CodeAsked(
            challenge_id=challenge.id,
            contact_id=CARL,
            purpose="report",
            expires_at=NOON + TEN_MINUTES,
            at=NOON,
        ),
    )


def test_a_code_is_live_until_the_instant_it_expires() -> None:
    challenge = a_challenge(code_expires_at=NOON)

    assert challenge.is_live(POLICY, NOON - A_MOMENT)
    assert not challenge.is_live(POLICY, NOON)


def test_a_used_code_is_not_live() -> None:
    assert a_challenge().is_live(POLICY, NOON)
    assert not a_challenge(used_at=NOON - A_MOMENT).is_live(POLICY, NOON)


def test_five_guesses_and_no_sixth() -> None:
    left = [a_challenge(attempts=made).guesses_left(POLICY) for made in range(7)]

    assert left == [5, 4, 3, 2, 1, 0, 0]
    assert a_challenge(attempts=4).is_live(POLICY, NOON)
    assert not a_challenge(attempts=5).is_live(POLICY, NOON)


def test_the_next_code_is_refused_until_the_wait_is_over() -> None:
    challenge = a_challenge(next_code_from=NOON)

    with pytest.raises(TooSoon) as refused:
        challenges.another_code(challenge, code_hmac=b"another", policy=POLICY, now=NOON - A_MOMENT)
    assert refused.value.retry_at == NOON
    challenges.another_code(challenge, code_hmac=b"another", policy=POLICY, now=NOON)


def test_each_wait_is_twice_the_one_before_from_60_seconds_to_32_minutes() -> None:
    challenge, waits = a_challenge(), list[float]()
    for _ in range(8):
        asked_at = challenge.next_code_from
        challenge = another(challenge)
        waits.append((challenge.next_code_from - asked_at).total_seconds())

    assert next_code_from(1, policy=POLICY, now=NOON) == NOON + timedelta(seconds=60)
    assert waits == [120, 240, 480, 960, 1920, 1920, 1920, 1920]


@given(sent=st.integers(min_value=1, max_value=10**9))
def test_no_number_of_codes_makes_the_wait_longer_than_32_minutes_or_shorter_than_before(
    sent: int,
) -> None:
    wait = next_code_from(sent, policy=POLICY, now=NOON) - NOON

    assert timedelta(seconds=60) <= wait <= timedelta(minutes=32)
    assert wait <= next_code_from(sent + 1, policy=POLICY, now=NOON) - NOON


def test_a_new_code_lasts_its_full_time_and_leaves_the_one_before_its_rest() -> None:
    again = another(a_challenge(), b"second code")

    assert again.code_hmac == b"second code"
    assert again.code_expires_at == NOON + timedelta(seconds=60) + TEN_MINUTES
    assert again.earlier_hmac == b"first code"
    assert again.earlier_expires_at == NOON + TEN_MINUTES


def test_a_code_sent_to_another_address_is_the_only_one_that_is_right() -> None:
    first = a_challenge(address_id=HIS_MAILBOX, next_code_from=NOON)

    there, elsewhere = (
        challenges.another_code(
            first, code_hmac=b"second code", policy=POLICY, now=NOON, address_id=address_id
        )
        for address_id in (HIS_MAILBOX, HIS_PHONE)
    )

    assert there.value.address_id == HIS_MAILBOX
    assert (there.value.earlier_hmac, there.value.earlier_expires_at) == (
        b"first code",
        first.code_expires_at,
    )
    assert elsewhere.value.address_id == HIS_PHONE
    assert (elsewhere.value.earlier_hmac, elsewhere.value.earlier_expires_at) == (None, None)


def test_whoever_gets_the_code_is_told_to_the_channel_with_its_address() -> None:
    first = a_challenge(address_id=HIS_MAILBOX, next_code_from=NOON)

    events = (
        *challenges.begin(first, now=NOON).events,
        *challenges.another_code(
            first, code_hmac=b"another", policy=POLICY, now=NOON, address_id=HIS_PHONE
        ).events,
    )

    assert [getattr(event, "address_id", None) for event in events] == [HIS_MAILBOX, HIS_PHONE]


def test_where_no_code_was_sent_yet_the_first_has_none_before_it() -> None:
    before_the_first = a_challenge(sent=0)

    first = another(before_the_first, b"first sent")
    second = another(first, b"second sent")

    assert (first.sent, first.earlier_hmac, first.earlier_expires_at) == (1, None, None)
    assert second.earlier_hmac == b"first sent"


def test_only_the_last_two_codes_are_kept() -> None:
    third = another(another(a_challenge(), b"second code"), b"third code")

    assert (third.code_hmac, third.earlier_hmac) == (b"third code", b"second code")
    assert third.sent == 3


def test_a_new_code_brings_no_new_guesses() -> None:
    again = another(a_challenge(attempts=3))

    assert again.guesses_left(POLICY) == 2
    assert not another(a_challenge(attempts=5)).is_live(POLICY, NOON)


def test_a_new_code_does_not_revive_a_used_challenge() -> None:
    again = another(a_challenge(used_at=NOON))

    assert not again.is_live(POLICY, again.asked_at)


def test_a_new_code_is_told_with_its_own_end() -> None:
    change = challenges.another_code(
        a_challenge(next_code_from=NOON), code_hmac=b"another", policy=POLICY, now=NOON
    )

    assert [(e.at, getattr(e, "expires_at", None)) for e in change.events] == [
        (NOON, NOON + TEN_MINUTES)
    ]
