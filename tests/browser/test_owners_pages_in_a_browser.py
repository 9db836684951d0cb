"""The owner's pages lived in a real browser: with scripts in Spanish, and without any in
Portuguese."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from domain.contacts import ContactStatus
from domain.ids import ContactId
from tests import people as cast
from tests.browser.street import Served, served, street
from tests.browser.tabs import LIVED, Tab, a_tab, browser

__all__ = ["browser", "served", "street"]

pytestmark = pytest.mark.anyio
LIST = "My trusted people"


@LIVED
async def test_invited_again_removed_kept_disowned_left(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    carl = await somebody_accepted_yesterday(served)
    olga = await a_tab(browser, has_scripts=has_scripts, language=language)
    await she_comes_in(served, olga)

    await she_invites_by_phone(olga)
    await she_removes_and_keeps(olga)
    await somebody_removes_and_she_says_so(olga)
    assert (await served.contact(carl)).status is ContactStatus.ACTIVE
    olga.was_at_peace(served.origin, refusals=2)
    await she_asks_for_help_and_is_gone(served, olga)


@LIVED
async def test_who_accepted_by_mistake_is_taken_back_at_once(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    carl, _ = await served.a_contact()
    olga = await a_tab(browser, has_scripts=has_scripts, language=language)
    await she_comes_in(served, olga)

    await olga.follow("Take back", of="Carl")
    await olga.shows("Take %(name)s off your list?", name="Carl")
    await olga.press("Take %(name)s off the list", name="Carl")
    await olga.shows(LIST)
    told = olga.say("Done: %(name)s is no longer on your list.", name="Carl")
    await expect(olga.page.get_by_role("status")).to_have_text(told)
    assert (await served.contact(carl)).status is ContactStatus.TAKEN_BACK
    olga.was_at_peace(served.origin)


async def somebody_accepted_yesterday(served: Served) -> ContactId:
    contact_id, _ = await served.a_contact()
    await cast.move_clock(served.house, timedelta(hours=24))
    return contact_id


async def she_comes_in(served: Served, olga: Tab) -> None:
    await olga.come_in(await served.page_link())
    await olga.shows(LIST)


async def she_invites_by_phone(olga: Tab) -> None:
    await olga.follow("Invite someone")
    await olga.shows("Whom do you trust?")
    await olga.choose("Mobile phone")
    await olga.page.get_by_label(olga.say("Country"), exact=True).select_option("UY")
    # The example follows the country where a script can run.
    example = "094 231 234" if olga.has_scripts else "011 15-2345-6789"
    shown = olga.say("For example %(example)s", example=example)
    await expect(olga.page.locator("#phone-hint")).to_have_text(shown)
    await olga.fill("Number", "12")
    await olga.press("Send the invitation")
    await olga.is_told("Write a name.")
    await olga.is_told("Check the country and the number of the mobile phone.")
    await olga.shows("Whom do you trust?")
    await olga.fill("Name", "Dora")
    await olga.fill("Number", "094 231 234")
    await olga.press("Send the invitation")
    await olga.shows(LIST)
    await olga.follow("Send again", of="Dora")
    await olga.shows("Send the invitation to %(name)s again?", name="Dora")
    await olga.press("Send again")
    await expect(olga.page.get_by_role("alert")).to_be_focused()
    await olga.shows("Send the invitation to %(name)s again?", name="Dora")
    await olga.follow("Back")


async def she_removes_and_keeps(olga: Tab) -> None:
    await she_begins_to_remove(olga)
    await expect(olga.page.get_by_role("status")).to_be_focused()
    await olga.press("Keep %(name)s", name="Carl")
    await olga.shows(LIST)
    told = olga.say("Done: %(name)s stays on your list.", name="Carl")
    await expect(olga.page.get_by_role("status")).to_have_text(told)


async def somebody_removes_and_she_says_so(olga: Tab) -> None:
    await she_begins_to_remove(olga)
    await olga.follow("What happened")
    await olga.shows("What happened")
    begun = olga.say("The removal of %(name)s was begun", name="Carl")
    words = re.compile(f"{olga.say('This was not me')} ?: {begun}")
    # The first was taken back by herself, and there is nothing to undo.
    await olga.page.get_by_role("button", name=words).click()
    await olga.shows("It is undone")
    await olga.follow("Back to the list")


async def she_begins_to_remove(olga: Tab) -> None:
    await olga.follow("Remove", of="Carl")
    await olga.shows("Remove %(name)s?", name="Carl")
    await olga.press("Begin to remove %(name)s", name="Carl")
    await olga.shows(LIST)


async def she_asks_for_help_and_is_gone(served: Served, olga: Tab) -> None:
    await olga.follow("Who counts on me")
    await olga.shows("Who counts on me")
    await olga.follow("Back")
    await olga.follow("I do not feel safe with someone here")
    await olga.shows("I do not feel safe with someone here")
    await olga.choose("In the morning")
    await olga.press("Ask for help")
    await olga.shows("We have it")

    async def somewhere_else(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>Elsewhere</title>")

    # What lies outside the building.
    await olga.page.route("https://www.wikipedia.org/**", somewhere_else)
    await olga.follow("Leave this page now")
    await expect(olga.page).to_have_title("Elsewhere")
    await olga.page.go_back()
    if olga.has_scripts:
        # The page itself is not on the way back; the form before it asks who it is.
        await expect(olga.page).not_to_have_url(f"{served.origin}/owner/help/done")
    await olga.shows("The time for this page is over")
