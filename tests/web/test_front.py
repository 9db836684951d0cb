"""The bare address: what a stranger reads who opens it, and what they do not."""

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.wallets import Wallet
from service.operations.house import House
from tests import people as cast
from tests.browsers import Browser
from tests.houses import CONSOLE
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio
WORDS = {
    "es": "Aquí una persona de confianza bloquea una billetera Norte",
    "pt-BR": "Aqui uma pessoa de confiança bloqueia uma carteira Norte",
    "en": "Here a trusted person blocks a Norte wallet",
}


@pytest.mark.parametrize("language", WORDS)
async def test_a_stranger_reads_what_this_is_in_their_language(scene: Scene, language: str) -> None:
    page = await scene.browser(language).open("/")

    assert page.status == 200
    assert page.path == "/"
    assert WORDS[language] in page.text
    assert cast.NORTE.support_number in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["x-robots-tag"] == "noindex"


async def test_it_leads_only_where_everyone_may_go_and_never_to_the_console(scene: Scene) -> None:
    browser = scene.browser()
    page = await browser.open("/")

    assert page.forms == []
    assert "console" not in page.html
    for words in ("Report a lost or stolen phone", "See how a report is going", "Your own page"):
        assert (await page.follow(words)).status == 200


async def test_whoever_comes_back_reads_the_same_as_a_stranger(scene: Scene) -> None:
    """Neither an owner's pages nor a contact's show through."""
    hers = await scene.at_her_pages()
    stranger = await scene.browser().open("/")

    assert (await hers.open("/")).text == stranger.text


async def test_each_wallet_says_its_own_name_and_no_other(
    app: Litestar, house: House, scene: Scene
) -> None:
    other: Wallet = await cast.a_wallet(
        house, replace(cast.NORTE, name="Sur", origin="http://sur.localhost:8000")
    )

    page = await Browser(app, other.origin, language="en").open("/")

    assert "Sur" in page.text
    assert scene.wallet.name not in page.text


async def test_the_consoles_own_address_still_leads_to_the_queue(app: Litestar) -> None:
    door = await Browser(app, CONSOLE, language="en").open("/")

    assert door.path == "/console/sign-in"
