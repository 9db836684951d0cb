"""The owner rehearses with one of her people; nothing is stopped by it."""

from datetime import timedelta

import pytest

from domain.accounts import AccountState
from tests import people as cast
from tests.web.owner_scene import on_her_clock, three_people
from tests.web.scene import Scene
from tests.web.test_owner_people import sent

pytestmark = pytest.mark.anyio


async def test_the_chosen_one_gets_a_rehearsal_and_nothing_is_stopped(scene: Scene) -> None:
    carl, _, dora = await three_people(scene)
    page = await (await scene.at_her_pages()).follow("Rehearse")
    assert "Nothing is stopped by it." in page.text
    offered = page.form("/owner/drill").offered["contact_id"]
    assert str(carl.id) in offered
    # Who has not accepted cannot rehearse.
    assert str(dora.id) not in offered

    people = await page.press("/owner/drill", contact_id=str(carl.id))

    assert "The rehearsal is on its way to Carl." in people.text
    assert await sent(scene, "drill-begun") == 1
    account = await cast.the_account(scene.house, scene.wallet, carl.account_id)
    assert account.state is AccountState.ACTIVE


async def test_nobody_chosen_is_said_and_the_focus_goes_there(scene: Scene) -> None:
    *_, dora = await three_people(scene)
    page = await (await scene.at_her_pages()).follow("Rehearse")

    for wrong in ({}, {"contact_id": str(dora.id)}, {"contact_id": "x"}):
        refused = await page.press("/owner/drill", **wrong)
        assert refused.status == 422
        assert "Choose with whom." in refused.text
        assert "autofocus" in refused.html
    assert await sent(scene, "drill-begun") == 0


@pytest.mark.usefixtures("clock_stands")
async def test_once_in_thirty_days(scene: Scene) -> None:
    carl, cleo, _ = await three_people(scene)
    page = await (await scene.at_her_pages()).follow("Rehearse")
    await page.press("/owner/drill", contact_id=str(carl.id))
    begun_at = await cast.now(scene.house)

    refused = await page.press("/owner/drill", contact_id=str(cleo.id))

    assert refused.status == 429
    when = on_her_clock(begun_at + timedelta(days=30), begun_at).partition(",")[0]
    assert f"The next one can begin from {when}" in refused.text
    assert await sent(scene, "drill-begun") == 1
    await cast.move_clock(scene.house, timedelta(days=30))
    page = await (await scene.at_her_pages()).follow("Rehearse")
    await page.press("/owner/drill", contact_id=str(cleo.id))
    assert await sent(scene, "drill-begun") == 2


async def test_without_anybody_who_accepted_there_is_nothing_to_press(scene: Scene) -> None:
    await scene.invitation()

    page = await (await scene.at_her_pages()).follow("Rehearse")

    assert "Nobody on your list can block your wallet yet." in page.text
    assert page.forms == []
