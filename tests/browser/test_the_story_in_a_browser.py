"""The story lived in a real browser: with scripts in Spanish, and once without any."""

import os
import re
import shutil
from collections.abc import AsyncGenerator
from importlib.resources import files
from typing import Final

import pytest
from msgspec import Struct
from msgspec.structs import replace
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from domain.accounts import AccountState
from domain.wallets import Wallet
from service.operations import page_links
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.processes import free_port
from service.settings import Settings
from service.storage import load
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or "google-chrome"
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
COMPLAINTS: Final = """async () => (await axe.run({ resultTypes: ["violations"] })).violations
    .flatMap((v) => v.nodes.map((n) => [v.id, n.html, n.failureSummary]))"""
TOO_WIDE: Final = "document.documentElement.scrollWidth > innerWidth"
PHONE: Final[ViewportSize] = {"width": 320, "height": 740}


class Served(Struct, frozen=True):
    """The service on a port of its own, with Olga's account in it."""

    house: House
    wallet: Wallet

    async def page_link(self) -> str:
        session = await cast.a_session(self.house, self.wallet, "on her laptop", cast.LAPTOP)
        asked = AskedLink(
            purpose=LinkPurpose.MANAGE,
            session_id=session.id,
            auth_time=await cast.now(self.house),
            acr=cast.NORTE.strong_acr[0],
        )
        return (await page_links.make_page_link(self.house, self.wallet, cast.OLGA, asked)).url

    async def secret(self, event: str) -> str:
        return await cast.told_secret(self.house, self.wallet, event)

    async def state(self) -> AccountState:
        async with self.house.engine.connect() as db:
            account = await load.account_by_subject(db, self.wallet.id, cast.OLGA)
        assert account is not None
        return account.state


@pytest.fixture
async def served(house: House, settings: Settings) -> AsyncGenerator[Served]:
    port = free_port()
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=f"http://localhost:{port}"))
    await cast.olga(house, wallet)
    with serving(environment_of(settings, port)):
        yield Served(house, wallet)


@pytest.fixture
async def browser() -> AsyncGenerator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


class Tab:
    """One person's tab on a small phone; each page on the way is looked at."""

    def __init__(self, page: Page, beside: Page, *, has_scripts: bool) -> None:
        self.page = page
        # Where the same page is looked at by a script when its own tab runs none.
        self._beside = beside
        self.has_scripts = has_scripts
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    async def shows(self, heading: str | re.Pattern[str]) -> None:
        """The page with this heading is here, and nothing about it keeps anybody out."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        seen = self.page if self.has_scripts else await self._copied()
        await seen.evaluate(AXE)
        found = await seen.evaluate(COMPLAINTS)
        assert found == [], heading
        assert not await seen.evaluate(TOO_WIDE), heading

    async def _copied(self) -> Page:
        """The page as it stands there, in a tab where a script may look at it: axe waits by
        timers, and without scripts no timer ever ends."""
        html = re.sub(r"<script.*?</script>", "", await self.page.content())
        headers = {"Content-Type": "text/html; charset=utf-8"}
        await self._beside.route(self.page.url, lambda r: r.fulfill(body=html, headers=headers))
        await self._beside.goto(self.page.url)
        await self._beside.unroute_all()
        return self._beside

    async def press(self, words: str) -> None:
        await self.page.get_by_role("button", name=words, exact=True).click()

    async def open_link(self, address: str, key: str, button: str) -> None:
        """With scripts the key is taken from the address; without, it is pasted."""
        await self.page.goto(f"{address}#{key}")
        pasted = self.page.get_by_label("Pegar la clave")
        if self.has_scripts:
            await expect(pasted).to_be_hidden()
            assert key not in self.page.url
        else:
            await pasted.fill(key)
        await self.press(button)


async def a_tab(browser: Browser, *, has_scripts: bool) -> Tab:
    pages = [
        await browser.new_page(
            java_script_enabled=runs,
            locale="es-AR",
            viewport=PHONE,
            reduced_motion="reduce",
        )
        for runs in (has_scripts, True)
    ]
    return Tab(*pages, has_scripts=has_scripts)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_named_accepted_reported_blocked(
    served: Served, browser: Browser, has_scripts: bool
) -> None:
    olga = await a_tab(browser, has_scripts=has_scripts)
    carl = await a_tab(browser, has_scripts=has_scripts)

    await she_invites_carl(served, olga)
    key = await he_accepts(served, carl)
    await he_reports(served, carl, key)

    assert await served.state() is AccountState.FROZEN
    # Her own page, still open on the laptop, has ended with everything else.
    await olga.page.goto(f"{served.wallet.origin}/owner")
    await olga.shows("Se terminó el tiempo de esta página")
    # The browser notes the status of the page itself where it is a refusal; nothing else was ever
    # complained about.
    for tab, status in ((olga, "401"), (carl, "422")):
        (complaint,) = tab.complaints
        assert f"responded with a status of {status}" in complaint


async def she_invites_carl(served: Served, olga: Tab) -> None:
    await olga.page.goto(await served.page_link())
    if not olga.has_scripts:
        await olga.press("Continuar")
    await olga.shows("Mis personas de confianza")
    await olga.page.get_by_role("link", name="Invitar a alguien").click()
    await olga.page.get_by_label("Nombre").fill("Carl")
    await olga.page.get_by_label("Dirección de correo").fill("carl@correo.example")
    await olga.press("Enviar la invitación")
    await olga.shows("Mis personas de confianza")
    await expect(olga.page.get_by_role("status")).to_contain_text("Carl")


async def he_accepts(served: Served, carl: Tab) -> str:
    """His personal key, as the page shows it."""
    token = await served.secret("contact-invited")
    await carl.open_link(f"{served.wallet.origin}/i", token, "Ver la invitación")
    await carl.shows("Olga busca una persona de confianza")
    await carl.press("Aceptar y recibir un código")
    await carl.shows("Escribir el código que enviamos")
    await carl.page.get_by_label("Código de 6 cifras").fill("000")
    await carl.press("Aceptar con este código")
    await carl.shows("Escribir el código que enviamos")
    await expect(carl.page.get_by_role("alert")).to_be_focused()
    await carl.page.get_by_label("Código de 6 cifras").fill(await served.secret("code-asked"))
    await carl.press("Aceptar con este código")
    await carl.page.get_by_label("Nombre propio para Olga").fill("Mamá")
    await carl.press("Guardar y terminar")
    await carl.shows("Todo listo para ayudar a Olga")
    return await carl.page.locator(".key-text").inner_text()


async def he_reports(served: Served, carl: Tab, key: str) -> None:
    await carl.open_link(f"{served.wallet.origin}/r", key, "Recibir un código")
    await carl.shows("Escribir el código que enviamos")
    await carl.page.get_by_label("Código de 6 cifras").fill(await served.secret("code-asked"))
    await carl.press("Continuar")
    await carl.shows("Teléfono de Mamá: ¿robado o perdido?")
    await carl.page.get_by_label("Robado").check()
    await carl.page.get_by_text("Agregar más datos").click()
    await carl.page.get_by_label("Algo más que ayude").fill("En el colectivo 60")
    await carl.press("Continuar")
    await carl.shows("¿Bloquear la billetera de Olga?")
    await carl.page.get_by_role("link", name="Atrás").click()
    await expect(carl.page.get_by_label("Algo más que ayude")).to_have_value("En el colectivo 60")
    await carl.press("Continuar")
    await carl.press("Bloquear la billetera de Olga")
    await expect(carl.page).to_have_url(f"{served.wallet.origin}/r/receipt")
    await carl.shows(re.compile("^Bloqueada aquí: [0-2][0-9]:[0-5][0-9]$"))
    assert await carl.page.locator(".spelled li").count() == 9
