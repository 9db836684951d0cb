"""A contact rehearses of their own accord, from their own space."""

from datetime import timedelta

import pytest

from tests import people as cast
from tests.browsers import Page
from tests.web.contact_scene import at_home
from tests.web.scene import Scene, a_receipt
from tests.web.test_report import is_frozen

pytestmark = pytest.mark.anyio


async def asks(home: Page) -> Page:
    ask = await home.follow("Rehearse: Olga")
    return await ask.press(ask.path)


async def test_a_contact_asks_for_a_rehearsal_and_gets_its_own_link(scene: Scene) -> None:
    home = await at_home(scene, scene.browser(), await scene.contact())
    ask = await home.follow("Rehearse: Olga")
    assert "Nothing is stopped." in ask.text

    asked = await ask.press(ask.path)
    again = await ask.press(ask.path)

    assert "The link is on its way to you" in asked.title
    assert again.title == asked.title
    token = await scene.secret("drill-begun")
    opened = await scene.browser().open(f"/drill#{token}")
    assert (await opened.press("/drill", token=token)).status == 200
    assert not await is_frozen(scene)


async def test_whoever_asks_there_is_one_in_thirty_days_and_no_reason_is_said(
    scene: Scene,
) -> None:
    key, cleos = await scene.contact(), await scene.contact("Cleo")
    asked = await asks(await at_home(scene, scene.browser(), cleos))
    assert "on its way" in asked.title

    too_soon = await asks(await at_home(scene, scene.browser(), key))
    assert too_soon.status == 409
    assert "Cleo" not in too_soon.text
    await cast.move_clock(scene.house, timedelta(days=30))
    await a_receipt(scene, scene.browser(), cleos)
    await cast.move_clock(scene.house, timedelta(minutes=2))
    blocked = await asks(await at_home(scene, scene.browser(), key))

    assert await is_frozen(scene)
    cut = "How to know"
    assert blocked.status == 409
    assert blocked.text.partition(cut)[0] == too_soon.text.partition(cut)[0]
    assert blocked.title == too_soon.title


async def test_somebody_else_s_owner_is_not_there(scene: Scene) -> None:
    home = await at_home(scene, scene.browser(), await scene.contact())
    await scene.contact("Cleo")
    (carl, cleo) = await scene.contacts()

    ask = await home.open(f"/contact/people/{carl.id}/drill")
    fields = ask.form(ask.path).fields
    assert (await ask.browser.send(f"/contact/people/{cleo.id}/drill", fields)).status == 404
