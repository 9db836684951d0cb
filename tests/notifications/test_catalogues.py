import re
from pathlib import Path
from typing import Any, cast

import pytest
from babel.messages import frontend
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import notifications
from notifications.wording import LANGUAGES

PACKAGE = Path(notifications.__file__).parent
TRANSLATED = [locale for language, locale in LANGUAGES.items() if language != "en"]
GAP = re.compile(r"%\(\w+\)s|\{\w+\}")


def catalogue(locale: str) -> Catalog:
    path = PACKAGE / "locales" / locale / "LC_MESSAGES" / "notifications.po"
    with path.open("rb") as source:
        return read_po(source, locale=locale)


def sentences() -> set[str]:
    """Every sentence that templates and code ask for."""
    with (PACKAGE / "babel.cfg").open() as mapping:
        # Babel gives this function no types.
        methods, options = cast(Any, frontend).parse_mapping_cfg(mapping)
    found = extract_from_dir(PACKAGE, methods, options, keywords={"gettext": None})
    return {str(message) for _file, _line, message, _comments, _context in found}


def test_the_templates_are_found() -> None:
    assert "Your trusted people: an invitation was sent" in sentences()
    assert len(sentences()) > 60


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated_and_nothing_is_left_over(locale: str) -> None:
    words = {str(message.id): message for message in catalogue(locale) if message.id}

    assert set(words) == sentences()
    assert not [message.id for message in words.values() if message.fuzzy or not message.string]
    assert not catalogue(locale).obsolete


@pytest.mark.parametrize("locale", TRANSLATED)
def test_a_translation_fills_the_same_gaps(locale: str) -> None:
    for message in catalogue(locale):
        # A sentence may name someone once where English names them twice, and the other way.
        assert set(GAP.findall(str(message.string))) == set(GAP.findall(str(message.id)))


def test_spanish_says_bloquear() -> None:
    assert not [m.id for m in catalogue("es") if "congel" in str(m.string).lower()]
