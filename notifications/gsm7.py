"""The alphabet of a text message (3GPP TS 23.038): what a phone counts and what it cannot show.

One letter outside it turns the whole message into UCS-2, which cuts a segment from 160 to 70
letters, so texts for phones are written inside it from the start.
"""

import unicodedata
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Reached through an escape, so each counts twice.
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")

ONE_SEGMENT: Final = 160
# Each part of a longer message gives seven septets to the header that joins the parts.
OF_SEVERAL: Final = 153
# What a wallet may ask for: a code, its purpose and the page's host must fit one segment.
LONGEST_SHORT_NAME: Final = 11
LONGEST_HOST: Final = 40
# What an agent may add to fixed words: beside the longest of those it still travels in two parts.
LONGEST_LINE: Final = 100
# What keyboards put in by themselves, and what a phone has for it. The quotation mark is the one
# that stands around the line, and nobody may close it from within.
_TYPED: Final = {
    **dict.fromkeys('"“”„«»', "'"),
    **dict.fromkeys("‘’‚`´", "'"),
    **dict.fromkeys("‐‑‒–—", "-"),
    "…": "...",
    "\u00a0": " ",
}


def is_writable(text: str) -> bool:
    """Whether a phone shows every letter of it without leaving the alphabet."""
    return all(letter in _BASIC or letter in _EXTENDED for letter in text)


def septets(text: str) -> int:
    """Its length as a phone counts it. ValueError for a letter outside the alphabet."""
    if not is_writable(text):
        raise ValueError("a letter outside the GSM 7-bit alphabet")
    return sum(2 if letter in _EXTENDED else 1 for letter in text)


def segments(text: str) -> int:
    """How many parts it travels in. ValueError for a letter outside the alphabet."""
    length = septets(text)
    if length <= ONE_SEGMENT:
        return 1
    parts, room = 1, OF_SEVERAL
    for letter in text:
        width = 2 if letter in _EXTENDED else 1
        # An escape and its letter are never torn apart.
        if width > room:
            parts, room = parts + 1, OF_SEVERAL
        room -= width
    return parts


def written(name: str) -> str | None:
    """A name with the accents phones cannot show left off: Sofía becomes Sofia.

    None when a letter would be lost altogether: half a name is worse than none.
    """
    letters = [_nearest(letter) for letter in _composed(name)]
    if not letters or None in letters:
        return None
    return "".join(letter for letter in letters if letter is not None)


def line(words: str) -> str | None:
    """One short line as a phone shows it, with accents that it lacks left off.

    None when a letter would be lost altogether, or when it is longer than `LONGEST_LINE`. Letters
    that only look like others (full width, ligatures) are lost too: nothing may turn into a link
    that was none when it was checked.
    """
    letters = [_TYPED.get(letter) or _canonical(letter) for letter in _composed(words)]
    shown = "".join(letter for letter in letters if letter is not None)
    if None in letters or septets(shown) > LONGEST_LINE:
        return None
    return shown


def _composed(words: str) -> str:
    return unicodedata.normalize("NFC", words)


def _canonical(letter: str) -> str | None:
    if letter in _EXTENDED - {"\f"}:
        return letter
    same = unicodedata.normalize("NFKD", letter) == unicodedata.normalize("NFD", letter)
    return _nearest(letter) if same else None


def _nearest(letter: str) -> str | None:
    if letter in _BASIC and letter not in "\r\n":
        return letter
    if letter in "’ʼ`´":
        return "'"
    base = "".join(
        part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)
    )
    return base if base.isalpha() and is_writable(base) else None
