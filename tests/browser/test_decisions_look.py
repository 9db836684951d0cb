"""The pages on which two people decide, in three languages, by day and night, on desk and phone."""

import pytest
from playwright.async_api import Browser, Page, expect

from domain.client_mistakes import MistakeReason
from service.operations import mistakes_undone
from service.operations.clients import Caller
from tests import deciding
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


async def in_again(page: Page, agent: Authenticator) -> None:
    """The fields before a decision that cannot be taken back."""
    await page.fill("#password", cast.PASSWORD)
    await page.fill("#code", await agent.new_code())


async def comes(page: Page, served: Served, agent: Authenticator) -> None:
    await page.context.clear_cookies()
    await sign_in(page, served, agent)


async def test_keeping_frozen_looks_right_from_the_form_to_the_review(
    served: Served, browser: Browser
) -> None:
    house = served.house
    astrid = await an_agent(house, served.wallet, "astrid", level=2, language="es")
    arne = await an_agent(house, served.wallet, "arne", level=3, language="pt-BR")
    sofia = await an_agent(house, served.wallet, "sofia", level=4)
    case = await a_case(house, served.wallet)
    page = await browser.new_page()
    objections = objections_on(page)
    await comes(page, served, astrid)
    await page.goto(f"{served.console}{case.path}")
    await page.locator("summary", has_text="Proponer que siga bloqueada").click()
    await page.select_option("#keep-reason", "signs-of-fraud")
    await page.locator("input[name=police_report]").check()
    await page.locator("details button", has_text="Proponer que siga bloqueada").click()
    await expect(page.get_by_text("Propuesto.")).to_be_visible()
    await looks_right(page)

    await comes(page, served, arne)
    await page.goto(f"{served.console}{case.path}/approval")
    await looks_right(page)
    await in_again(page, arne)
    await page.locator("button", has_text="Aprovar: continua bloqueada").click()
    await expect(page.get_by_text("O titular está sendo avisado")).to_be_visible()

    await comes(page, served, sofia)
    await page.goto(f"{served.console}{case.path}")
    await page.get_by_role("button", name="Back to work").click()
    await expect(page.get_by_text("Recorded.", exact=True)).to_be_visible()
    await looks_right(page)
    assert objections == []


@pytest.fixture
async def caller(served: Served) -> Caller:
    """A client that froze two accounts, and one more that Carl had reported."""
    house, wallet = served.house, served.wallet
    await a_case(house, wallet)
    caller = await deciding.a_caller(house, wallet)
    for name in ("otto", "ole", cast.OLGA):
        await deciding.frozen_by(house, wallet, caller, name)
    return caller


async def test_what_one_client_froze_is_looked_at_before_it_is_proposed(
    served: Served, browser: Browser, caller: Caller
) -> None:
    sofia = await an_agent(served.house, served.wallet, "sofia", level=4)
    window = await deciding.the_window(served.house, caller)
    page = await browser.new_page()
    objections = objections_on(page)
    await comes(page, served, sofia)
    await page.goto(f"{served.console}/console/reviews")
    await page.get_by_role("link", name="Undo freezes of one client").click()
    await page.select_option("#client", str(caller.client_id))
    await page.fill("#since", f"{window.since:%Y-%m-%dT%H:%M}")
    await page.fill("#until", f"{window.since:%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Look first").click()
    await expect(page.locator("#problem")).to_be_focused()
    await expect(page.get_by_text("The window has to begin before it ends")).to_be_visible()
    await page.fill("#until", f"{window.until + deciding.AN_HOUR:%Y-%m-%dT%H:%M}")
    await page.get_by_role("button", name="Look first").click()
    await expect(page.get_by_text("2 freezes would be undone")).to_be_visible()
    await looks_right(page)
    await page.select_option("#why", MistakeReason.KEY_STOLEN.value)
    await page.get_by_role("button", name="Propose to undo these").click()
    await expect(page.get_by_text("Waits for a second supervisor")).to_be_visible()
    assert objections == []


async def test_a_second_supervisor_sees_how_far_it_has_come(
    served: Served, browser: Browser, caller: Caller
) -> None:
    house = served.house
    await deciding.every_release_is_drawn(house, served.wallet)
    sofia = await cast.an_agent(house, served.wallet, "sofia", 4)
    bea = await an_agent(house, served.wallet, "bea", level=4, language="es")
    mistake_id = await deciding.mistake_proposed(house, caller, sofia)
    page = await browser.new_page()
    objections = objections_on(page)
    await comes(page, served, bea)
    await page.goto(f"{served.console}/console/client-mistakes/{mistake_id}")
    await looks_right(page)
    await in_again(page, bea)
    await page.get_by_role("button", name="Aprobar: deshacer").click()
    await expect(page.locator("progress")).to_be_visible()
    await mistakes_undone.carry_on(house)
    await page.reload()
    await expect(page.get_by_text("Devueltas: 2.")).to_be_visible()
    await page.goto(f"{served.console}/console/reviews")
    await looks_right(page)
    assert objections == []
