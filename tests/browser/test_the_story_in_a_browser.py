"""The story lived in a real browser: with scripts in Spanish, and without any in Portuguese."""

import re

import pytest
from playwright.async_api import Browser, expect

from domain.accounts import AccountState
from domain.contacts import ContactStatus
from tests.browser.street import Served, served, street
from tests.browser.tabs import LIVED, Tab, a_tab, browser

__all__ = ["browser", "served", "street"]

pytestmark = pytest.mark.anyio
LIST = "My trusted people"


@LIVED
async def test_named_accepted_reported_blocked(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    olga = await a_tab(browser, has_scripts=has_scripts, language=language)
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)

    await she_invites_carl(served, olga)
    key = await he_accepts(served, carl)
    await he_reports(served, carl, key)

    assert await served.state() is AccountState.FROZEN
    # Her own page, still open on the laptop, has ended with everything else.
    await olga.page.goto(f"{served.origin}/owner")
    await olga.shows("The time for this page is over")
    olga.was_at_peace(served.origin, refusals=1)
    carl.was_at_peace(served.origin, refusals=1)


@LIVED
async def test_declined_and_she_reads_only_that_nobody_answered(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    olga = await a_tab(browser, has_scripts=has_scripts, language=language)
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)
    await she_invites_carl(served, olga)
    before = await olga.page.locator(".people").inner_text()

    await he_reads_it(served, carl)
    await carl.press("No, thanks")
    await carl.shows("You said no, and that is fine")

    (invited,) = await served.contacts()
    assert invited.status is ContactStatus.DECLINED
    await olga.page.reload()
    await olga.shows(LIST)
    assert await olga.page.locator(".people").inner_text() == before
    carl.was_at_peace(served.origin)


async def she_invites_carl(served: Served, olga: Tab) -> None:
    await olga.come_in(await served.page_link())
    await olga.shows(LIST)
    await olga.follow("Invite someone")
    await olga.fill("Name", "Carl")
    await olga.fill("E-mail address", "carl@correo.example")
    await olga.press("Send the invitation")
    await olga.shows(LIST)
    await expect(olga.page.get_by_role("status")).to_contain_text("Carl")


async def he_reads_it(served: Served, carl: Tab) -> None:
    token = await served.secret("contact-invited")
    await carl.open_link(f"{served.origin}/i", token, "See the invitation")
    await carl.shows("%(owner)s would like to count on you", owner="Olga")


async def he_accepts(served: Served, carl: Tab) -> str:
    """His personal key, as the page shows it."""
    await he_reads_it(served, carl)
    await carl.press("Accept and get a code")
    await carl.types_code("000", "Accept with this code")
    await carl.is_told(
        "The code is %(digits)s digits, nothing else. Compare it with the message.", digits="6"
    )
    await carl.types_code(await served.code(), "Accept with this code")
    await carl.shows("What do you call %(owner)s?", owner="Olga")
    await carl.fill("Your name for %(owner)s", "Mamá", owner="Olga")
    await carl.press("Save and finish")
    await carl.shows("You are %(owner)s's trusted person", owner="Olga")
    return await carl.page.locator(".key-text").inner_text()


async def he_reports(served: Served, carl: Tab, key: str) -> None:
    note = "En el colectivo 60"
    await carl.open_link(f"{served.origin}/r", key, "Get a code")
    await carl.types_code(await served.code())
    await carl.shows("%(owner)s's phone: stolen or lost?", owner="Mamá")
    await carl.choose("Stolen")
    await carl.page.get_by_text(carl.say("Add what you know")).click()
    await carl.fill("Anything that helps", note)
    await carl.press("Continue")
    await carl.shows("Block %(owner)s's wallet?", owner="Olga")
    await carl.follow("Back")
    await expect(carl.page.get_by_label(carl.say("Anything that helps"))).to_have_value(note)
    await carl.press("Continue")
    await carl.press("Block %(owner)s's wallet", owner="Olga")
    await expect(carl.page).to_have_url(f"{served.origin}/r/receipt")
    await carl.shows(re.compile("[0-2][0-9]:[0-5][0-9]$"))
    assert await carl.page.locator(".spelled li").count() == 9
