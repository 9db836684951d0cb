"""Authenticator codes: one step of tolerance, and no code works twice."""

from datetime import timedelta
from typing import Final

import pytest

from service.security.totp import accepted_step, code_at, new_totp_secret
from tests.builders import A_MOMENT, NOON

# Noon begins a step.
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STEP: Final = timedelta(seconds=30)
AT_NOON: Final = int(NOON.timestamp()) // 30


def code_of(step: int) -> str:
    return code_at(SECRET, NOON + (step - AT_NOON) * STEP)


def test_codes_are_those_of_the_rfc() -> None:
    # RFC 6238, appendix B, SHA-1: its codes have eight digits, ours are the last six of them.
    rfc_secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    at_59_seconds = NOON.replace(year=1970, month=1, day=1, hour=0, minute=0, second=59)

    assert code_at(rfc_secret, at_59_seconds) == "287082"


def test_a_code_is_accepted_from_one_step_before_its_own_until_one_step_after() -> None:
    code = code_of(AT_NOON)

    def accepted(now_after_noon: timedelta) -> bool:
        return accepted_step(SECRET, code, last_step=0, now=NOON + now_after_noon) == AT_NOON

    assert not accepted(-STEP - A_MOMENT)
    assert accepted(-STEP)
    assert accepted(timedelta(0))
    assert accepted(2 * STEP - A_MOMENT)
    assert not accepted(2 * STEP)


def test_no_code_works_twice() -> None:
    code = code_of(AT_NOON)

    assert accepted_step(SECRET, code, last_step=AT_NOON - 1, now=NOON) == AT_NOON
    assert accepted_step(SECRET, code, last_step=AT_NOON, now=NOON) is None
    assert accepted_step(SECRET, code, last_step=AT_NOON, now=NOON + STEP) is None


def test_an_earlier_code_is_refused_after_a_later_one() -> None:
    earlier, later = code_of(AT_NOON - 1), code_of(AT_NOON)

    assert accepted_step(SECRET, earlier, last_step=AT_NOON - 2, now=NOON) == AT_NOON - 1
    assert accepted_step(SECRET, later, last_step=AT_NOON - 1, now=NOON) == AT_NOON
    assert accepted_step(SECRET, earlier, last_step=AT_NOON, now=NOON) is None


def test_the_next_code_is_accepted_after_one_was_used() -> None:
    assert accepted_step(SECRET, code_of(AT_NOON + 1), last_step=AT_NOON, now=NOON) == AT_NOON + 1


@pytest.mark.parametrize("typed", ["", "abcdef", "12345", "1234567", "４８２９１５", "ñandú!"])
def test_whatever_else_is_typed_is_no_code(typed: str) -> None:
    assert accepted_step(SECRET, typed, last_step=0, now=NOON) is None


def test_another_s_code_is_no_code() -> None:
    another = new_totp_secret()

    # Three steps are accepted: a code that happens to fit one of them would prove nothing.
    fitting = {code_of(step) for step in range(AT_NOON - 1, AT_NOON + 2)}
    foreign = next(
        code
        for code in (code_at(another, NOON + step * STEP) for step in range(100))
        if code not in fitting
    )
    assert accepted_step(SECRET, foreign, last_step=0, now=NOON) is None


def test_new_secrets_hold_160_bits_and_differ() -> None:
    secrets = {new_totp_secret() for _ in range(50)}

    assert len(secrets) == 50
    assert {len(secret) * 5 for secret in secrets} == {160}
