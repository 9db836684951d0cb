"""docs/words.md is kept to: what is never said, and buttons named as they are called."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, cast

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from msgspec import Struct

ROOT: Final = Path(__file__).parents[2]
LOCALES: Final = {"Spanish": "es", "Portuguese": "pt_BR"}
# The areas that owners and contacts read; agents read the others.
FOR_PEOPLE: Final = frozenset({"drill", "notifications", "objections", "owner", "refusals", "web"})
# Messages to agents on call lie in the same catalogue.
TO_AGENTS: Final = re.compile("ticket|on call|on-call", re.IGNORECASE)
QUOTED: Final = re.compile(r'“([^”]+)”|«([^»]+)»|"([^"<>=]+)"')
# Quoted, and no button: what somebody typed, a name a contact gave, words on a page.
NO_BUTTONS: Final = frozenset(
    {"%(reference)s", "%(own_line)s", "Mum", "Stopped here", "another reason", "nothing was lost"}
)


class Never(Struct, frozen=True):
    """One row of the page."""

    language: str
    to_everyone: bool
    words: tuple[str, ...]

    def found_in(self, text: str) -> list[str]:
        return [word for word in self.words if re.search(rf"\b{word}", text, re.IGNORECASE)]


def nevers() -> list[Never]:
    _, _, table = (ROOT / "docs/words.md").read_text("utf-8").partition("## Never said")
    rows = [
        line.strip("|").split("|") for line in table.splitlines() if "`" in line and "|" in line
    ]
    return [
        # `app` and the like are whole words; a stem goes on.
        Never(
            language.strip(),
            to.strip() == "everyone",
            tuple(_as_pattern(word) for word in re.findall("`([^`]+)`", words)),
        )
        for language, to, words, _ in rows
    ]


def _as_pattern(word: str) -> str:
    return word + r"\b" if word in {"app", "vos", "dono", "dona", "OTP"} else word


def catalogues(locale: str) -> Iterator[tuple[str, Message]]:
    paths = [
        *(ROOT / f"service/locales/{locale}/LC_MESSAGES").glob("*.po"),
        ROOT / f"notifications/locales/{locale}/LC_MESSAGES/notifications.po",
    ]
    for path in sorted(paths):
        with path.open("rb") as written:
            for message in read_po(written, locale=locale):
                if message.id:
                    yield path.stem, message


def forms(words: object) -> tuple[str, ...]:
    if not isinstance(words, tuple | list):
        return (str(words),)
    return tuple(str(word) for word in cast("Iterable[object]", words))


def said(language: str, message: Message) -> str:
    return " ".join(forms(message.id if language == "English" else message.string))


def is_for_people(area: str, message: Message) -> bool:
    return area in FOR_PEOPLE and not TO_AGENTS.search(" ".join(forms(message.id)))


@pytest.mark.parametrize("language", ["English", *LOCALES])
def test_no_catalogue_says_what_is_never_said(language: str) -> None:
    rows = [row for row in nevers() if row.language == language]
    assert rows
    for area, message in catalogues(LOCALES.get(language, "es")):
        text = re.sub(r"%\(\w+\)s", "", said(language, message))
        for row in rows:
            if row.to_everyone or is_for_people(area, message):
                assert row.found_in(text) == [], (area, text)


def test_the_page_would_notice() -> None:
    found = {
        word for row in nevers() for word in row.found_in("El dueño lo reporta: congelada, usted.")
    }

    assert found == {"dueñ", "report", "congel", "usted"}
    assert not [
        row for row in nevers() if row.found_in("La persona titular avisa; happy, vosotros.")
    ]


@pytest.mark.parametrize("locale", LOCALES.values())
def test_a_text_that_names_a_button_names_it_as_it_is_called(locale: str) -> None:
    called: dict[str, set[str]] = {}
    messages = list(catalogues(locale))
    for _, message in messages:
        called.setdefault(forms(message.id)[0].lower(), set()).add(forms(message.string)[0])
    named = 0
    for area, message in messages:
        english, here = forms(message.id)[0], forms(message.string)[0]
        for name in quoted(english):
            if name in NO_BUTTONS or name.startswith("%(") or message.id == name:
                continue
            # A button may begin with what it is called where it is spoken of.
            assert name.lower() in called, (area, english)
            names = {one.lower() for one in called[name.lower()]}
            in_translation = {one.lower() for one in quoted(here)}
            # A text message in Portuguese cannot write "não": it names no button then.
            if in_translation or not english.startswith("%(short)s"):
                assert in_translation & names, (area, here, names)
            named += 1
    assert named > 5


def quoted(text: str) -> list[str]:
    return [next(filter(None, found)) for found in QUOTED.findall(text)]
