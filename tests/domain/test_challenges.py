"""How long a code lasts, how often it may be guessed, when the next may be asked for."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import challenges
from domain.challenges import Challenge, next_code_from
from domain.events import CodeAsked
from domain.policy import CodePolicy
from domain.refusals import TooSoon
from tests.builders import A_MOMENT, CARL, NOON, a_challenge

POLICY = CodePolicy()
TEN_MINUTES = timedelta(minutes=10)


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
