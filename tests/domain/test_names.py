"""What a contact may be called: letters of any script, and nothing that could mislead a reader."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.contacts import allowed_name
from domain.refusals import NameNotAllowed


@pytest.mark.parametrize(
    "name",
    [
        "Carl",
        "Ñ",
        "Ana María",
        "O'Brien",
        "D’Angelo",
        "Jean-Luc",
        "Łukasz",
        "Никита",
        "محمد",
        "李小龍",
        "अनिता",
        "สมหญิง",
        "김민준",
    ],
)
def test_letters_and_marks_of_any_script_with_apostrophe_and_hyphen_are_allowed(name: str) -> None:
    assert allowed_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("", id="nothing"),
        pytest.param("   ", id="spaces"),
        pytest.param("-", id="hyphen alone"),
        pytest.param("'’", id="apostrophes alone"),
        pytest.param("\u0301", id="mark alone"),
        pytest.param("\u3164", id="letter that shows nothing"),
        pytest.param("Carl\u115f\u1160\uffa0", id="letters that show nothing"),
        pytest.param("Carl1", id="digit"),
        pytest.param("Carl٣", id="digit of another script"),
        pytest.param("Carl²", id="superscript"),
        pytest.param("CarlⅧ", id="number letter"),
        pytest.param("Carl😀", id="emoji"),
        pytest.param("❤️", id="emoji with variation selector"),
        pytest.param("Ca\x00rl", id="null"),
        pytest.param("\x1b[2JCarl", id="escape"),
        pytest.param("Ca\x7frl", id="delete"),
        pytest.param("Ca\u202erl", id="right-to-left override"),
        pytest.param("Ca\u2066rl", id="isolate"),
        pytest.param("Ca\u200brl", id="zero width space"),
        pytest.param("\ufeffCarl", id="byte order mark"),
        pytest.param("Ca\ud800rl", id="surrogate"),
        pytest.param("Ca\ue000rl", id="private use"),
        pytest.param("<b>Carl</b>", id="markup"),
        pytest.param("=Carl", id="formula"),
        pytest.param("{{ Carl }}", id="template"),
        pytest.param("carl@correo.example", id="address"),
        pytest.param("Carl_", id="underscore"),
        pytest.param("Ca‐rl", id="another hyphen"),
        pytest.param("Carl, Cleo", id="comma"),
    ],
)
def test_whatever_else_a_name_could_hold_is_refused(name: str) -> None:
    with pytest.raises(NameNotAllowed):
        allowed_name(name)


def test_a_name_has_at_most_40_characters() -> None:
    assert allowed_name("a" * 40) == "a" * 40
    with pytest.raises(NameNotAllowed):
        allowed_name("a" * 41)


def test_characters_are_counted_as_they_are_kept() -> None:
    assert allowed_name("e\u0301" * 40) == "é" * 40
    with pytest.raises(NameNotAllowed):
        allowed_name("e\u0301" * 41)
    assert allowed_name(" " * 50 + "Ana" + " " * 50) == "Ana"


def test_two_spellings_of_a_name_are_one() -> None:
    assert allowed_name("Jose\u0301") == allowed_name("José") == "José"


def test_a_name_stands_on_one_line_with_single_spaces() -> None:
    assert allowed_name("  Ana \t\r\n\u00a0 María\u2028") == "Ana María"


NAMES = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["L", "M"]),
        st.sampled_from(" \t\n'’-\u0301\u3164\u202e"),
    ),
    max_size=45,
)


@settings(deadline=None)
@given(typed=NAMES)
def test_an_allowed_name_is_clean_and_allowed_again(typed: str) -> None:
    try:
        name = allowed_name(typed)
    except NameNotAllowed:
        return

    assert allowed_name(name) == name
    assert unicodedata.is_normalized("NFC", name)
    assert 1 <= len(name) <= 40
    assert {unicodedata.category(c)[0] for c in name if c not in " '’-"} <= {"L", "M"}
