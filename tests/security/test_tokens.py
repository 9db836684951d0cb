"""Randomness: keys that grow with time, tokens nobody guesses, codes each as likely as another."""

import time
from base64 import urlsafe_b64decode
from collections import Counter
from hashlib import sha256
from uuid import RFC_4122

import pytest

from domain.ids import read_reference
from service.security.tokens import digest, new_code, new_id, new_reference, new_secret, new_token


def milliseconds_of(key: int) -> int:
    return key >> 80


def test_row_keys_are_uuids_of_version_7_and_the_rfc_s_variant() -> None:
    for key in [new_id() for _ in range(1000)]:
        assert (key.version, key.variant) == (7, RFC_4122)
        assert str(key)[14] == "7"
        assert str(key)[19] in "89ab"


def test_a_row_key_begins_with_the_millisecond_it_was_made_in() -> None:
    before = time.time_ns() // 1_000_000
    key = new_id()
    after = time.time_ns() // 1_000_000

    assert before <= milliseconds_of(key.int) <= after


def test_row_keys_of_a_later_millisecond_sort_after_earlier_ones() -> None:
    keys = [new_id() for _ in range(3000)]
    while milliseconds_of(keys[-1].int) == milliseconds_of(keys[0].int):
        keys.append(new_id())

    by_bytes = sorted(keys, key=lambda key: key.bytes)
    assert [milliseconds_of(k.int) for k in keys] == [milliseconds_of(k.int) for k in by_bytes]


def test_row_keys_of_one_millisecond_differ_in_all_their_other_bits() -> None:
    keys = [new_id().int for _ in range(2000)]
    fixed = 0xF << 76 | 0x3 << 62

    ever_set, ever_clear = 0, 0
    for key in keys:
        ever_set |= key
        ever_clear |= ~key
    random_bits = ((1 << 80) - 1) & ~fixed
    assert len(set(keys)) == len(keys)
    assert ever_set & random_bits == random_bits
    assert ever_clear & random_bits == random_bits


@pytest.mark.parametrize(("make", "bits"), [(new_token, 192), (new_secret, 256)])
def test_a_token_holds_its_random_bits_in_letters_that_a_link_can_carry(
    make: object, bits: int
) -> None:
    assert callable(make)
    tokens = [str(make()) for _ in range(500)]

    for token in tokens:
        assert len(urlsafe_b64decode(token + "=" * (-len(token) % 4))) * 8 == bits
        assert token.replace("-", "").replace("_", "").isalnum()
        assert token.isascii()
    assert len(set(tokens)) == len(tokens)


def test_what_is_stored_of_a_token_is_its_sha_256() -> None:
    assert digest("a token") == sha256(b"a token").digest()


@pytest.mark.parametrize("digits", [6, 7, 8])
def test_a_code_has_exactly_its_digits_leading_zeros_included(digits: int) -> None:
    codes = [new_code(digits) for _ in range(1000)]

    assert {len(code) for code in codes} == {digits}
    assert set("".join(codes)) == set("0123456789")
    # One in ten begins with 0: none among a thousand would be a fault, not bad luck.
    assert {code[0] for code in codes} == set("0123456789")
    assert {code[-1] for code in codes} == set("0123456789")


def test_each_code_is_as_likely_as_any_other() -> None:
    seen = Counter(new_code(2) for _ in range(50_000))

    assert set(seen) == {f"{number:02}" for number in range(100)}
    # 500 each on average; twelve standard deviations to either side.
    assert all(230 < times < 770 for times in seen.values())


def test_a_new_reference_reads_back_and_is_another_each_time() -> None:
    references = [new_reference() for _ in range(200)]

    assert [read_reference(reference) for reference in references] == references
    assert len(set(references)) == len(references)
