"""Agents at the console who never touch a mouse."""

import asyncio
from typing import Any, Final

from msgspec import Struct
from playwright.async_api import Browser, Locator, Page, expect

from tests import people as cast
from tests.browser.spoken import english_on, said
from tests.browser.test_console_looks import Served, arrives, looks_right, objections_on
from tests.desks import Authenticator, Case, an_agent

# More steps than any page has: whoever needs more is lost.
FAR: Final = 160
# Seconds in which a list forgets the letters that were typed; on a busy machine two of them may
# lie so far apart.
FORGETS_AFTER: Final = 1.5
TRIES: Final = 5
IS_HERE: Final = "element => document.activeElement === element"


class Desk(Struct):
    """One agent with a browser of their own, who never touches a mouse."""

    served: Served
    authenticator: Authenticator
    page: Page
    objections: list[str]
    language: str = "en"
    # What was done with the hands since somebody last looked.
    acts: int = 0

    async def comes(self) -> None:
        """Login, password, code: typed, and sent with Enter."""
        await self.page.goto(f"{self.served.console}/console/sign-in")
        await self.signs_in_again()
        await arrives(self.page, f"{self.served.console}/console")

    async def signs_in_again(self) -> None:
        for field, typed in (
            ("#login", self.authenticator.login),
            ("#password", cast.PASSWORD),
            ("#code", await self.authenticator.new_code()),
        ):
            await self.goes_to(self.page.locator(field))
            await self.page.keyboard.press("ControlOrMeta+a")
            await self.page.keyboard.type(typed)
        await self.page.keyboard.press("Enter")

    async def goes_to(self, what: Locator) -> None:
        """From where the focus is, step by step."""
        await self.page.wait_for_load_state()
        await expect(what).to_be_visible()
        for _ in range(FAR):
            if await what.evaluate(IS_HERE):
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"{what} is not reached by keyboard")

    async def presses(self, what: Locator) -> None:
        self.acts += 1
        await self.goes_to(what)
        await self.page.keyboard.press("Enter")

    async def chooses(self, what: Locator, words: str, value: str) -> None:
        """Typed at one go: a browser that hears nothing for a second begins a new word."""
        self.acts += 1
        await self.goes_to(what)
        for _ in range(TRIES):
            await self.page.keyboard.type(words)
            if await what.input_value() == value:
                return
            await asyncio.sleep(FORGETS_AFTER)
        raise AssertionError(f"{words} is not chosen by keyboard")

    async def opens(self, case: Case) -> None:
        """By its reference, from wherever they are."""
        await self.searches(case)
        await arrives(self.page, f"{self.served.console}{case.path}")

    async def searches(self, case: Case) -> None:
        await self.page.wait_for_load_state()
        await self.page.keyboard.press("/")
        await expect(self.page.locator("#reference")).to_be_focused()
        # What was searched before still stands there.
        await self.page.keyboard.press("ControlOrMeta+a")
        await self.page.keyboard.type(case.reference)
        await self.page.keyboard.press("Enter")

    async def approves(self, case: Case, owner: str) -> None:
        """Signing in again first."""
        await self.opens(case)
        await self.presses(self.page.get_by_role("link", name="Read and decide"))
        await expect(self.page.locator("#password")).to_be_visible()
        await looks_right(self.page)
        await self.goes_to(self.page.locator("#password"))
        await self.page.keyboard.type(cast.PASSWORD)
        await self.goes_to(self.page.locator("#code"))
        await self.page.keyboard.type(await self.authenticator.new_code())
        await self.presses(
            self.page.get_by_role("button", name=f"Approve: give {owner} the account back")
        )
        await expect(self.page.get_by_text("Released. The owner is being told")).to_be_visible()

    def button(self, name: str) -> Locator:
        """By its name in the template, as this agent reads it."""
        name = name if self.language == "en" else said(self.language, name)
        return self.page.get_by_role("button", name=name, exact=True)

    async def reads_their_own_language(self) -> None:
        left_over = await english_on(self.page, self.language)
        assert not left_over, (self.page.url, sorted(left_over))
        await looks_right(self.page)


async def a_desk(served: Served, browser: Browser, login: str, level: int, **how: Any) -> Desk:
    authenticator = await an_agent(served.house, served.wallet, login, level=level, **how)
    language = how.get("language", "en")
    page = await (await browser.new_context(locale=language)).new_page()
    desk = Desk(served, authenticator, page, objections_on(page), language)
    await desk.comes()
    return desk
