"""A rehearsal, and what the desk gained with it, in a real browser: by day and night, small and
wide, with the keyboard alone."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect
from sqlalchemy import update

from domain.events import Actor, ActorKind
from domain.recovery import GoodTime, Voice
from domain.safety import Wish
from domain.tickets import ReleaseReason
from service.operations import drills, safety, tickets
from service.storage.tables import agents, contacts
from tests import people as cast
from tests import proving
from tests.browser.tabs import LIGHTS, complaints_of
from tests.browser.test_console_looks import (
    TOO_WIDE,
    Served,
    arrives,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.desks import a_case, an_agent

__all__ = ["browser", "served"]

pytestmark = pytest.mark.anyio
SMALL: Final[ViewportSize] = {"width": 320, "height": 640}


async def fits(page: Page) -> None:
    """Nothing to complain about and nothing beyond the edge, at 320 px in either light."""
    await page.set_viewport_size(SMALL)
    for scheme, rules in LIGHTS:
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await complaints_of(page, rules) == [], (page.url, scheme)
    assert await page.evaluate(TOO_WIDE) == 0, page.url


async def presses(page: Page, words: str) -> None:
    """Reach the button by the keyboard alone, and press it."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        here = page.locator("button:focus")
        if await here.count() and words in await here.inner_text():
            await page.keyboard.press("Enter")
            return
    raise AssertionError(words)


@pytest.fixture
async def link(served: Served) -> str:
    """Olga rehearses with Carl: the address that he was sent."""
    account = await cast.olga(served.house, served.wallet)
    phone = await cast.a_session(served.house, served.wallet, "phone")
    pages = await cast.at_her_pages(served.house, served.wallet, phone)
    carl, _ = await cast.a_contact(served.house, served.wallet, pages, "Carl")
    await drills.start_drill(
        served.house,
        served.wallet,
        account.id,
        carl.id,
        by=Actor(ActorKind.OWNER, account.id),
        caller="olga",
        key="one",
    )
    await cast.move_clock(served.house, timedelta(minutes=5))
    token = await cast.told_secret(served.house, served.wallet, "drill-begun")
    return f"{served.wallet.origin}/drill#{token}"


async def test_a_rehearsal_by_keyboard_on_a_small_screen_until_it_turns_real(
    served: Served, browser: Browser, link: str
) -> None:
    page = await browser.new_page(locale="es-AR", viewport=SMALL)
    objections = objections_on(page)
    await page.goto(link)
    await expect(page.locator("#by-hand")).to_be_hidden()
    # A place on the page is not taken for another token.
    await page.get_by_role("link", name="¿Falta un celular de verdad?").click()
    await page.reload()
    await expect(page.locator("#by-hand")).to_be_hidden()
    await fits(page)
    await presses(page, "Recibir un código para el ensayo")
    await arrives(page, f"{served.wallet.origin}/drill/code")
    await fits(page)
    await page.fill("#code", await cast.told_secret(served.house, served.wallet, "code-asked"))
    await page.keyboard.press("Enter")
    await arrives(page, f"{served.wallet.origin}/drill/whose")
    await fits(page)
    await presses(page, "Olga")
    await arrives(page, f"{served.wallet.origin}/drill/what")
    await presses(page, "Continuar")
    await expect(page.locator("#problem")).to_be_focused()
    await fits(page)
    await page.locator("summary", has_text="Opcional").click()
    await page.fill("#note", "en el tren")
    await page.locator("#stolen").check()
    await presses(page, "Continuar")
    await arrives(page, f"{served.wallet.origin}/drill/check")
    await fits(page)
    await presses(page, "(TEST)")
    await arrives(page, f"{served.wallet.origin}/drill/receipt")
    await fits(page)

    await presses(page, "Esto es de verdad")

    await arrives(page, f"{served.wallet.origin}/r/code")
    await page.fill("#code", await cast.told_secret(served.house, served.wallet, "code-asked"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#note")).to_have_value("en el tren")
    assert objections == []


async def test_this_is_real_carries_what_stands_in_the_form_and_enter_does_not_press_it(
    served: Served, browser: Browser, link: str
) -> None:
    page = await browser.new_page(locale="pt-BR", viewport=SMALL, java_script_enabled=False)
    token = urlsplit(link).fragment
    await page.goto(link)
    await page.fill("#token", token)
    await page.keyboard.press("Enter")
    await arrives(page, f"{served.wallet.origin}/drill/code")
    await page.fill("#code", await cast.told_secret(served.house, served.wallet, "code-asked"))
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Olga").click()
    await page.locator("details.fold summary").click()
    await page.fill("#reach", "11 5555 0142")
    await page.keyboard.press("Enter")
    # Enter means going on, which the rehearsal refuses without an answer.
    await expect(page.locator("#problem")).to_be_visible()
    assert "/drill/what" in page.url

    await page.locator("#stolen").check()
    await page.get_by_role("button", name="Isto é de verdade").click()

    await arrives(page, f"{served.wallet.origin}/r/code")
    await page.fill("#code", await cast.told_secret(served.house, served.wallet, "code-asked"))
    await page.keyboard.press("Enter")
    await expect(page.locator("#stolen")).to_be_checked()
    await expect(page.locator("#reach")).to_have_value("+54 11 5555-0142")


async def test_removals_people_and_devices_at_the_desk_are_for_everyone(
    served: Served, browser: Browser
) -> None:
    house = served.house
    astrid = await an_agent(house, served.wallet, "astrid", level=2, language="es")
    arne = await an_agent(house, served.wallet, "arne", level=3, language="pt-BR")
    case = await a_case(house, served.wallet)
    now = await cast.now(house)
    async with house.engine.begin() as db:
        await db.execute(
            update(contacts)
            .where(contacts.c.id == case.cleo.id)
            .values(
                status="leaving",
                removal_began_at=now,
                removal_seconds=259200,
                leaves_at=now + timedelta(days=3),
            )
        )
    page = await browser.new_page(locale="es-AR")
    await sign_in(page, served, astrid)
    await page.goto(f"{served.console}{case.path}")
    await looks_right(page)
    who = await cast.an_agent(house, served.wallet, "helper", 2)
    await proving.proved(house, served.wallet, case.ticket_id, who)
    await page.reload()
    await page.get_by_role("button", name="Sigue").click()
    await expect(page.get_by_text("sigue: 3 d 0 h")).to_be_visible()
    await looks_right(page)
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=who)
    await page.context.clear_cookies()
    await sign_in(page, served, arne)
    await page.goto(f"{served.console}{case.path}/approval")
    await looks_right(page)
    await page.fill("#password", cast.PASSWORD)
    await page.fill("#code", await arne.new_code())
    await page.get_by_role("button", name="Aprovar").click()
    await looks_right(page)
    await page.get_by_role("button", name="Recuperado").click()
    await expect(page.get_by_role("button", name="Recuperado")).to_have_count(0)
    await looks_right(page)


async def test_the_page_of_an_owner_who_does_not_feel_safe_is_for_everyone(
    served: Served, browser: Browser
) -> None:
    house = served.house
    sofia = await an_agent(house, served.wallet, "sofia", level=1, language="es")
    async with house.engine.begin() as db:
        await db.execute(update(agents).values(trained_for_safety=True))
    await cast.olga(house, served.wallet)
    phone = await cast.a_session(house, served.wallet, "phone")
    pages = await cast.at_her_pages(house, served.wallet, phone)
    for name in ("Carl", "Cleo"):
        await cast.a_contact(house, served.wallet, pages, name)
        await cast.move_clock(house, timedelta(minutes=5))
    wish = Wish(
        voice=Voice.TEXT, good_time=GoodTime.EVENING, number="+54 11 5555-0142", words="x " * 200
    )
    await safety.ask(house, served.wallet, pages, wish, key="one")
    page = await browser.new_page(locale="es-AR")
    await sign_in(page, served, sofia)
    await looks_right(page)
    await page.locator(".views a", has_text="Seguridad").click()
    await looks_right(page)
    await page.locator("tbody a").click()
    await looks_right(page)
    await page.fill("#words", " ")
    await page.get_by_role("button", name="Anotar").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    await page.fill("#words", "Hablamos a las nueve.")
    await page.get_by_role("button", name="Anotar").click()
    await page.get_by_text("Quitar: Carl").click()
    await looks_right(page)
    await page.get_by_role("button", name="Quitar a Carl ahora").click()
    await expect(page.get_by_text("No se avisa a nadie")).to_be_visible()
    await page.get_by_role("button", name="Cerrar", exact=True).click()
    await expect(page.get_by_text("Cerrado. No se avisa a nadie.")).to_be_visible()
    await looks_right(page)
