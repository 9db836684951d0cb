"""The supervisor's board, and a ticket that rings and waits, in a real browser."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import Browser, Page, expect

from domain.accounts import AddressKind
from service.operations import browsers, clocks, handing_over, on_call
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


async def _pictured(page: Page, name: str) -> None:
    """For whoever wants to look: PICTURES names the folder."""
    folder = os.environ.get("PICTURES")
    if not folder:
        return
    shots: tuple[tuple[int, Literal["light", "dark"]], ...] = (
        *((1024, "light"), (390, "light")),
        (390, "dark"),
    )
    for width, scheme in shots:
        await page.set_viewport_size({"width": width, "height": 844})
        await page.emulate_media(color_scheme=scheme)
        path = Path(folder) / f"{name}-{width}-{scheme}.png"
        await page.screenshot(path=path, full_page=True)
    await page.set_viewport_size({"width": 1024, "height": 768})


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


async def test_a_supervisor_gives_tickets_on_from_a_phone_by_keyboard_and_without_script(
    served: Served, browser: Browser
) -> None:
    house, wallet = served.house, served.wallet
    case = await desks.a_case(house, wallet)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    await handing_over.take(house, case.ticket_id, by=astrid, seen=1)
    held = {"assigned_to": astrid.agent.id}
    await desks.tickets_like(house, case, held, held | {"level": 2}, {"level": 3})
    await browsers.end(house, astrid.session)
    await cast.an_agent(house, wallet, "arne", 3)
    sofia = await desks.an_agent(house, wallet, "sofia", level=4, language="es")
    context = await browser.new_context(
        java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = await context.new_page()
    await sign_in(page, served, sofia)
    await page.goto(f"{served.console}/console/board")

    row = page.locator("#stuck ~ ul li").filter(has_text=case.reference)
    await row.locator("summary").focus()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(row.locator("select")).to_be_focused()
    # Only he begins so: on a busy machine the letters of a word may come too far apart to be one.
    await page.keyboard.type("A")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Astrid se fue")
    await page.keyboard.press("Enter")

    await expect(page.locator(".note.good")).to_contain_text("lo tiene Arne")
    await expect(page.locator("#problem")).to_have_count(0)
    await context.close()


async def test_forms_and_answers_of_the_board_look_right(served: Served, browser: Browser) -> None:
    house, wallet = served.house, served.wallet
    case = await desks.a_case(house, wallet)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    await handing_over.take(house, case.ticket_id, by=astrid, seen=1)
    held = {"assigned_to": astrid.agent.id}
    await desks.tickets_like(house, case, held, held | {"level": 2}, {"level": 3})
    await browsers.end(house, astrid.session)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    sofia = await desks.an_agent(house, wallet, "sofia", level=4)
    page = await browser.new_page()
    objections = objections_on(page)
    await sign_in(page, served, sofia)
    await page.goto(f"{served.console}/console/board")
    row = page.locator("#stuck ~ ul li").filter(has_text=case.reference)
    await row.locator("summary").click()
    theirs = page.locator("#agents ~ ul li").filter(has_text="Astrid")
    await theirs.locator("summary").click()
    await looks_right(page)
    await _pictured(page, "board-forms")

    # Somebody is faster, on one of them.
    await handing_over.take(house, case.ticket_id, by=arne, seen=2)
    await row.locator("select").select_option("queue")
    await row.locator("input[name=reason]").fill(
        "Astrid went home, nobody can say when she is back"
    )
    await row.locator("button").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    await _pictured(page, "board-slower")
    await page.goto(f"{served.console}/console/board")
    await theirs.locator("summary").click()
    await theirs.locator("select").select_option(index=1)
    await theirs.locator("input[name=reason]").fill("Astrid went home")
    await theirs.locator("button").click()
    await expect(page.locator(".note.good")).to_be_visible()
    await looks_right(page)

    assert objections == []
