"""The owner's pages lived in a real browser: with scripts in Spanish, and once without any."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, Route, expect

from domain.contacts import Contact, ContactStatus
from service.operations import page_links
from service.operations.page_links import AskedLink
from service.storage import load
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.browser.test_the_story_in_a_browser import Served, Tab, a_tab, browser, served

__all__ = ["browser", "served"]

pytestmark = pytest.mark.anyio
LIST = "Mis personas de confianza"


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_invited_again_removed_kept_disowned_rehearsed_left(
    served: Served, browser: Browser, has_scripts: bool
) -> None:
    carl = await somebody_accepts(served)
    olga = await a_tab(browser, has_scripts=has_scripts)
    await she_comes_in(served, olga)

    await she_invites_by_phone(olga)
    await she_removes_and_keeps(olga)
    await somebody_removes_and_she_says_so(olga)
    await she_rehearses(olga)
    assert (await contact(served, carl)).status is ContactStatus.ACTIVE
    await she_asks_for_help_and_is_gone(served, olga)


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without scripts"])
async def test_blocked_by_mistake_she_says_so(
    served: Served, browser: Browser, has_scripts: bool
) -> None:
    session = await cast.a_session(served.house, served.wallet, "on her phone")
    owner = await cast.at_her_pages(served.house, served.wallet, session)
    carl, key = await cast.a_contact(served.house, served.wallet, owner)
    await cast.a_report(served.house, served.wallet, carl, key)
    olga = await a_tab(browser, has_scripts=has_scripts)

    await olga.page.goto(await to_dispute(served))
    if not has_scripts:
        await olga.press("Continuar")
    await olga.shows("¿No se perdió nada?")
    await olga.page.get_by_label("¿Qué pasó?").fill("Lo tengo en la mano")
    await olga.press("No se perdió nada")
    await olga.shows("Lo recibimos")
    assert olga.complaints == []


async def somebody_accepts(served: Served) -> Contact:
    """Carl, more than a day ago."""
    session = await cast.a_session(served.house, served.wallet, "on her phone")
    owner = await cast.at_her_pages(served.house, served.wallet, session)
    carl, _ = await cast.a_contact(served.house, served.wallet, owner)
    await cast.move_clock(served.house, timedelta(hours=24))
    return carl


async def contact(served: Served, known: Contact) -> Contact:
    async with served.house.engine.connect() as db:
        return await load.contact(db, served.wallet.id, known.id)


async def to_dispute(served: Served) -> str:
    asked = AskedLink(
        purpose=LinkPurpose.DISPUTE,
        session_id=None,
        auth_time=await cast.now(served.house),
        acr=cast.NORTE.strong_acr[0],
    )
    return (await page_links.make_page_link(served.house, served.wallet, cast.OLGA, asked)).url


async def she_comes_in(served: Served, olga: Tab) -> None:
    await olga.page.goto(await served.page_link())
    if not olga.has_scripts:
        await olga.press("Continuar")
    await olga.shows(LIST)


async def she_invites_by_phone(olga: Tab) -> None:
    await olga.page.get_by_role("link", name="Invitar a alguien").click()
    await olga.shows("¿A quién confiarle esto?")
    await olga.page.get_by_label("Celular").check()
    await olga.page.get_by_label("País").select_option("UY")
    # The example follows the country where a script can run.
    shown = "Por ejemplo, 094 231 234" if olga.has_scripts else "Por ejemplo, 011 15-2345-6789"
    await expect(olga.page.locator("#phone-hint")).to_have_text(shown)
    await olga.page.get_by_label("Número").fill("12")
    await olga.press("Enviar la invitación")
    await olga.shows("¿A quién confiarle esto?")
    await expect(olga.page.get_by_role("alert")).to_be_focused()
    assert await olga.page.get_by_role("alert").get_by_role("link").count() == 2
    await olga.page.get_by_label("Nombre").fill("Dora")
    await olga.page.get_by_label("Número").fill("094 231 234")
    await olga.press("Enviar la invitación")
    await olga.shows(LIST)
    await olga.page.get_by_role("link", name=re.compile("Enviar de nuevo ?: Dora")).click()
    await olga.press("Enviar de nuevo")
    await expect(olga.page.get_by_role("alert")).to_contain_text("la próxima puede salir desde")
    await olga.shows("¿Enviar de nuevo la invitación a Dora?")
    await olga.page.get_by_role("link", name="Atrás").click()


async def she_removes_and_keeps(olga: Tab) -> None:
    await olga.page.get_by_role("link", name=re.compile("Quitar ?: Carl")).click()
    await olga.shows("¿Quitar a Carl?")
    # Carl is the last one who can report.
    await expect(olga.page.get_by_text("Tarda 7 días a propósito")).to_be_visible()
    await olga.press("Empezar a quitar a Carl")
    await olga.shows(LIST)
    await expect(olga.page.get_by_role("status")).to_be_focused()
    await olga.press("Mantener a Carl")
    await olga.shows(LIST)
    await expect(olga.page.get_by_role("status")).to_contain_text("Carl sigue en la lista")


async def somebody_removes_and_she_says_so(olga: Tab) -> None:
    await olga.page.get_by_role("link", name=re.compile("Quitar ?: Carl")).click()
    await olga.press("Empezar a quitar a Carl")
    await olga.page.get_by_role("link", name="Qué pasó").click()
    await olga.shows("Qué pasó")
    mine = re.compile("No fui yo ?: Se pidió quitar a Carl")
    await olga.page.get_by_role("button", name=mine).click()
    await olga.shows("Quedó deshecho")
    await olga.page.get_by_role("link", name="Volver a la lista").click()


async def she_rehearses(olga: Tab) -> None:
    await olga.page.get_by_role("link", name="Ensayar").click()
    await olga.shows("Ensayar")
    await olga.page.get_by_label("Carl").check()
    await olga.press("Enviar el ensayo")
    await olga.shows(LIST)
    await expect(olga.page.get_by_role("status")).to_contain_text("El ensayo está en camino")


async def she_asks_for_help_and_is_gone(served: Served, olga: Tab) -> None:
    await olga.page.get_by_role("link", name="Quién cuenta conmigo").click()
    await olga.shows("Quién cuenta conmigo")
    await olga.page.get_by_role("link", name="Atrás").click()
    await olga.page.get_by_role("link", name="No me siento a salvo").click()
    await olga.shows("No me siento a salvo con alguien de aquí")
    await olga.page.get_by_label("Por la mañana").check()
    await olga.press("Pedir ayuda")
    await olga.shows("Lo recibimos")

    async def somewhere_else(route: Route) -> None:
        await route.fulfill(content_type="text/html", body="<title>Elsewhere</title>")

    # What lies outside the building.
    await olga.page.route("https://www.wikipedia.org/**", somewhere_else)
    assert olga.complaints == [c for c in olga.complaints if "status of 4" in c]
    await olga.page.get_by_role("link", name="Salir de esta página ya").click()
    await expect(olga.page).to_have_title("Elsewhere")
    await olga.page.go_back()
    if olga.has_scripts:
        # The page itself is not on the way back; the form before it asks who it is.
        await expect(olga.page).not_to_have_url(f"{served.wallet.origin}/owner/help/done")
    await olga.shows("Se terminó el tiempo de esta página")
