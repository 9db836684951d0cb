"""A contact's own space lived in a real browser: with scripts in Spanish, and without any in
Portuguese."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from domain.contacts import ContactStatus
from service.security import message_links
from service.security.message_links import Says
from service.security.totp import code_at
from tests import people as cast
from tests.browser.street import A_WHILE, Served, served, street
from tests.browser.tabs import LIVED, Tab, a_tab, browser

__all__ = ["browser", "served", "street"]

pytestmark = pytest.mark.anyio
FIRST, SECOND = "carl@correo.example", "carl.dos@otro.example"
HOME = "Who trusts me"
USED = (
    "This is not the code that the app shows now. Each code of the app works once: "
    "wait for the next one."
)


@LIVED
async def test_his_own_word_a_second_address_an_app_and_a_card(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    _, key = await served.a_contact()
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)

    await he_comes_in(served, carl, key)
    await he_calls_her_mum(carl)
    await he_adds_an_address(served, carl)
    secret = await he_sets_an_app_up(served, carl)
    new = await he_makes_a_card(carl)
    await the_old_link_is_over(served, carl, key)
    await the_apps_code_works_once(served, carl, new, secret)
    carl.was_at_peace(served.origin, refusals=6)


@LIVED
async def test_his_own_phone_is_gone_too_and_he_leaves(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    contact_id, key = await served.a_contact()
    thief = await a_tab(browser, has_scripts=has_scripts, language=language)
    await he_comes_in(served, thief, key)
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)
    await he_comes_in_by_address(served, carl)

    await carl.follow("My phone is gone, too")
    await carl.shows("Is your own phone gone?")
    await carl.press("Stop my links")
    await carl.shows("Your links are stopped")
    await thief.page.reload()
    await thief.shows("The time for this page is over")
    await carl.press("Make new links")
    await carl.shows("Your new links")
    link = await carl.page.locator(".link-text").inner_text()
    assert link.startswith(f"{served.origin}/r#")
    assert key not in link

    await carl.follow("Back")
    await carl.follow("Stop being their trusted person", of="Olga")
    await carl.shows("Stop being %(owner)s's trusted person?", owner="Olga")
    await carl.press("Stop now")
    await carl.shows(HOME)
    await carl.reads("Nobody has you as a trusted person under this address.")
    assert (await served.contact(contact_id)).status is ContactStatus.LEFT
    carl.was_at_peace(served.origin)
    thief.was_at_peace(served.origin, refusals=1)


@LIVED
async def test_he_takes_his_data_along_has_it_erased_and_is_never_written_to_again(
    served: Served, browser: Browser, has_scripts: bool, language: str, tmp_path: Path
) -> None:
    contact_id, key = await served.a_contact()
    carl = await a_tab(browser, has_scripts=has_scripts, language=language)
    await he_comes_in(served, carl, key)

    await carl.follow("See what is stored about me")
    await carl.shows("What is stored about you")
    await expect(carl.page.get_by_text(FIRST)).to_be_visible()
    async with carl.page.expect_download() as started:
        await carl.follow("Take it along as a file")
    file = tmp_path / "stored.json"
    await (await started.value).save_as(file)
    assert json.loads(file.read_text("utf-8"))["addresses"][0]["address"] == FIRST

    await carl.follow("Back")
    await carl.follow("Stop being anybody's trusted person")
    await carl.shows("Stop being anybody's trusted person?")
    await carl.follow("Leave it as it is")
    await carl.follow("Erase everything about me")
    await carl.shows("Erase everything about you?")
    await carl.press("Erase everything")
    await carl.shows("Your data will be erased")
    await carl.follow("Back")
    await carl.shows(HOME)
    await carl.follow("Never write to me again")
    await carl.shows("Never write to you again?")
    await carl.press("Never write to me again")
    await carl.shows("We will not write to you again")
    assert (await served.contact(contact_id)).status is ContactStatus.LEFT
    carl.was_at_peace(served.origin)


@LIVED
async def test_a_stranger_who_got_the_message_says_so(
    served: Served, browser: Browser, has_scripts: bool, language: str
) -> None:
    contact_id, _ = await served.a_contact()
    token = message_links.sign(served.house.keys, served.wallet.id, Says.NOT_ME, contact_id)
    mallory = await a_tab(browser, has_scripts=has_scripts, language=language)

    await mallory.page.goto(f"{served.origin}/not-me")
    await mallory.shows("Was this message not for you?")
    await mallory.press("I am not this person")
    await mallory.is_told("Open the link again, or paste the key printed under it.")
    await mallory.shows("Was this message not for you?")
    await mallory.open_link(f"{served.origin}/not-me", token, "I am not this person")
    await mallory.shows("Thank you")
    assert (await served.contact(contact_id)).status is ContactStatus.LEFT
    mallory.was_at_peace(served.origin, refusals=1)


async def he_comes_in(served: Served, carl: Tab, key: str) -> None:
    await carl.page.goto(f"{served.origin}/contact")
    await carl.shows("Your own page")
    await carl.open_link(f"{served.origin}/contact", key, "Get a code")
    await carl.types_code(await served.code())
    await carl.shows(HOME)


async def he_comes_in_by_address(served: Served, carl: Tab) -> None:
    await cast.move_clock(served.house, A_WHILE)
    await carl.page.goto(f"{served.origin}/contact")
    await carl.follow("I have no link: use my e-mail or number")
    await carl.shows("What is your own e-mail or phone number?")
    await carl.fill("Your e-mail or mobile number", FIRST)
    await carl.press("Get a code")
    await carl.types_code(await served.code(), digits=8)
    await carl.shows(HOME)


async def he_calls_her_mum(carl: Tab) -> None:
    await carl.follow("Call them something else", of="Olga")
    await carl.shows("What do you call %(owner)s?", owner="Olga")
    await carl.fill("Your own word for them", "<b>")
    await carl.press("Save")
    await carl.is_told("Use letters, spaces, hyphens and apostrophes, at most 40.")
    await carl.shows("What do you call %(owner)s?", owner="Olga")
    await carl.fill("Your own word for them", "Mamá")
    await carl.press("Save")
    await carl.shows(HOME)
    await expect(carl.page.get_by_text("Mamá")).to_be_visible()


async def he_adds_an_address(served: Served, carl: Tab) -> None:
    await carl.follow("A second address")
    await carl.shows("A second address")
    await carl.fill("Another e-mail or mobile number of yours", FIRST)
    await carl.press("Get a code")
    await carl.is_told("You have this address here already. Write another one.")
    await carl.shows("A second address")
    await carl.fill("Another e-mail or mobile number of yours", SECOND)
    await carl.press("Get a code")
    await carl.types_code(await served.code(), "Add this address")
    await carl.shows("A second address")
    await expect(carl.page.get_by_role("heading", name="c•••@o•••.example")).to_be_visible()
    await carl.follow("Back")


async def he_sets_an_app_up(served: Served, carl: Tab) -> str:
    """What his app keeps: the key as it stands under the QR code."""
    await carl.follow("An authenticator app")
    await carl.shows("An authenticator app")
    await carl.press("Set up an app")
    await expect(carl.page.locator(".qr svg")).to_be_visible()
    await carl.shows("An authenticator app")
    await carl.fill("The 6 digits that the app shows now", "12")
    await carl.press("Finish")
    await carl.is_told("This is not the code that the app shows now. Is the phone's clock right?")
    await carl.shows("An authenticator app")
    secret = (await carl.page.locator(".key-text").inner_text()).replace(" ", "")
    now = await cast.now(served.house)
    await carl.fill("The 6 digits that the app shows now", code_at(secret, now))
    await carl.press("Finish")
    await carl.reads("Your app is set up")
    await carl.shows("An authenticator app")
    await carl.follow("Back")
    return secret


async def he_makes_a_card(carl: Tab) -> str:
    """The key on it, which is his new one."""
    await carl.follow("Card to print", of="Olga")
    await carl.shows("A card for %(owner)s", owner="Olga")
    await carl.press("Make the card")
    await carl.shows("Print this card now")
    await expect(carl.page.locator(".qr svg")).to_be_visible()
    # Printing takes a script; without, the browser's own menu does it.
    printing = carl.page.get_by_role("button", name=carl.say("Print or save"))
    assert await printing.count() == int(carl.has_scripts)
    await carl.page.emulate_media(media="print")
    await expect(carl.page.locator(".key-text")).to_be_visible()
    await carl.page.emulate_media(media="screen")
    key = await carl.page.locator(".key-text").inner_text()
    await carl.follow("I have it on paper")
    await carl.shows(HOME)
    return key


async def the_old_link_is_over(served: Served, carl: Tab, key: str) -> None:
    await carl.open_link(f"{served.origin}/r", key, "Get a code")
    await carl.is_told(
        "This key does not work. Check that all of it was copied, with nothing before or after it."
    )


async def the_apps_code_works_once(served: Served, carl: Tab, key: str, secret: str) -> None:
    """Neither the one that set the app up nor one that was used reports."""
    used = code_at(secret, await cast.now(served.house))
    await cast.move_clock(served.house, A_WHILE)
    await he_types_the_apps_code(served, carl, key, used)
    await carl.is_told(USED)
    await carl.shows("Type the code we sent")
    # Read from the app now: looking at a page can take longer than a code lasts.
    code = code_at(secret, await cast.now(served.house))
    await he_types_the_apps_code(served, carl, key, code)
    await carl.shows("%(owner)s's phone: stolen or lost?", owner="Mamá")
    await he_types_the_apps_code(served, carl, key, code)
    await carl.is_told(USED)


async def he_types_the_apps_code(served: Served, carl: Tab, key: str, code: str) -> None:
    await carl.open_link(f"{served.origin}/r", key, "Get a code")
    await carl.page.get_by_text(carl.say("Code from your authenticator app")).click()
    await carl.fill("The 6 digits that the app shows now", code)
    await carl.press("Use this code")
