"""People's tabs: what they do is said in the words of the templates, and done in their language.

Each page on the way is looked at: on a small phone and on a desk, by day and by night.
"""

import os
import re
import shutil
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
from babel.messages.pofile import read_po
from playwright.async_api import (
    Browser,
    ConsoleMessage,
    Page,
    Request,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.web.rendering import catalogue_paths

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or "google-chrome"
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
COMPLAINTS: Final = """async (rules) => {
    const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
    const { violations } = await axe.run({ ...only, resultTypes: ["violations"] });
    return violations.flatMap((v) => v.nodes.map((n) => [v.id, n.html, n.failureSummary]));
}"""
TOO_WIDE: Final = "document.documentElement.scrollWidth > innerWidth"
# A busy machine takes longer to show what it will show; what never comes is found out later.
expect.set_options(timeout=20_000)
PHONE: Final[ViewportSize] = {"width": 320, "height": 740}
DESK: Final[ViewportSize] = {"width": 1280, "height": 800}
# At night the same elements have other colours; nothing else can differ, and a test holds the
# styles to it. These of the rules are about colours.
COLOURS: Final = ("color-contrast", "link-in-text-block")
LIGHTS: Final[tuple[tuple[Literal["dark", "light"], Sequence[str] | None], ...]] = (
    ("light", None),
    ("dark", COLOURS),
)
_VIEWS: Final[tuple[tuple[ViewportSize, Literal["dark", "light"], Sequence[str] | None], ...]] = (
    (DESK, "dark", None),
    (DESK, "light", COLOURS),
    (PHONE, "dark", COLOURS),
    (PHONE, "light", None),
)
# What tells two pages of one build apart: words, and attributes that name or hold something.
_BETWEEN: Final = re.compile(
    r"(?<=>)[^<]+|<style.*?</style>|(?:value|href|action|nonce)=\"[^\"]*\""
)
# With scripts in Spanish; without, in another language.
LIVED: Final = pytest.mark.parametrize(
    ("has_scripts", "language"),
    [(True, "es"), (False, "pt-BR")],
    ids=["with scripts", "without scripts"],
)


@pytest.fixture(scope="module")
async def chromium() -> AsyncGenerator[Browser]:
    """Started once for the tests of a module; `tests/browser/conftest.py` brings it there."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        await chromium.close()


@pytest.fixture
async def browser(chromium: Browser) -> AsyncGenerator[Browser]:
    """Nobody was ever there: whatever tabs, cookies and caches a test has go with it."""
    yield chromium
    for context in chromium.contexts:
        await context.close()


async def complaints_of(page: Page, rules: Sequence[str] | None = None) -> object:
    """What axe finds, by these rules or by all; it is brought along once for each page."""
    if await page.evaluate("typeof axe") == "undefined":
        await page.evaluate(AXE)
    return await page.evaluate(COMPLAINTS, rules)


class Tab:
    """One person's tab on a small phone; each page on the way is looked at.

    Words are given as the templates have them, and read in the language of the tab.
    """

    def __init__(self, page: Page, beside: Page, *, has_scripts: bool, language: str) -> None:
        self.page = page
        # Where the same page is looked at by a script when its own tab runs none.
        self._beside = beside
        self.has_scripts = has_scripts
        self.language = language
        # Pages of which only the words and the values were others, or their ids.
        self._looked_at: set[str] = set()
        self.complaints: list[str] = []
        # Every host that anything was asked of.
        self.hosts: set[str] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note)

    def say(self, words: str, **named: str) -> str:
        """These words of a template in the language of the tab."""
        if self.language != "en":
            words = _said(self.language)[words]
        return words % named if named else words

    async def shows(self, heading: str | re.Pattern[str], **named: str) -> None:
        """The page with this heading is here, and nothing about it keeps anybody out."""
        said = self.say(heading, **named) if isinstance(heading, str) else heading
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(said)
        await expect(self.page.locator("html")).to_have_attribute("lang", self.language)
        built = _BETWEEN.sub("", await self.page.content())
        if built in self._looked_at:
            return
        self._looked_at.add(built)
        seen = self.page if self.has_scripts else await self._copied()
        for size, scheme, rules in _VIEWS:
            await seen.set_viewport_size(size)
            await seen.emulate_media(color_scheme=scheme)
            assert await complaints_of(seen, rules) == [], (heading, size["width"], scheme)
            assert not await seen.evaluate(TOO_WIDE), (heading, size["width"])

    async def _copied(self) -> Page:
        """The page as it stands there, in a tab where a script may look at it: axe waits by
        timers, and without scripts no timer ever ends."""
        html = re.sub(r"<script.*?</script>", "", await self.page.content())
        headers = {"Content-Type": "text/html; charset=utf-8"}
        await self._beside.route(self.page.url, lambda r: r.fulfill(body=html, headers=headers))
        await self._beside.goto(self.page.url)
        await self._beside.unroute_all()
        return self._beside

    async def press(self, words: str, **named: str) -> None:
        said = self.say(words, **named)
        await self.page.get_by_role("button", name=said, exact=True).click()

    async def follow(self, words: str, *, of: str = "", **named: str) -> None:
        """Press a link; `of` is whom it is about, which only who cannot see is told."""
        said = self.say(words, **named)
        if of:
            there = re.compile(f"^{re.escape(said)} ?: {re.escape(of)}$")
            await self.page.get_by_role("link", name=there).click()
        else:
            # Some go on to say what is there.
            there = re.compile(rf"^{re.escape(said)}(\s|$)")
            await self.page.get_by_role("link", name=there).click()

    async def fill(self, label: str, value: str, **named: str) -> None:
        await self.page.get_by_label(self.say(label, **named), exact=True).fill(value)

    async def choose(self, label: str, **named: str) -> None:
        await self.page.get_by_label(self.say(label, **named)).check()

    async def reads(self, words: str, **named: str) -> None:
        """These words stand somewhere on the page, to be seen."""
        found = self.page.get_by_text(self.say(words, **named))
        await expect(found.first).to_be_visible()

    async def is_told(self, words: str, **named: str) -> None:
        """What went wrong stands first on the page, and has the focus."""
        problem = self.page.get_by_role("alert")
        await expect(problem).to_contain_text(self.say(words, **named))
        await expect(problem).to_be_focused()

    async def come_in(self, page_link: str) -> None:
        """The owner, from the wallet's app: with scripts nothing has to be pressed."""
        await self.page.goto(page_link)
        if not self.has_scripts:
            await self.press("Continue")

    async def open_link(self, address: str, key: str, button: str) -> None:
        """With scripts the key is taken from the address; without, it is pasted."""
        await self.page.goto(f"{address}#{key}")
        pasted = self.page.get_by_label(self.say("Paste the key printed under the link"))
        if self.has_scripts:
            await expect(pasted).to_be_hidden()
            # On a page that stood there already the script hears of the key a moment later.
            await expect(self.page).not_to_have_url(re.compile(re.escape(key)))
        else:
            await pasted.fill(key)
        await self.press(button)

    async def types_code(
        self,
        code: str,
        button: str = "Continue",
        *,
        digits: int = 6,
        heading: str = "Type the code we sent",
    ) -> None:
        await self.shows(heading)
        await self.fill("Code of %(digits)s digits", code, digits=str(digits))
        await self.press(button)

    def was_at_peace(self, origin: str, *, refusals: int = 0) -> None:
        """The browser noted nothing but the status of so many refusals, and asked nobody but the
        wallet."""
        assert all("responded with a status of 4" in said for said in self.complaints)
        assert len(self.complaints) == refusals, self.complaints
        assert self.hosts == {urlsplit(origin).netloc}

    def _hear(self, said: ConsoleMessage) -> None:
        self.complaints.append(said.text)

    def _note(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob"}:
            self.hosts.add(parts.netloc)


async def a_tab(browser: Browser, *, has_scripts: bool, language: str) -> Tab:
    pages = [
        await browser.new_page(
            java_script_enabled=runs,
            locale={"es": "es-AR", "en": "en-GB"}.get(language, language),
            viewport=PHONE,
            reduced_motion="reduce",
        )
        for runs in (has_scripts, True)
    ]
    return Tab(*pages, has_scripts=has_scripts, language=language)


@cache
def _said(language: str) -> Mapping[str, str]:
    """Every sentence of the pages, from the words in the templates."""
    said: dict[str, str] = {}
    for path in catalogue_paths(language):
        with path.open("rb") as written:
            for message in read_po(written):
                if isinstance(message.id, str) and isinstance(message.string, str):
                    said[message.id] = message.string
    return said
