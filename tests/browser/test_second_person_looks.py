"""The pages on which a second person confirms: by day and night, on desk and phone, by a passkey,
and without script."""

import pytest
from playwright.async_api import Browser, expect

from domain.contacts import ContactStatus
from domain.reports import Outcome
from tests import people as cast
from tests.browser.test_console_looks import (
    Served,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.browser.test_decisions_look import in_again
from tests.browser.test_passkeys_in_a_browser import make_passkey, with_authenticator
from tests.desks import a_case, an_agent
from tests.judging import Judged, an_earlier_one, called_false, taking_back

pytestmark = pytest.mark.anyio
__all__ = ["browser", "served"]


async def judged_at(served: Served) -> Judged:
    """One false report counts already; a long note came with this one."""
    house, wallet = served.house, served.wallet
    case = await a_case(house, wallet, note="x" * 400)
    judged = await called_false(house, case, await cast.an_agent(house, wallet, "petra", 2))
    await an_earlier_one(judged)
    return judged


async def test_confirming_that_a_report_is_false_looks_right(
    served: Served, browser: Browser
) -> None:
    judged = await judged_at(served)
    arne = await an_agent(served.house, served.wallet, "arne", level=3, language="es")
    page = await browser.new_page()
    objections = objections_on(page)
    await sign_in(page, served, arne)
    await page.goto(f"{served.console}{judged.case.path}")
    await page.get_by_role("link", name="Leer y decidir").click()
    await expect(page.locator("h1")).to_have_text(f"Aviso {judged.case.reference}: ¿es falso?")
    await looks_right(page)

    await page.fill("#password", cast.PASSWORD)
    await page.fill("#code", "0")
    await page.get_by_role("button", name="Confirmar: falso").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    assert await judged.outcome() is None

    await in_again(page, arne)
    await page.get_by_role("button", name="Confirmar: falso").click()
    await expect(page.get_by_text("Registrado.", exact=True)).to_be_visible()
    assert await judged.outcome() is Outcome.FALSE
    assert objections == []


async def test_taking_somebody_back_looks_right_and_a_passkey_confirms_it(
    served: Served, browser: Browser
) -> None:
    judged = await judged_at(served)
    path = await taking_back(judged, await cast.an_agent(served.house, served.wallet, "paul", 2))
    arne = await an_agent(served.house, served.wallet, "arne", level=3)
    page = await browser.new_page(locale="en-GB")
    objections = objections_on(page)
    await with_authenticator(page)
    await sign_in(page, served, arne)
    await make_passkey(page, served, arne)

    await page.goto(f"{served.console}{judged.case.path}")
    await looks_right(page)
    await page.get_by_role("link", name="Read and decide").click()
    await expect(page).to_have_url(f"{served.console}{path}/approval")
    await looks_right(page)
    await page.get_by_role("button", name="Use a passkey instead").click()

    await expect(page.get_by_text("Recorded.", exact=True)).to_be_visible()
    assert await judged.carl() is ContactStatus.ACTIVE
    assert objections == []


async def test_without_script_both_are_confirmed(served: Served, browser: Browser) -> None:
    judged = await judged_at(served)
    arne = await an_agent(served.house, served.wallet, "arne", level=3, language="pt-BR")
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await sign_in(page, served, arne)

    await page.goto(f"{served.console}{judged.verdict}/approval")
    await in_again(page, arne)
    await page.get_by_role("button", name="Confirmar: falso").click()
    await expect(page.get_by_text("Registrado.", exact=True)).to_be_visible()
    assert await judged.carl() is ContactStatus.SUSPENDED

    path = await taking_back(judged, await cast.an_agent(served.house, served.wallet, "paul", 2))
    await page.goto(f"{served.console}{path}/approval")
    await in_again(page, arne)
    await page.get_by_role("button", name="Confirmar: readmitir").click()
    await expect(page.get_by_text("Registrado.", exact=True)).to_be_visible()
    assert await judged.carl() is ContactStatus.ACTIVE
