"""A safety ticket goes from one trained agent to the next, and is found once it is closed: by day
and night, on desk and phone."""

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import update

from service.storage.tables import agents
from tests.browser.test_console_looks import (
    Served,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.desks import a_case, a_safety_ticket, an_agent

pytestmark = pytest.mark.anyio
__all__ = ["browser", "served"]


async def test_it_is_handed_over_closed_and_found_again(served: Served, browser: Browser) -> None:
    house = served.house
    sofia = await an_agent(house, served.wallet, "sofia", level=1, language="es")
    bea = await an_agent(house, served.wallet, "bea", level=1, language="pt-BR")
    async with house.engine.begin() as db:
        await db.execute(update(agents).values(trained_for_safety=True))
    ticket_id = await a_safety_ticket(house, await a_case(house, served.wallet))
    page, other = await browser.new_page(), await (await browser.new_context()).new_page()
    objections = [objections_on(page), objections_on(other)]
    await sign_in(other, served, bea)
    await sign_in(page, served, sofia)
    path = f"{served.console}/console/safety/{ticket_id}"
    await page.goto(path)
    await expect(page.get_by_text("Nadie tiene este ticket")).to_be_visible()
    await page.locator("summary", has_text="Pasar a otra persona").click()
    await looks_right(page)
    await page.get_by_label("A quién").select_option(label="Bea, de turno")
    await page.get_by_label("Lo que debe saber").fill("Prefiere que la llamen después de las seis.")
    await page.get_by_role("button", name="Pasar a otra persona").click()
    await expect(page.get_by_role("status").filter(has_text="Bea")).to_be_visible()
    await looks_right(page)

    await other.goto(path)
    await expect(other.get_by_text("después de las seis")).to_be_visible()
    await other.locator("#closing ~ form button").click()
    await other.goto(f"{served.console}/console?view=closed")
    await expect(other.locator(f'a[href="/console/safety/{ticket_id}"]')).to_be_visible()
    await looks_right(other)
    assert objections == [[], []]
