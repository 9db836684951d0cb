"""The owner's page of the recovery card: ten codes, shown once."""

import pytest

from service.storage.values import LinkPurpose
from tests.helpless import OLGAS_MAIL
from tests.web.scene import Scene
from tests.web.test_mine import a_card, asked, is_frozen

pytestmark = pytest.mark.anyio


async def test_the_card_is_shown_once_and_counted_afterwards(scene: Scene) -> None:
    people = await scene.at_her_pages()
    card = await people.follow("My recovery card")
    assert "codes left" not in card.text
    form = card.form("/owner/card")

    shown = await card.press(form)

    assert shown.title == "Print this card now · Norte"
    assert "http://localhost:8000/mine" in shown.text
    twice = await card.press(form)
    assert twice.path == "/owner/card?again=1"
    assert "This button was pressed twice" in twice.text
    assert "10 of 10 codes left" in twice.text
    codes = [word for word in shown.text.split() if word.count("-") == 3]
    assert len(codes) == 10
    assert [code for code in codes if code in twice.text] == []


async def test_a_new_card_says_that_the_old_one_ends(scene: Scene) -> None:
    old = await a_card(scene)
    page = await (await scene.at_her_pages()).follow("My recovery card")
    assert "the old one stops working at once" in page.text

    await page.press("/owner/card")

    await asked(scene, address=OLGAS_MAIL, code=old[0])
    assert not await is_frozen(scene)


async def test_whoever_only_looks_makes_no_card(scene: Scene) -> None:
    people = await scene.at_her_pages(purpose=LinkPurpose.VIEW)
    card = await people.follow("My recovery card")
    assert "sign in again in the Norte app" in card.text
    assert card.forms == []


async def test_the_codes_are_never_kept_by_a_browser_or_proxy(scene: Scene) -> None:
    card = await (await scene.at_her_pages()).follow("My recovery card")

    shown = await card.press("/owner/card")

    assert shown.headers["cache-control"] == "no-store"


async def test_without_a_session_there_is_no_card(scene: Scene) -> None:
    page = await scene.browser().open("/owner/card")

    assert page.status == 401
    assert page.forms == []


async def test_a_form_from_elsewhere_makes_no_card(scene: Scene) -> None:
    card = await (await scene.at_her_pages()).follow("My recovery card")

    refused = await card.press(card.form("/owner/card"), csrf_token="stolen")

    assert refused.status == 403
