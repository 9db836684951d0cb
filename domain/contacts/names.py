"""What someone may be called."""

import unicodedata
from typing import Final

from domain.refusals import NameNotAllowed

LONGEST_NAME: Final = 40
# Hangul fillers: letters that show nothing, so that a name made of them would be blank.
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0")


def allowed_name(typed: str) -> str:
    """Letters, marks, spaces, apostrophe and hyphen; 1 to 40 characters, NFC, one line."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not 1 <= len(name) <= LONGEST_NAME or not any(c.isalpha() for c in name):
        raise NameNotAllowed
    if not all(unicodedata.category(c)[0] in "LM" or c in " '’-" for c in name):
        raise NameNotAllowed
    if not _BLANK_LETTERS.isdisjoint(name):
        raise NameNotAllowed
    return name
