"""A ticket's page while others act on it, in a real browser: it says so, and reloads nothing."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from msgspec.structs import replace
from playwright.async_api import Browser, Locator, Page, expect
from sqlalchemy import update

from service.operations import notes, safety
from service.storage.tables import agents
from tests import people as cast
from tests import proving
from tests.browser.test_console_looks import (
    DESK,
    PHONE,
    Served,
    arrives,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.desks import Case, a_case, a_safety_ticket, an_agent

__all__ = ["browser", "served"]

pytestmark = pytest.mark.anyio
# A page asks every fifteen seconds, and every three while it waits for a code; in milliseconds.
ALWAYS: Final = 15_500
AWAITED: Final = 3500
# Of the latter still less than one of the former.
TIMES: Final = 4
WORDS: Final = "Says that her sister has"
SAID: Final = {
    "en": ("Something happened here", "“Show” discards it", "Show"),
    "es": ("Algo ocurrió aquí", "«Mostrar» lo descarta", "Mostrar"),
    "pt-BR": ("Algo aconteceu aqui", "“Mostrar” descarta", "Mostrar"),
}
# Where pictures go for whoever wants to look: unset, none are taken.
PICTURES: Final = os.environ.get("PICTURES")


async def pictured(page: Page, name: str) -> None:
    if not PICTURES:
        return
    for width, height in (DESK, PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=Path(PICTURES) / f"{name}-{scheme}-{width}.png")
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


def line_of(page: Page) -> Locator:
    return page.locator("[data-happened]")


async def at_the_ticket(served: Served, browser: Browser, case: Case, language: str) -> Page:
    astrid = await an_agent(served.house, served.wallet, "astrid", level=2, language=language)
    page = await browser.new_page(locale=language)
    await sign_in(page, served, astrid)
    await page.goto(f"{served.console}{case.path}")
    return page


async def olga_enters_the_code(served: Served, browser: Browser, case: Case) -> None:
    context = await browser.new_context(locale="es-AR", java_script_enabled=False)
    phone = await context.new_page()
    typed = await proving.what_olga_types(served.house, case.wallet, case.ticket_id)
    await phone.goto(f"{served.wallet.origin}/prove")
    await phone.fill("#key", typed.key)
    await phone.fill("#code", typed.code)
    await phone.locator("main form button").click()
    await expect(phone).to_have_url(f"{served.wallet.origin}/prove/done")
    await context.close()


async def clock_stands_still(page: Page) -> None:
    """On every page from the next one on, until it is moved by hand or goes on."""
    await page.clock.install()
    await page.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))


async def is_said(page: Page, said: str, *, every: int) -> None:
    """Within so long by the page's own clock, however long it takes here."""
    for _ in range(TIMES):
        await page.clock.run_for(every)
        try:
            await expect(line_of(page)).to_contain_text(said, timeout=5000)
        except AssertionError:
            continue
        await page.clock.resume()
        return
    pytest.fail("the page did not say that there is more to show")


@pytest.mark.parametrize("language", SAID)
async def test_the_owners_code_is_seen_at_once_and_a_note_half_typed_stays(
    served: Served, browser: Browser, language: str
) -> None:
    said, discards, show = SAID[language]
    case = await a_case(served.house, served.wallet)
    page = await at_the_ticket(served, browser, case, language)
    objections = objections_on(page)
    await clock_stands_still(page)
    await page.locator(f"form[action='{case.path}/owner-code'] button").first.click()
    await expect(page.locator(".check-key")).to_be_visible()
    await page.fill("#note", WORDS)
    await expect(line_of(page)).to_be_empty()

    await olga_enters_the_code(served, browser, case)

    await is_said(page, said, every=AWAITED)
    await expect(line_of(page)).to_contain_text(discards)
    await expect(page.locator("#note")).to_have_value(WORDS)
    # In sight however far down she reads.
    await page.locator(".check-key").scroll_into_view_if_needed()
    await expect(line_of(page)).to_be_in_viewport(ratio=1)
    await looks_right(page)
    await pictured(page, f"more-{language}")
    await page.fill("#note", "")
    await expect(line_of(page).locator("[data-typed]")).to_be_hidden()
    await page.evaluate("scrollTo(0, 0)")
    await pictured(page, f"more-untyped-{language}")

    await line_of(page).get_by_role("link", name=show).click()

    await arrives(page, f"{served.console}{case.path}")
    await expect(page.locator(".proofs li")).to_have_count(1)
    await expect(line_of(page)).to_be_empty()
    assert objections == []


async def test_a_note_that_is_sent_instead_shows_it_too(served: Served, browser: Browser) -> None:
    case = await a_case(served.house, served.wallet)
    page = await at_the_ticket(served, browser, case, "en")
    arne = await cast.an_agent(served.house, served.wallet, "arne", 3)
    await clock_stands_still(page)
    await page.reload()
    await page.fill("#note", WORDS)
    await notes.add(served.house, case.ticket_id, "Called, no answer.", key=str(uuid4()), by=arne)
    await is_said(page, "Something happened here", every=ALWAYS)

    await page.locator("form", has=page.locator("#note")).get_by_role("button").click()

    await expect(page.get_by_text("Called, no answer.")).to_be_visible()
    await expect(page.get_by_text(WORDS)).to_be_visible()
    await expect(line_of(page)).to_be_empty()


async def test_a_safety_ticket_s_page_says_it_too(served: Served, browser: Browser) -> None:
    house = served.house
    case = await a_case(house, served.wallet)
    ticket_id = await a_safety_ticket(house, case)
    page = await at_the_ticket(served, browser, case, "en")
    sofia = await cast.an_agent(house, served.wallet, "sofia", 2)
    async with house.engine.begin() as db:
        await db.execute(update(agents).values(trained_for_safety=True))
    sofia = replace(sofia, agent=replace(sofia.agent, trained_for_safety=True))
    await clock_stands_still(page)
    await page.goto(f"{served.console}/console/safety/{ticket_id}")

    await safety.add_note(house, ticket_id, "Spoke with her.", by=sofia)

    await is_said(page, "Something happened here", every=ALWAYS)
    await looks_right(page)
    await pictured(page, "more-safety")
    await line_of(page).get_by_role("link", name="Show").click()
    await expect(page.get_by_text("Spoke with her.")).to_be_visible()
