"""One-time codes: an HMAC bound to its challenge, compared in constant time with every live key."""

import hmac
from itertools import product
from typing import Final
from uuid import UUID

import pytest

from service.security.codes import hmac_of, is_right
from service.security.keys import NamedKey

OLD: Final = NamedKey("codes-1", b"1" * 32)
NEW: Final = NamedKey("codes-2", b"2" * 32)
CHALLENGE: Final = UUID(int=1)
CODE: Final = "482915"


def test_the_right_code_of_this_challenge_is_right_and_no_other() -> None:
    stored = (hmac_of(NEW, CHALLENGE, CODE),)

    assert is_right((NEW,), CHALLENGE, CODE, stored)
    assert not is_right((NEW,), UUID(int=2), CODE, stored)
    for wrong in ("", "482914", "48291", "4829155", " 482915", "４８２９１５"):
        assert not is_right((NEW,), CHALLENGE, wrong, stored)


def test_either_of_the_last_two_codes_is_right() -> None:
    stored = (hmac_of(NEW, CHALLENGE, CODE), hmac_of(NEW, CHALLENGE, "000017"))

    assert is_right((NEW,), CHALLENGE, CODE, stored)
    assert is_right((NEW,), CHALLENGE, "000017", stored)
    assert not is_right((NEW,), CHALLENGE, "000018", stored)
    assert not is_right((NEW,), CHALLENGE, CODE, ())


def test_a_code_sent_before_a_rotation_is_right_while_its_key_is_kept() -> None:
    stored = (hmac_of(OLD, CHALLENGE, CODE),)

    assert is_right((NEW, OLD), CHALLENGE, CODE, stored)
    assert not is_right((NEW,), CHALLENGE, CODE, stored)


def test_a_stored_code_is_no_use_without_its_key() -> None:
    made = {hmac_of(key, CHALLENGE, CODE) for key in (OLD, NEW)}

    assert len(made) == 2
    assert {len(one) for one in made} == {32}


@pytest.mark.parametrize("right_one", [0, 1, 2, 3, None])
def test_every_live_key_is_compared_with_every_live_code_whatever_fits_first(
    monkeypatch: pytest.MonkeyPatch, right_one: int | None
) -> None:
    compared: list[bool] = []
    constant_time = hmac.compare_digest

    def counted(made: bytes, stored: bytes) -> bool:
        compared.append(constant_time(made, stored))
        return compared[-1]

    pairs = list(product((NEW, OLD), ("first", "second")))
    stored = {"first": bytes(32), "second": bytes(32)}
    if right_one is not None:
        key, which = pairs[right_one]
        stored[which] = hmac_of(key, CHALLENGE, CODE)
    monkeypatch.setattr(hmac, "compare_digest", counted)

    right = is_right((NEW, OLD), CHALLENGE, CODE, (stored["first"], stored["second"]))

    assert right is (right_one is not None)
    assert compared == [place == right_one for place in range(4)]
