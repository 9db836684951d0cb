"""A reference as it is said on the phone: a word for each letter, in the reader's language.

No language has one list that everybody knows. English uses that of radio traffic (ICAO); Spanish
and Portuguese use common words and names that are the same from Mexico to Patagonia.
"""

from collections.abc import Mapping
from typing import Final

_ENGLISH: Final = (
    "Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar "
    "Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu"
)
_SPANISH: Final = (
    "Antonio Beatriz Carmen Daniel Elena Francisco Gabriel Hugo Isabel José Kilo Luis María "
    "Natalia Óscar Pedro Quito Ramón Sara Teresa Uruguay Victoria Washington Xilófono Yolanda "
    "Zapato"
)
_PORTUGUESE: Final = (
    "Amor Bola Casa Dado Elefante Família Gato Hotel Igreja José Kilo Lua Maria Navio Ouro Pato "
    "Queijo Rato Sapo Tatu Uva Vaca Washington Xícara Yolanda Zebra"
)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# On Brazilian phones 6 is "meia", half a dozen: "seis" and "três" sound alike.
_DIGITS: Final[Mapping[str, Mapping[str, str]]] = {"pt-BR": {"6": "6 (meia)"}}
ALPHABETS: Final[Mapping[str, Mapping[str, str]]] = {
    language: dict(zip(_LETTERS, words.split(), strict=True)) | dict(_DIGITS.get(language, {}))
    for language, words in (("en", _ENGLISH), ("es", _SPANISH), ("pt-BR", _PORTUGUESE))
}


def spelled(reference: str, language: str) -> tuple[str, ...]:
    """One word for each character; digits stay digits, and the dashes are not said."""
    words = ALPHABETS[language]
    return tuple(words.get(character, character) for character in reference if character != "-")
