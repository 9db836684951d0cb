"""Whether a page speaks its reader's language alone: no word that only the English pages have."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from babel.messages.pofile import read_po
from playwright.async_api import Page

_LOCALES: Final = Path(__file__).parents[2] / "service" / "locales"
_LOCALE_OF: Final = {"es": "es", "pt-BR": "pt_BR"}
_PLACE: Final = re.compile(r"%\(\w+\)s")
_ADDRESS: Final = re.compile(r"\S*(?:://|@|•)\S*")
# Letters of a case number or a code are drawn by chance, and chance writes words.
_NUMBER: Final = re.compile(r"\b[0-9A-Z]{3,}(?:-[0-9A-Z]+)+\b")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
# All that is read, seen or heard. What is marked as another language is that language.
_READ: Final = """() => {
    const here = document.documentElement.lang;
    const theirs = (element) => {
        const marked = element.closest("[lang]");
        return marked !== null && marked.lang !== here;
    };
    const said = [document.title];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const { parentElement, data } = texts.currentNode;
        if (!parentElement.closest("script, style") && !theirs(parentElement)) said.push(data);
    }
    for (const name of ["aria-label", "placeholder", "title", "alt"]) {
        for (const element of document.querySelectorAll(`[${name}]`)) {
            if (!theirs(element)) said.push(element.getAttribute(name));
        }
    }
    return said;
}"""


def said(language: str, words: str) -> str:
    """These words of a template as whoever reads that language reads them."""
    return _sentences(language)[words]


async def english_on(page: Page, language: str) -> frozenset[str]:
    """Words of English sentences that stand in no sentence of the other languages; empty where
    everything is said in `language`. Names and what people typed are in no sentence."""
    assert await page.locator("html").get_attribute("lang") == language
    read: list[str] = await page.evaluate(_READ)
    return english_in(*read)


def english_in(*read: str) -> frozenset[str]:
    """Addresses of people and pages are no words, and neither are case numbers and codes."""
    return _words(_NUMBER.sub(" ", _ADDRESS.sub(" ", one)) for one in read) & _only_english()


@cache
def _only_english() -> frozenset[str]:
    english = _words(_sentences("es"))
    return frozenset(english - _words(_sentences("es").values(), _sentences("pt-BR").values()))


@cache
def _sentences(language: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for path in sorted((_LOCALES / _LOCALE_OF[language] / "LC_MESSAGES").glob("*.po")):
        with path.open("rb") as written:
            for message in read_po(written):
                ids, strings = _several(message.id), _several(message.string)
                found |= dict(zip(ids, strings, strict=False))
    return {english: translated for english, translated in found.items() if english and translated}


def _several(one: Any) -> tuple[str, ...]:
    """Of a plural its forms."""
    return (one,) if isinstance(one, str) else tuple(one)


def _words(*sentences: Iterable[Any]) -> frozenset[str]:
    plain = (_PLACE.sub(" ", one) for some in sentences for one in some)
    return frozenset(word.casefold() for one in plain for word in _WORD.findall(one))
