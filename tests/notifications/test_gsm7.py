import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications import gsm7

# 3GPP TS 23.038, 6.2.1: the positions of the default alphabet, row by row. 0x1B is the escape.
TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅå",
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ",
    " !\"#¤%&'()*+,-./",
    "0123456789:;<=>?",
    "¡ABCDEFGHIJKLMNO",
    "PQRSTUVWXYZÄÖÑÜ§",
    "¿abcdefghijklmno",
    "pqrstuvwxyzäöñüà",
)
WRITABLE = "".join(TABLE).replace("\x1b", "")
EXTENDED = "\f^{}\\[~]|€"


def test_each_letter_of_the_alphabet_is_one_septet() -> None:
    assert all(len(row) == 16 for row in TABLE)
    assert gsm7.septets(WRITABLE) == 127
    assert gsm7.septets(EXTENDED) == 2 * len(EXTENDED)


@given(st.characters(exclude_characters=WRITABLE + EXTENDED))
def test_no_other_letter_is_writable(letter: str) -> None:
    assert not gsm7.is_writable(letter)
    with pytest.raises(ValueError, match="alphabet"):
        gsm7.septets(letter)


@pytest.mark.parametrize("letter", "áíóúãõçâêôÁÍÓÚ’–…")
def test_the_accents_of_our_languages_are_mostly_outside(letter: str) -> None:
    assert not gsm7.is_writable(letter)


def test_a_message_is_cut_where_phones_cut_it() -> None:
    assert [gsm7.segments("a" * length) for length in (0, 160, 161, 306, 307)] == [1, 1, 2, 2, 3]
    assert [gsm7.segments("€" * length) for length in (80, 81)] == [1, 2]
    # The escape and its letter travel in the same part: each loses its last septet.
    assert gsm7.segments("a" * 152 + "€" + "a" * 151) == 2
    assert gsm7.segments("a" * 152 + "€" + "a" * 152) == 3


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Olga", "Olga"),
        ("Sofía", "Sofia"),
        ("João", "Joao"),
        ("José Muñoz", "José Muñoz"),
        ("D’Ávila", "D'Avila"),
        ("Łukasz", None),
        ("Юрий", None),
        ("", None),
    ],
)
def test_a_name_keeps_what_a_phone_can_show_or_is_left_out(name: str, written: str | None) -> None:
    assert gsm7.written(name) == written


@given(st.text())
def test_a_written_name_never_leaves_the_alphabet(name: str) -> None:
    written = gsm7.written(name)

    assert written is None or gsm7.is_writable(written)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Llamamos dos veces.", "Llamamos dos veces."),
        ("Mañana llamará Sofía, ¿sí?", "Mañana llamara Sofia, ¿si?"),
        ("Você não está só…", "Voce nao esta so..."),
        ("“Llamar” — de día", "'Llamar' - de dia"),
        # Nobody closes the quotation in which the line stands.
        ('ya". Norte: urgente', "ya'. Norte: urgente"),
        ("cuesta 5 € [o nada]", "cuesta 5 € [o nada]"),
        ("a" * gsm7.LONGEST_LINE, "a" * gsm7.LONGEST_LINE),
        ("€" * (gsm7.LONGEST_LINE // 2), "€" * (gsm7.LONGEST_LINE // 2)),
    ],
)
def test_a_line_keeps_its_words_in_the_letters_of_a_phone(typed: str, shown: str) -> None:
    assert gsm7.line(typed) == shown
    assert gsm7.is_writable(shown)


@pytest.mark.parametrize(
    "typed",
    [
        "a" * (gsm7.LONGEST_LINE + 1),
        # As a phone counts: two each.
        "€" * (gsm7.LONGEST_LINE // 2 + 1),
        "until soon 👋",
        "до завтра",
        "two\nlines",
        # What would become a link, or a code, only by being written plainly.
        "evil.ｃｏｍ",
        "code ①②③④",
    ],
)
def test_a_line_of_which_a_phone_would_lose_something_is_none(typed: str) -> None:
    assert gsm7.line(typed) is None
