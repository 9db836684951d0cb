"""The supervisor's board, and a ticket that rings and waits, in a real browser."""

from datetime import timedelta
from typing import Final

import pytest
from playwright.async_api import Browser, expect

from domain.accounts import AddressKind
from service.operations import clocks, on_call
from service.operations.on_call import NewOnCall
from tests import desks
from tests import people as cast
from tests.browser.test_console_looks import (
    Served,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)

__all__ = ["browser", "served"]
pytestmark = pytest.mark.anyio
OMAR: Final = NewOnCall(
    wallet_id=None,
    name="Omar",
    kind=AddressKind.EMAIL,
    address="omar@guardia.example",
    language="es",
    time_zone="UTC",
    place=1,
)


async def test_board_and_waiting_ticket_look_right(served: Served, browser: Browser) -> None:
    house, wallet = served.house, served.wallet
    case = await desks.a_case(house, wallet)
    await desks.tickets_like(house, case, {"level": 2}, {"level": 3}, {})
    await on_call.add(house, OMAR)
    await cast.move_clock(house, timedelta(hours=2, minutes=40))
    await clocks.keep_clocks(house)
    sofia = await desks.an_agent(house, wallet, "sofia", level=4)
    page = await browser.new_page()
    objections = objections_on(page)
    await sign_in(page, served, sofia)

    await page.goto(f"{served.console}/console/board")
    await expect(page.locator("#stuck")).to_be_visible()
    await looks_right(page)
    await page.goto(f"{served.console}{case.path}")
    await page.locator("section.waiting summary").click()
    await looks_right(page)
    await page.select_option("#pause-reason", "carrier")
    await page.select_option("#pause-lasts", "120")
    await page.locator("form.pause button").click()
    await expect(page.locator("#waiting")).to_have_text("Waits for the phone company")
    await looks_right(page)

    assert objections == []
