"""The sample wallet in a real browser, on the real service: alive, dead before one's eyes, back."""

import os
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select, update

from domain.accounts import Account, Display, Done
from domain.wallets import Wallet
from service.demo import people
from service.demo.people import Secrets
from service.demo.ports import Ports, choose
from service.demo.run import Databases, service_environment, wallet_environment
from service.embedded import OWNER, Cluster
from service.operations import page_links
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.processes import answers
from service.storage import load
from service.storage.tables import accounts, disputes, proofs
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.browser.tabs import browser
from tests.demos import ROOT, until

__all__ = ["browser"]

pytestmark = pytest.mark.anyio

NOTHING_LOST: Final = "No se perdió nada"
AXE: Final = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# A screen that is still fading in has the contrast of the moment.
COMPLAINTS: Final = """async () => {
    await Promise.all(document.getAnimations().map((moving) => moving.finished));
    const { violations } = await axe.run({ resultTypes: ["violations"] });
    return violations.flatMap((v) => v.nodes.map((n) => [v.id, n.html, n.failureSummary]));
}"""


class Norte(Struct, frozen=True):
    """The sample wallet at work for a service of its own."""

    house: House
    wallet: Wallet
    ports: Ports

    @property
    def address(self) -> str:
        return self.ports.wallet_origin

    async def account(self) -> Account:
        async with self.house.engine.connect() as db:
            found = await load.account_by_subject(db, self.wallet.id, cast.OLGA)
            assert found is not None
            return found

    async def reported_stolen(self) -> None:
        """Olga has named Carl, and Carl reports."""
        async with self.house.engine.connect() as db:
            sessions = await load.sessions_of(db, self.wallet.id, (await self.account()).id)
        asked = AskedLink(
            purpose=LinkPurpose.MANAGE,
            session_id=sessions[0].id,
            auth_time=await cast.now(self.house),
            acr=people.STRONG,
        )
        link = await page_links.make_page_link(self.house, self.wallet, cast.OLGA, asked)
        once = link.url.partition("once=")[2]
        opened = await page_links.enter(self.house, self.wallet, once)
        carl, token = await cast.a_contact(self.house, self.wallet, opened.session)
        await cast.a_report(self.house, self.wallet, carl, token)


@pytest.fixture
async def norte(
    house: House, cluster: Cluster, database: str, keys_folder: Path, tmp_path: Path
) -> AsyncGenerator[Norte]:
    databases = Databases(
        service=house.engine.url.render_as_string(hide_password=False),
        owner=cluster.url(OWNER, database),
    )
    private = Secrets(shutil.copytree(keys_folder, tmp_path / "keys"))
    ports = choose(tmp_path / "ports.json")
    async with people.as_owner(databases.owner) as owner:
        wallet = await people.the_wallet(house, owner, ports.origin, ports.wallet_origin)
        await people.the_clients(house, owner, wallet, private)
    carrier = {"account": f"AC{'0' * 32}", "token": "none"}
    serve = service_environment(tmp_path, databases, ports, carrier)
    with (
        process("service", "serve", environment=serve),
        process("service.demo", "wallet", environment=wallet_environment(tmp_path, ports)),
    ):
        until(lambda: answers(f"http://127.0.0.1:{ports.wallet}/ready"), within=60)
        await people.date_addresses_back(databases.owner)
        yield Norte(house, wallet, ports)


@contextmanager
def process(module: str, name: str, *, environment: Mapping[str, str]) -> Generator[None]:
    started = subprocess.Popen([sys.executable, "-m", module, name], cwd=ROOT, env=environment)
    try:
        yield
    finally:
        started.terminate()
        started.wait(60)


async def complaints(page: Page) -> object:
    await page.evaluate(AXE)
    return await page.evaluate(COMPLAINTS)


async def test_both_sessions_die_before_ones_eyes_and_only_a_new_phone_comes_back(
    norte: Norte, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(norte.address)
    phone, laptop = page.locator("#phone-1"), page.locator("#laptop-1")
    for device in (phone, laptop):
        await expect(device.locator('[data-state="alive"]')).to_be_visible()
    assert await complaints(page) == []
    await phone.get_by_role("button", name="Pagar").click()
    await expect(laptop.locator(".amount")).to_have_text("$\u00a0246.460,50")
    await page.get_by_text("Por dentro").click()

    await norte.reported_stolen()

    for device in (phone, laptop):
        await expect(device.locator('[data-state="void"]')).to_be_visible()
        await expect(device.get_by_role("heading", name="Sesión cerrada")).to_be_visible()
        await expect(device).not_to_contain_text("246.460,50")
    assert await complaints(page) == []
    await expect(page.locator(".hood")).to_contain_text("freeze-confirmation")
    told = await norte.account()
    assert told.freeze_confirmed_at is not None
    assert set(told.confirmed_done) == set(Done)

    await phone.get_by_role("button", name="Volver a entrar").click()
    await expect(phone).to_contain_text("La cuenta está protegida")
    await page.get_by_role("button", name="Sumar un teléfono nuevo").click()
    new_phone = page.locator("#phone-2")
    await new_phone.get_by_role("button", name="Entrar como Olga").click()
    await expect(new_phone).to_contain_text("La cuenta está protegida")

    await cast.released(norte.house, norte.wallet)

    await phone.get_by_role("button", name="Volver a entrar").click()
    await expect(phone).to_contain_text("Este dispositivo figura en un aviso")
    await new_phone.get_by_role("button", name="Entrar como Olga").click()
    await expect(new_phone.locator('[data-state="alive"]')).to_be_visible()
    await expect(phone.locator('[data-state="void"]')).to_be_visible()


async def test_trusted_people_open_top_level_after_a_fresh_strong_sign_in(
    norte: Norte, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(norte.address)
    phone = page.locator("#phone-1")
    await phone.get_by_text("Mis personas de confianza").click()
    async with page.context.expect_page() as opening:
        await phone.get_by_role("button", name="Usar la llave de acceso").click()
    opened = await opening.value
    await opened.wait_for_url(f"{norte.ports.origin}/owner/**")
    # The sheet is gone, and the wallet lives on in its own tab.
    await expect(phone.get_by_role("button", name="Usar la llave de acceso")).to_be_hidden()
    await expect(phone.locator('[data-state="alive"]')).to_be_visible()


async def test_the_screens_die_without_scripts_too(norte: Norte, browser: Browser) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(norte.address)
    await expect(page.locator("#phone-1")).to_contain_text("Hola, Olga")
    await norte.reported_stolen()
    # The page comes again by itself.
    await expect(page.locator("#phone-1")).to_contain_text("Sesión cerrada")
    await expect(page.locator("#laptop-1")).to_contain_text("Sesión cerrada")


async def test_a_neutral_display_tells_whoever_holds_the_phone_nothing(
    norte: Norte, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(norte.address)
    await expect(page.locator('#phone-1 [data-state="alive"]')).to_be_visible()
    await norte.reported_stolen()
    async with norte.house.engine.begin() as db:
        await db.execute(update(accounts).values(display=Display.NEUTRAL))
    phone = page.locator("#phone-1")
    await expect(phone.get_by_role("heading", name="Te damos la bienvenida")).to_be_visible()
    await phone.get_by_role("button", name="Entrar como Olga").click()
    await expect(phone).to_contain_text("No se pudo entrar")
    await expect(phone).not_to_contain_text("protegida")
    await expect(phone).not_to_contain_text("cerrada")
    await expect(phone).not_to_contain_text(NOTHING_LOST)


async def test_she_says_from_the_dead_screen_that_nothing_was_lost(
    norte: Norte, browser: Browser
) -> None:
    page = await browser.new_page(locale="es")
    await page.goto(norte.address)
    phone = page.locator("#phone-1")
    await expect(phone.locator('[data-state="alive"]')).to_be_visible()
    await expect(phone.get_by_text(NOTHING_LOST)).to_have_count(0)
    await norte.reported_stolen()
    await phone.get_by_text(NOTHING_LOST).click()
    await picture(page, "norte-nothing-lost")
    assert await complaints(page) == []

    async with page.context.expect_page() as opening:
        await phone.get_by_role("button", name="Usar la llave de acceso").click()
    opened = await opening.value
    # The page presses its own button for whoever has scripts.
    await opened.wait_for_url(f"{norte.ports.origin}/owner/dispute")
    await opened.get_by_role("button", name=NOTHING_LOST).click()
    await opened.wait_for_url(f"{norte.ports.origin}/owner/dispute/done")

    # It is on the record, undoes nothing, and signed nobody in.
    async with norte.house.engine.connect() as db:
        said = (await db.execute(select(disputes.c.without_effect))).scalars().all()
    assert said == [False]
    assert (await norte.account()).is_frozen
    await expect(phone.locator('[data-state="void"]')).to_be_visible()

    await cast.released(norte.house, norte.wallet)

    await expect(phone.get_by_text(NOTHING_LOST)).to_have_count(0)


async def picture(page: Page, name: str) -> None:
    """For whoever wants to look: PICTURES names the folder."""
    if folder := os.environ.get("PICTURES"):
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            await page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)


async def test_she_proves_who_she_is_at_the_counter_and_it_releases_nothing(
    norte: Norte, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(norte.address)
    at_the_counter = page.get_by_role("button", name="Mostrador")
    await at_the_counter.click()
    await expect(page.locator("#counter")).to_contain_text("la cuenta no está bloqueada")

    await norte.reported_stolen()
    await at_the_counter.click()

    await expect(page.locator("#counter")).to_contain_text("Deciden dos personas")
    assert await complaints(page) == []
    async with norte.house.engine.connect() as db:
        found = (await db.execute(select(proofs.c.kind, proofs.c.level))).all()
    assert [tuple(row) for row in found] == [("wallet-reproofing", "ial2")]
    assert (await norte.account()).is_frozen
