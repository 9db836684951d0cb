"""The owner shows who they are: a page that tells a stranger nothing."""

import pytest

from domain.accounts import AddressKind
from domain.ids import TicketId
from service.operations import desk, owner_codes
from service.operations.agents import SignedIn
from tests import people as cast
from tests import proving
from tests.browsers import Page
from tests.desks import a_case
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio
NOBODYS_KEY = "000-000-0"
WRONG = "00000000"


async def asked(scene: Scene) -> tuple[SignedIn, TicketId, owner_codes.Typed]:
    """Astrid has sent a code to Olga's mailbox."""
    ticket = (await a_case(scene.house, scene.wallet)).ticket_id
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 1)
    mailbox = await proving.the_address(scene.house, scene.wallet, ticket, AddressKind.EMAIL)
    await owner_codes.ask(scene.house, ticket, mailbox.id, by=astrid)
    typed = await proving.what_olga_types(scene.house, scene.wallet, ticket)
    return astrid, ticket, typed


async def entered(scene: Scene, key: str, code: str, language: str = "en") -> Page:
    form = await scene.browser(language).open("/prove")
    return await form.press("/prove", key=key, code=code)


async def test_key_and_code_prove_without_account_or_script(scene: Scene) -> None:
    astrid, ticket, typed = await asked(scene)

    done = await entered(
        scene, typed.key.lower().replace("-", " "), f" {typed.code[:4]} {typed.code[4:]}"
    )

    assert done.path == "/prove/done"
    assert "you need not read anything to them" in done.text
    seen = await desk.see_ticket(scene.house, ticket, astrid)
    assert [(one.kind, one.recorded_by) for one in seen.proofs] == [("owner-code", "")]


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_a_wrong_key_and_a_wrong_code_are_the_same_page(scene: Scene, language: str) -> None:
    _, _, typed = await asked(scene)

    wrong_code = await entered(scene, typed.key, WRONG, language)
    wrong_key = await entered(scene, NOBODYS_KEY, typed.code, language)

    assert wrong_code.status == wrong_key.status == 422
    assert wrong_code.text == wrong_key.text
    shown = wrong_code.html.replace(typed.key, NOBODYS_KEY)
    assert len(shown) == len(wrong_key.html)
    # Neither code is shown again.
    assert WRONG not in wrong_code.html
    assert typed.code not in wrong_key.html


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        ("", WRONG, "Type the key that the person on the phone reads to you."),
        ("K7Q", WRONG, "The key has 7 letters and digits"),
        (NOBODYS_KEY, "123456", "The code in the message has 8 digits."),
        ("<b>", "", "The key has 7 letters and digits"),
    ],
)
async def test_what_the_form_itself_shows_to_be_wrong_is_told(
    scene: Scene, key: str, code: str, words: str
) -> None:
    page = await entered(scene, key, code)

    assert page.status == 422
    assert words in page.text
    assert page.form("/prove").fields["key"] == key


async def test_a_form_from_elsewhere_is_none(scene: Scene) -> None:
    _, _, typed = await asked(scene)
    browser = scene.browser()
    await browser.open("/prove")

    refused = await browser.send(
        "/prove", {"key": typed.key, "code": typed.code, "csrf_token": "made up"}
    )

    assert refused.status == 403


async def test_whoever_looks_for_keys_is_told_to_wait(scene: Scene) -> None:
    form = await scene.browser().open("/prove")
    for _ in range(60):
        await form.press("/prove", key=NOBODYS_KEY, code=WRONG)

    refused = await form.press("/prove", key=NOBODYS_KEY, code=WRONG)

    assert refused.status == 429
    assert "Too many tries from this network." in refused.text
