"""References: read aloud over a bad line, and never taken for another one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ids import ALPHABET, read_reference, reference_from

RANDOMNESS = st.binary(min_size=5, max_size=5)


def plain(reference: str) -> str:
    return reference.replace("-", "")


def test_a_reference_is_nine_characters_in_groups() -> None:
    assert reference_from(bytes(5)) == "0000-0000-0"
    assert reference_from(b"\xff" * 5)[:10] == "ZZZZ-ZZZZ-"


def test_the_check_character_is_computed_as_it_was_for_every_reference_ever_given() -> None:
    # Weights 2, 4, 8 … 2^8 in GF(32) over x^5 + x^2 + 1, worked out by hand: the first eight
    # powers of 2 are 2, 4, 8, 16, 5, 10, 20, 13.
    references = [reference_from((1 << 5 * place).to_bytes(5, "big")) for place in range(8)]

    assert [ALPHABET.index(reference[-1]) for reference in references] == [
        *(13, 20, 10, 5, 16, 8, 4, 2),
    ]


@pytest.mark.parametrize("length", [0, 4, 6])
def test_a_reference_is_made_of_exactly_five_bytes(length: int) -> None:
    with pytest.raises(ValueError, match=r"^a reference is made of five random bytes$"):
        reference_from(bytes(length))


@settings(deadline=None)
@given(randomness=RANDOMNESS)
def test_a_reference_reads_back_as_it_was_given(randomness: bytes) -> None:
    reference = reference_from(randomness)

    assert read_reference(reference) == reference


@settings(deadline=None)
@given(one=RANDOMNESS, other=RANDOMNESS)
def test_two_references_are_the_same_only_for_the_same_randomness(one: bytes, other: bytes) -> None:
    assert (reference_from(one) == reference_from(other)) == (one == other)


@settings(deadline=None)
@given(randomness=RANDOMNESS)
def test_however_a_reference_is_written_it_is_read(randomness: bytes) -> None:
    reference = reference_from(randomness)

    for written in (
        plain(reference),
        reference.lower(),
        f"  {reference.replace('-', ' ')} ",
        reference.replace("-", "–"),
        ".".join(plain(reference)),
        reference.replace("0", "O").replace("1", "I"),
        reference.replace("0", "o").replace("1", "l"),
    ):
        assert read_reference(written) == reference


@settings(deadline=None)
@given(randomness=RANDOMNESS, place=st.integers(0, 8))
def test_every_single_wrong_character_is_found(randomness: bytes, place: int) -> None:
    right = plain(reference_from(randomness))

    for wrong in set(ALPHABET) - {right[place]}:
        assert read_reference(right[:place] + wrong + right[place + 1 :]) is None


@settings(deadline=None)
@given(randomness=RANDOMNESS)
def test_every_swap_of_two_different_characters_is_found(randomness: bytes) -> None:
    right = plain(reference_from(randomness))

    for first in range(9):
        for second in range(first + 1, 9):
            swapped = list(right)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            same = right[first] == right[second]
            assert (read_reference("".join(swapped)) is not None) == same


@settings(deadline=None)
@given(randomness=RANDOMNESS, extra=st.sampled_from(ALPHABET))
def test_a_character_too_few_or_too_many_is_found(randomness: bytes, extra: str) -> None:
    right = plain(reference_from(randomness))

    assert read_reference(right[:-1]) is None
    assert read_reference(right + extra) is None


@settings(deadline=None)
@given(typed=st.text(max_size=20))
def test_whatever_is_typed_is_a_whole_reference_or_none(typed: str) -> None:
    read = read_reference(typed)

    assert read is None or read_reference(read) == read


def test_a_letter_that_is_in_no_reference_is_found() -> None:
    assert read_reference("0000-0000-0") == "0000-0000-0"
    assert read_reference("U000-0000-0") is None
    assert read_reference("") is None
