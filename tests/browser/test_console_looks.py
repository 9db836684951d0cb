"""The console in a real browser: readable for everyone, by day and night, on desk and phone."""

from collections.abc import AsyncGenerator
from typing import Final

import pytest
from msgspec import Struct
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect

from domain.wallets import Wallet
from service.operations import owner_codes
from service.operations.house import House
from service.operations.owner_codes import Entered
from service.settings import Settings
from tests import people as cast
from tests import proving
from tests.browser.tabs import LIGHTS, browser, complaints_of
from tests.desks import Authenticator, Case, a_case, an_agent
from tests.ports import free_port
from tests.served import environment_of, serving

__all__ = ["browser"]

pytestmark = pytest.mark.anyio

TOO_WIDE: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DESK, PHONE = (1024, 768), (360, 740)


class Served(Struct, frozen=True):
    """The service on a port of its own."""

    house: House
    wallet: Wallet
    console: str


@pytest.fixture
async def served(house: House, settings: Settings) -> AsyncGenerator[Served]:
    port = free_port()
    origin, console = f"http://localhost:{port}", f"http://console.localhost:{port}"
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=origin))
    with serving(environment_of(settings, port)):
        yield Served(house, wallet, console)


async def sign_in(page: Page, served: Served, agent: Authenticator) -> None:
    await page.goto(f"{served.console}/console/sign-in")
    await page.fill("#login", agent.login)
    await page.fill("#password", cast.PASSWORD)
    await page.fill("#code", await agent.new_code())
    await page.locator("main form button.primary").first.click()
    await arrives(page, f"{served.console}/console")


async def arrives(page: Page, url: str) -> None:
    """There, and the page's scripts listen: the address changes earlier, and a key pressed in
    between is lost."""
    await expect(page).to_have_url(url, timeout=20_000)
    await page.wait_for_load_state()


async def looks_right(page: Page) -> None:
    """Nothing to complain about, and nothing beyond the edge, in either light on either screen."""
    for width, height in (DESK, PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme, rules in LIGHTS:
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert await complaints_of(page, rules) == [], (page.url, width, scheme)
        assert await page.evaluate(TOO_WIDE) == 0, (page.url, width)
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})


def objections_on(page: Page) -> list[str]:
    """Fills up when a page asks for what its own policy forbids, or a script fails."""
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda line: said.append(line.text) if "Content Security Policy" in line.text else None,
    )
    return said


async def test_every_page_of_the_console_is_for_everyone(served: Served, browser: Browser) -> None:
    house = served.house
    astrid = await an_agent(house, served.wallet, "astrid", level=2, language="es")
    arne = await an_agent(house, served.wallet, "arne", level=3, language="pt-BR")
    page = await browser.new_page(locale="es-AR")
    objections = objections_on(page)
    await page.goto(served.console)
    await looks_right(page)
    await page.fill("#login", "astrid")
    await page.fill("#password", "no")
    await page.fill("#code", "no")
    await page.locator("main form .acts button").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    await sign_in(page, served, astrid)
    await looks_right(page)

    case = await a_case(house, served.wallet, note="x" * 400, reach="+54 9 11 5555 0142")
    await page.get_by_role("link", name="Actualizar").click()
    await looks_right(page)
    await page.locator("#reference").fill("K7QF")
    await page.keyboard.press("Enter")
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    await page.locator("#reference").fill(case.reference)
    await page.keyboard.press("Enter")
    await arrives(page, f"{served.console}{case.path}")
    await looks_right(page)
    await proposes(page, served, case)
    await looks_right(page)

    await page.context.clear_cookies()
    await sign_in(page, served, arne)
    await approves(page, served, case, arne)
    await looks_right(page)
    await page.goto(f"{served.console}/console/tickets/{case.account.id}")
    await looks_right(page)
    assert objections == []


async def proposes(page: Page, served: Served, case: Case) -> None:
    await page.get_by_role("button", name="Contacté al titular").click()
    await page.get_by_role("button", name="Enviar un código").click()
    await expect(page.locator(".check-key")).to_be_visible()
    typed = await proving.what_olga_types(served.house, case.wallet, case.ticket_id)
    assert await owner_codes.enter(served.house, case.wallet, typed) is Entered.PROVED
    await proving.reproved(served.house, case.wallet, case.ticket_id)
    await page.reload()
    await looks_right(page)
    await page.get_by_role("button", name="Revisé todo esto").click()
    await page.select_option("#reason", "owner-safe")
    await page.get_by_role("button", name="Proponer liberación").click()
    await expect(page.get_by_text("Ahora tiene que decidir otra persona")).to_be_visible()


async def approves(page: Page, served: Served, case: Case, arne: Authenticator) -> None:
    await page.goto(f"{served.console}{case.path}")
    await page.get_by_role("link", name="Ler e decidir").click()
    await looks_right(page)
    for code in ("0", await arne.new_code()):
        await page.fill("#password", cast.PASSWORD)
        await page.fill("#code", code)
        await page.get_by_role("button", name="Aprovar").click()
        if code == "0":
            await expect(page.locator("#problem")).to_be_focused()
            await looks_right(page)
    await expect(page.get_by_text("O titular está sendo avisado")).to_be_visible()


async def test_time_left_runs_on_and_the_page_says_how_old_it_is(
    served: Served, browser: Browser
) -> None:
    astrid = await an_agent(served.house, served.wallet, "astrid", level=2)
    await a_case(served.house, served.wallet)
    page = await browser.new_page()
    await sign_in(page, served, astrid)
    await page.clock.install()
    await page.reload()
    left = page.locator(".queue .left")
    await expect(left).to_have_class("left soon")
    await expect(page.locator("[data-age]")).to_be_hidden()

    await page.clock.run_for("14:00")

    await expect(left).to_have_class("left late")
    await expect(left).to_contain_text("late")
    await expect(page.locator("tbody tr")).to_have_class("breached")
    await expect(page.locator("[data-age]")).to_have_text("14 min ago")


async def test_the_keyboard_reaches_everything_in_the_order_of_reading(
    served: Served, browser: Browser
) -> None:
    astrid = await an_agent(served.house, served.wallet, "astrid", level=2)
    case = await a_case(served.house, served.wallet)
    page = await browser.new_page()
    await sign_in(page, served, astrid)
    await page.reload()
    reached: list[str] = []
    while case.reference not in reached and len(reached) < 30:
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate("document.activeElement.innerText || document.activeElement.id")
        )

    assert reached[:9] == [
        "Skip to the content",
        "Resguardo\nConsole",
        "reference",
        "Find",
        "Keys",
        "Astrid",
        "Sign out",
        "Refresh",
        "Next ticket",
    ]
    # Then the views and the filters, and after them the rows.
    assert reached[9].split() == ["All", "open", "1"]
    assert reached[-2:] == ["Filter", case.reference]
    await page.keyboard.press("Enter")
    await arrives(page, f"{served.console}{case.path}")
