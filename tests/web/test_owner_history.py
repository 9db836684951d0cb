"""What happened and when: no decline, nothing for safety, nothing of an open ticket."""

from datetime import timedelta

import pytest

from domain.contacts import ContactStatus
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.browsers import Page
from tests.web.owner_scene import three_people
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio


async def the_history(scene: Scene, purpose: LinkPurpose = LinkPurpose.MANAGE) -> Page:
    return await (await scene.at_her_pages(purpose=purpose)).follow("What happened")


async def test_each_thing_stands_there_with_its_time(scene: Scene) -> None:
    await three_people(scene)

    page = await the_history(scene)

    for words in ("Dora was invited", "Cleo accepted", "Carl was invited"):
        assert words in page.text
    assert page.text.index("Dora was invited") < page.text.index("Carl was invited")
    assert "(Buenos Aires)" in page.text


async def test_a_removal_is_undone_from_the_history_in_one_tap(scene: Scene) -> None:
    carl, *_ = await three_people(scene)
    ask = await (await scene.at_her_pages()).follow("Remove: Carl")
    await ask.press(ask.path)
    page = await the_history(scene, LinkPurpose.VIEW)
    assert "sign in again in the Norte app" in page.text
    # Taking somebody off the list is not offered without a strong sign-in.
    assert [form.action for form in page.forms] == [f"/owner/people/{carl.id}/not-removed-by-me"]

    done = await page.press(page.forms[0])

    assert "Carl stays on your list" in done.text
    back = await (await done.follow("Back to the list")).follow("What happened")
    assert "The removal of Carl was stopped: it was not you" in back.text
    assert back.forms == []


async def test_an_invitation_that_was_not_hers_is_taken_back_in_one_tap(scene: Scene) -> None:
    *_, dora = await three_people(scene)
    page = await the_history(scene)
    (form,) = page.forms
    assert form.action == f"/owner/people/{dora.id}/not-invited-by-me"

    done = await page.press(form)

    assert "Dora is not on your list any more" in done.text
    *_, dora = await scene.contacts()
    assert dora.status is ContactStatus.TAKEN_BACK


async def test_an_acceptance_is_undone_for_a_day_and_once_only(scene: Scene) -> None:
    await scene.contact("Carl")
    page = await the_history(scene)
    # Invited and accepted: one way to undo it, at the newer entry.
    assert len(page.forms) == 1
    assert page.forms[0].words == ("This was not me: Carl accepted",)
    await cast.move_clock(scene.house, timedelta(hours=24))

    assert (await the_history(scene)).forms == []
    assert (await page.press(page.forms[0])).status == 401


async def test_a_card_made_by_somebody_else_is_replaced(scene: Scene) -> None:
    card = await (await scene.at_her_pages()).follow("My recovery card")
    await card.press("/owner/card")

    page = await the_history(scene)

    assert "A recovery card was made" in page.text
    assert (await page.follow("This was not me")).path == "/owner/card"


async def test_older_entries_are_a_page_away(scene: Scene) -> None:
    people = await scene.at_her_pages()
    for _ in range(11):
        card = await people.follow("My recovery card")
        people = await (await card.press("/owner/card")).follow("I have it on paper")
    form = await people.follow("Invite someone")
    for name in ("Ana", "Berta", "Dora"):
        page = await form.press("/owner/invite", name=name, email=f"{name}@correo.example")
        ask = await page.follow(f"Take back: {name}")
        await ask.press(ask.path)
    for name in ("Elsa", "Fermín", "Gina"):
        email = f"{name[0].lower()}@correo.example"
        await form.press("/owner/invite", name=name, email=email)

    newest = await the_history(scene)
    older = await newest.follow("Earlier")

    assert newest.html.count("<li><div><b>") == 20
    assert "Your wallet was protected for the first time" not in newest.text
    assert "Your wallet was protected for the first time" in older.text
    assert (await older.follow("Back to the newest")).path == "/owner/history"
    assert (await older.open("/owner/history?before=x")).status == 400


async def test_what_another_owner_did_is_not_there(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "mallory-1")
    await scene.invitation("Dora")

    page = await (await scene.at_her_pages(subject="mallory-1")).follow("What happened")

    assert "Dora" not in page.text
