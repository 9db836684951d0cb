"""Every page in every language, as it would leave the house."""

import gzip
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po

from tests.web.rendering import CODES, SERVICE, catalogue_paths, every_page
from tests.web.sample_pages import SAMPLES

TEMPLATES = sorted(
    path
    for path in (SERVICE / "templates").rglob("*.html")
    if path.relative_to(SERVICE / "templates").parts[0] not in {"console", "demo"}
)
FRAMES = {"base.html", "code.html", "macros.html", "drill/parts.html", "owner/parts.html"}
FIRST_VIEW = 14 * 1024
VOID = {"meta", "link", "input", "br", "wbr", "path", "rect", "circle"}


class Reader(HTMLParser):
    """Notes what would break a page: tags left open, repeated ids, labels that lead nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.crossed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "id":
                self.ids.append(value or "")
            if name in {"for", "aria-describedby", "aria-labelledby"}:
                self.named += (value or "").split()
            if name == "href" and (value or "").startswith("#"):
                self.named.append((value or "")[1:])

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)


def test_every_template_has_a_sample() -> None:
    names = {str(path.relative_to(SERVICE / "templates")) for path in TEMPLATES}

    assert {template for template, _ in SAMPLES} == names - FRAMES


@pytest.mark.parametrize("lang", CODES)
def test_every_page_is_whole(lang: str) -> None:
    for name, html in every_page(lang).items():
        reader = Reader()
        reader.feed(html)
        reader.close()

        assert (reader.crossed, reader.open) == ([], []), name
        assert len(reader.ids) == len(set(reader.ids)), name
        assert set(reader.named) <= set(reader.ids), name
        assert ("html", "lang", lang) in reader.attributes, name
        assert html.count("<h1>") == 1, name


@pytest.mark.parametrize("lang", CODES)
def test_no_page_asks_for_anything_that_its_policy_forbids(lang: str) -> None:
    for name, html in every_page(lang).items():
        reader = Reader()
        reader.feed(html)

        for tag, attribute, value in reader.attributes:
            assert attribute != "style", name
            assert not attribute.startswith("on"), name
            if attribute in {"src", "href", "action"}:
                assert re.match(r"(/(?!/)|#|tel:|data:,|\?lang=)", value), (name, tag, value)
        assert len(re.findall(r"<style(?! nonce=)", html)) == 0, name
        assert len(re.findall(r"<script(?! type=\"module\" src=)", html)) == 0, name


def test_every_form_that_is_posted_carries_the_token_against_forgery() -> None:
    for name, html in every_page("en").items():
        forms = re.findall(r"<form.*?</form>", html, re.DOTALL)
        for form in forms:
            assert 'method="post"' in form, name
            assert 'name="csrf_token" value="c3Jm"' in form, name


@pytest.mark.parametrize("lang", CODES)
def test_a_first_view_is_light_enough_for_one_bar_of_signal(lang: str) -> None:
    css = len(gzip.compress((SERVICE / "static" / "resguardo.css").read_bytes()))

    for name, html in every_page(lang).items():
        assert css + len(gzip.compress(html.encode())) <= FIRST_VIEW, name


@pytest.mark.parametrize("lang", [code for code in CODES if code != "en"])
def test_every_sentence_is_in_the_catalogue_and_nothing_else_is(lang: str) -> None:
    spoken: set[str | tuple[str, ...]] = set()
    keywords: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2)}
    options = {"silent": "false", "newstyle_gettext": "true"}
    for path in TEMPLATES:
        with path.open("rb") as written:
            found = extract("jinja2.ext:babel_extract", written, keywords, options=options)
            spoken |= {tuple(m) if isinstance(m, list | tuple) else m for _, m, _, _ in found}
    messages: list[tuple[Catalog, Message]] = []
    for path in catalogue_paths(lang):
        with path.open("rb") as written:
            catalogue = read_po(written, locale=lang.replace("-", "_"))
        found = [(catalogue, message) for message in catalogue if message.id]
        # What others read of it is theirs: `make check` sees that nothing is left over.
        shared = path.stem in {"evidence", "judgement", "signals"}
        messages += [(c, m) for c, m in found if not shared or _id_of(m) in spoken]

    kept = {_id_of(message) for _, message in messages}
    assert kept == spoken
    for catalogue, message in messages:
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(said), message.id
        assert not message.fuzzy, message.id
        assert not list(message.check(catalogue)), message.id


def _id_of(message: Message) -> str | tuple[str, ...]:
    return tuple(message.id) if isinstance(message.id, list | tuple) else message.id


def test_contacts_read_no_word_of_the_trade() -> None:
    trade = {
        "en": r"session|ticket|\bOTP\b|fr[eo]ez|frozen|token|account is",
        "es": r"congel|ticket|\bOTP\b|token",
        "pt-BR": r"congel|ticket|\bOTP\b|token|sessão",
    }
    for lang, words in trade.items():
        for name, html in every_page(lang).items():
            seen = re.sub(r"<(style|script).*?</\1>|<[^>]*>", " ", html, flags=re.DOTALL)
            assert not re.search(words, seen, re.IGNORECASE), (lang, name)
