"""An agent's passkey in a real browser, with an authenticator that the browser itself plays."""

from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests import people as cast
from tests.browser.test_console_looks import (
    Served,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.desks import Authenticator, a_case, an_agent

pytestmark = pytest.mark.anyio
__all__ = ["browser", "served"]
KEY: Final = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def with_authenticator(page: Page) -> tuple[Any, str]:
    """What the browser's tools are spoken to with, and which authenticator it is."""
    devtools: Any = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    made = await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})
    return devtools, made["authenticatorId"]


async def make_passkey(page: Page, served: Served, agent: Authenticator) -> None:
    await page.goto(f"{served.console}/console/me")
    await looks_right(page)
    await page.fill("#password", cast.PASSWORD)
    await page.fill("#code", await agent.new_code())
    await page.get_by_role("button", name="Sign in again").click()
    await expect(page.get_by_text("You signed in again.")).to_be_visible()
    await looks_right(page)
    await page.fill("#name", "laptop at work")
    await page.get_by_role("button", name="Make a passkey").click()
    await expect(page.get_by_text("The passkey was added.")).to_be_visible()
    await looks_right(page)


async def test_a_passkey_is_made_and_signs_in_and_proves_again(
    served: Served, browser: Browser
) -> None:
    astrid = await an_agent(served.house, served.wallet, "astrid", level=3)
    case = await a_case(served.house, served.wallet)
    page = await browser.new_page(locale="en-GB")
    objections = objections_on(page)
    devtools, authenticator = await with_authenticator(page)
    await sign_in(page, served, astrid)
    await make_passkey(page, served, astrid)

    # In: without a login, a password or a code, to where the link led.
    await page.get_by_role("button", name="Sign out").click()
    await page.goto(f"{served.console}{case.path}")
    await looks_right(page)
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page).to_have_url(f"{served.console}{case.path}")

    # Again: the five minutes after the first proof belonged to another session.
    await page.goto(f"{served.console}/console/me")
    await page.get_by_role("button", name="Use a passkey instead").click()
    await expect(page.get_by_text("You signed in again.")).to_be_visible()
    await page.get_by_role("button", name="Make ten new codes").click()
    await expect(page.locator(".codes li")).to_have_count(10)
    await looks_right(page)

    # An authenticator that does not know its user says so, and the form still takes a code.
    await page.get_by_role("button", name="Sign out").click()
    await devtools.send(
        "WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False}
    )
    await page.get_by_role("button", name="Sign in with a passkey").click()
    await expect(page.get_by_text("That did not work, or it was cancelled.")).to_be_visible()
    await looks_right(page)
    await sign_in(page, served, astrid)
    assert objections == []


async def test_without_script_nobody_is_offered_a_passkey(served: Served, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="en-GB")
    page = await context.new_page()

    await page.goto(f"{served.console}/console/sign-in")

    await expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    await page.get_by_text("I do not have my authenticator").click()
    await expect(page.get_by_label("One of your recovery codes")).to_be_visible()
