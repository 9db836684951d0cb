"""A rehearsal from the owner's page to its end, the day it turns real, and what she says to that:
with scripts in Spanish, and without any in Portuguese."""

import re

import pytest
from playwright.async_api import Browser, expect

from domain.accounts import AccountState
from tests import people as cast
from tests.browser.street import A_WHILE, Served, served, street
from tests.browser.tabs import LIVED, Tab, a_tab, browser

__all__ = ["browser", "served", "street"]

pytestmark = pytest.mark.anyio
NOTE = "en el tren"


@LIVED
async def test_rehearsed_to_the_end_then_real_then_disputed(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    await served.a_contact()
    olga = await a_tab(browser, has_scripts=has_scripts, language=language)
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)

    await she_sends_it(served, olga)
    await he_comes_in(served, carl)
    await he_goes_all_the_way(carl)
    assert await served.state() is AccountState.ACTIVE
    await she_reads_that_it_is_done(olga)

    await he_says_that_it_is_real(served, carl)
    assert await served.state() is AccountState.FROZEN
    await olga.page.reload()
    await olga.shows("The time for this page is over")
    await she_says_that_nothing_is_lost(served, olga)
    assert await served.state() is AccountState.FROZEN
    carl.was_at_peace(served.origin, refusals=3)
    olga.was_at_peace(served.origin, refusals=2)


async def she_sends_it(served: Served, olga: Tab) -> None:
    await olga.come_in(await served.page_link())
    await olga.shows("My trusted people")
    await olga.follow("Rehearse")
    await olga.shows("Rehearse")
    # Who is the only one is chosen already.
    await expect(olga.page.get_by_label("Carl")).to_be_checked()
    await olga.press("Send the rehearsal")
    await olga.shows("My trusted people")
    told = olga.page.get_by_role("status")
    words = "The rehearsal is on its way to %(name)s. Nothing will be stopped by it."
    await expect(told).to_have_text(olga.say(words, name="Carl"))
    await cast.move_clock(served.house, A_WHILE)


async def he_comes_in(served: Served, carl: Tab) -> None:
    await carl.page.goto(f"{served.origin}/drill")
    await carl.shows("TEST: rehearse blocking a wallet")
    await carl.press("Get a code for the rehearsal")
    await carl.is_told("Open the link again, or paste the key printed under it.")
    await nothing_is_stopped(carl, "TEST: rehearse blocking a wallet")
    token = await served.secret("drill-begun")
    await carl.open_link(f"{served.origin}/drill", token, "Get a code for the rehearsal")
    code = "TEST: type the code we sent"
    await carl.types_code("12", heading=code)
    await carl.is_told(
        "The code is %(digits)s digits, nothing else. Compare it with the message.", digits="6"
    )
    await nothing_is_stopped(carl, code)
    await carl.types_code(await served.code(), heading=code)


async def he_goes_all_the_way(carl: Tab) -> None:
    await nothing_is_stopped(carl, "TEST: whose phone is it?")
    await carl.page.get_by_role("button", name="Olga").click()
    await nothing_is_stopped(carl, "TEST: %(owner)s's phone, stolen or lost?", owner="Olga")
    await carl.press("Continue")
    await carl.is_told("Choose stolen or lost. If it is not clear, choose stolen.")
    await carl.choose("Stolen")
    await carl.page.locator("details.fold summary").click()
    await carl.fill("Anything that helps", NOTE)
    await nothing_is_stopped(carl, "TEST: %(owner)s's phone, stolen or lost?", owner="Olga")
    await carl.press("Continue")
    await nothing_is_stopped(carl, "TEST: block %(owner)s's wallet?", owner="Olga")
    await expect(carl.page.get_by_text(NOTE)).to_be_visible()
    await carl.press("Block %(owner)s's wallet (TEST)", owner="Olga")
    await nothing_is_stopped(carl, "TEST done, well done")
    reference = carl.page.locator("#reference")
    await expect(reference).to_have_text(re.compile("^TEST-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]$"))


async def nothing_is_stopped(carl: Tab, heading: str, **named: str) -> None:
    """Said first on the page, which offers the way out of the rehearsal."""
    first = carl.page.locator("main > *").first
    await expect(first).to_contain_text(carl.say("NOTHING IS STOPPED"))
    await expect(carl.page.get_by_role("button", name=carl.say("This is real"))).to_be_visible()
    await carl.shows(heading, **named)


async def she_reads_that_it_is_done(olga: Tab) -> None:
    await olga.follow("What happened")
    await olga.shows("What happened")
    await olga.reads("The rehearsal with %(name)s was finished", name="Carl")


async def he_says_that_it_is_real(served: Served, carl: Tab) -> None:
    """What he typed went along, and is his to correct."""
    await cast.move_clock(served.house, A_WHILE)
    await carl.press("This is real")
    await carl.types_code(await served.code())
    await carl.shows("%(owner)s's phone: stolen or lost?", owner="Olga")
    await expect(carl.page.locator("#stolen")).to_be_checked()
    await expect(carl.page.locator("#note")).to_have_value(NOTE)
    await carl.press("Continue")
    await carl.shows("Block %(owner)s's wallet?", owner="Olga")
    await carl.press("Block %(owner)s's wallet", owner="Olga")
    await carl.shows(re.compile("[0-2][0-9]:[0-5][0-9]$"))
    await expect(carl.page).to_have_url(f"{served.origin}/r/receipt")
    await expect(carl.page.locator("#reference")).not_to_contain_text("TEST")


async def she_says_that_nothing_is_lost(served: Served, olga: Tab) -> None:
    await olga.come_in(await served.dispute_link())
    await olga.shows("Is nothing lost?")
    await expect(olga.page.get_by_text("Carl")).to_have_count(0)
    await olga.fill("What happened?", "x" * 501)
    await olga.press("Nothing is lost")
    await olga.is_told("Please shorten it to 500 letters.")
    await olga.shows("Is nothing lost?")
    await expect(olga.page.get_by_label(olga.say("What happened?"))).to_have_value("x" * 501)
    await olga.fill("What happened?", "Lo tengo en la mano")
    await olga.press("Nothing is lost")
    await olga.shows("We have it")
