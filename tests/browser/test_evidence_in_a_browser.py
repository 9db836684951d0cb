"""Who it is, in a real browser: from a case served to a proposal, and the owner's own page."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct
from playwright.async_api import Browser, Locator, Page, expect

from tests import people as cast
from tests import proving
from tests.browser.test_console_looks import Served, browser, looks_right, served, sign_in
from tests.desks import Case, a_case, an_agent

__all__ = ["browser", "served"]

pytestmark = pytest.mark.anyio
# Beyond the proofs themselves.
MOST: Final = 6
# Where pictures go for whoever wants to look: unset, none are taken.
PICTURES: Final = os.environ.get("PICTURES_OF_EVIDENCE")


class Hands(Struct):
    """Counts what an agent does with them."""

    acts: int = 0

    async def press(self, what: Locator) -> None:
        self.acts += 1
        await what.click()

    async def choose(self, what: Locator, value: str) -> None:
        self.acts += 1
        await what.select_option(value)


async def pictured(page: Page, name: str) -> None:
    if PICTURES:
        for width, height in ((1280, 900), (390, 844)):
            await page.set_viewport_size({"width": width, "height": height})
            path = Path(PICTURES) / f"{name}-{width}.png"
            await page.screenshot(path=path, full_page=True)


async def olga_proves(served: Served, browser: Browser, case: Case, key: str) -> None:
    """On a borrowed phone, without scripts, while she speaks with Astrid."""
    context = await browser.new_context(locale="es-AR", java_script_enabled=False)
    phone = await context.new_page()
    await phone.goto(f"{served.wallet.origin}/prove")
    await pictured(phone, "prove")
    await phone.fill("#key", key)
    await phone.fill("#code", "0")
    await phone.locator("main form button").click()
    await expect(phone.locator("#problem")).to_contain_text("8 dígitos")
    code = (await proving.what_olga_types(served.house, case.wallet, case.ticket_id)).code
    await phone.fill("#code", code)
    await phone.locator("main form button").click()
    await expect(phone).to_have_url(f"{served.wallet.origin}/prove/done")
    await pictured(phone, "proved")
    await context.close()


async def test_from_a_case_to_its_proposal_in_six_acts_beyond_the_proofs(
    served: Served, browser: Browser
) -> None:
    case = await a_case(served.house, served.wallet)
    astrid = await an_agent(served.house, served.wallet, "astrid", level=2, language="es")
    page, hands = await browser.new_page(locale="es-AR"), Hands()
    await sign_in(page, served, astrid)
    # Served by "Next", which is one.
    hands.acts += 1
    await page.goto(f"{served.console}{case.path}")
    await looks_right(page)
    await hands.press(page.get_by_role("button", name="Contacté al titular"))
    await pictured(page, "before")

    # The proofs themselves.
    await page.get_by_role("button", name="Enviar un código").click()
    await looks_right(page)
    await pictured(page, "code")
    await olga_proves(served, browser, case, await page.locator(".check-key").inner_text())
    await proving.reproved(served.house, case.wallet, case.ticket_id)
    await page.reload()

    await looks_right(page)
    await pictured(page, "proved-ticket")
    await hands.press(page.get_by_role("button", name="Revisé todo esto"))
    await expect(page.get_by_text("La lista de control quedó registrada.")).to_be_visible()
    await hands.choose(page.locator("#reason"), "owner-safe")
    await hands.press(page.get_by_role("button", name="Proponer liberación"))
    await expect(page.get_by_text("Ahora tiene que decidir otra persona")).to_be_visible()
    await looks_right(page)
    await pictured(page, "proposed")
    assert hands.acts <= MOST


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_the_owners_page_is_for_everyone(
    served: Served, browser: Browser, language: str
) -> None:
    page = await browser.new_page(locale=language)
    await page.goto(f"{served.wallet.origin}/prove")
    await looks_right(page)
    await page.fill("#key", "K7Q")
    await page.locator("main form button").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)


async def test_a_line_is_recorded_by_keyboard_and_keeps_what_was_typed(
    served: Served, browser: Browser
) -> None:
    case = await a_case(served.house, served.wallet)
    astrid = await an_agent(served.house, served.wallet, "astrid", level=1)
    page = await browser.new_page(locale="en-US")
    await sign_in(page, served, astrid)
    await page.goto(f"{served.console}{case.path}")
    await page.get_by_text("Record a replaced line").focus()
    await page.keyboard.press("Enter")
    now = await cast.now(served.house)
    await page.fill("#replaced_at", now.strftime("%Y-%m-%dT%H:%M"))
    await page.fill("#source", "Claro 4711")
    await page.keyboard.press("Enter")

    await expect(page.locator("#problem")).to_contain_text("a day after the carrier replaced it")
    await expect(page.locator("#source")).to_have_value("Claro 4711")
    await looks_right(page)


# Why, and that another code of the same card would prove no more.
YOUNG_CARD: Final = {
    "en": (
        "does not count: the card was made too short a time before the loss",
        "and this card is not",
    ),
    "es": (
        "no cuenta: la tarjeta se hizo muy poco tiempo antes de la pérdida",
        "y esta tarjeta no lo está",
    ),
    "pt-BR": (
        "não conta: o cartão foi feito pouco tempo antes da perda",
        "e este cartão não está",
    ),
}


@pytest.mark.parametrize("language", YOUNG_CARD)
async def test_why_a_young_card_proves_nothing_stands_beside_it(
    served: Served, browser: Browser, language: str
) -> None:
    house = served.house
    reason, advice = YOUNG_CARD[language]
    case = await a_case(house, served.wallet)
    await proving.card_used(
        house, case.wallet, case.ticket_id, made_before=timedelta(days=7) - timedelta(minutes=1)
    )
    astrid = await an_agent(house, served.wallet, "astrid", level=2, language=language)
    page = await browser.new_page()
    await sign_in(page, served, astrid)
    await page.goto(f"{served.console}{case.path}")
    await expect(page.locator(".proofs li", has_text=reason)).to_have_count(1)
    await expect(page.locator(".next")).to_contain_text(advice)
    await pictured(page, f"young-card-{language}")
    await looks_right(page)
