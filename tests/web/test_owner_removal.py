"""Removing is slow, says exactly how slow, and is stopped by one press."""

from datetime import timedelta

import pytest

from domain.contacts import ContactStatus
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.browsers import Page
from tests.web.owner_scene import on_her_clock, three_people
from tests.web.scene import Scene, a_receipt

pytestmark = pytest.mark.anyio


async def begin_to_remove(people: Page, name: str) -> Page:
    ask = await people.follow(f"Remove: {name}")
    return await ask.press(ask.path)


@pytest.mark.usefixtures("clock_stands")
async def test_the_page_before_the_press_shows_the_very_instant(scene: Scene) -> None:
    await three_people(scene)
    ask = await (await scene.at_her_pages()).follow("Remove: Carl")
    now = await cast.now(scene.house)

    assert "Remove Carl?" in ask.title
    assert on_her_clock(now + timedelta(hours=72), now) in ask.text
    assert "It takes 72 hours on purpose" in ask.text
    assert "hears that trusted people are being removed" not in ask.text
    carl, *_ = await scene.contacts()
    assert carl.status is ContactStatus.ACTIVE

    people = await ask.press(ask.path)
    carl, *_ = await scene.contacts()
    assert carl.status is ContactStatus.LEAVING
    assert carl.leaves_at is not None
    assert "The removal of Carl has begun." in people.text
    said = on_her_clock(carl.leaves_at, await cast.now(scene.house))
    assert f"Can block your wallet until {said}, then leaves the list" in people.text
    # Pressed again on the way back, the first instant stands.
    await ask.press(ask.path)
    assert (await scene.contacts())[0].leaves_at == carl.leaves_at


@pytest.mark.usefixtures("clock_stands")
async def test_the_second_within_a_month_and_the_last_one_take_seven_days(scene: Scene) -> None:
    await three_people(scene)
    people = await begin_to_remove(await scene.at_her_pages(), "Carl")

    ask = await people.follow("Remove: Cleo")

    now = await cast.now(scene.house)
    assert on_her_clock(now + timedelta(days=7), now) in ask.text
    assert "It takes 7 days on purpose" in ask.text
    assert "Everybody on your list hears that trusted people are being removed" in ask.text


async def test_she_changes_her_mind_with_one_press(scene: Scene) -> None:
    await three_people(scene)
    people = await begin_to_remove(await scene.at_her_pages(), "Carl")
    carl, *_ = await scene.contacts()

    people = await people.press(f"/owner/people/{carl.id}/stay")

    assert "Done: Carl stays on your list." in people.text
    carl, *_ = await scene.contacts()
    assert carl.status is ContactStatus.ACTIVE
    late = await scene.at_her_pages()
    assert all("not-removed-by-me" not in form.action for form in late.forms)


async def test_this_was_not_me_needs_no_strong_sign_in(scene: Scene) -> None:
    await three_people(scene)
    await begin_to_remove(await scene.at_her_pages(), "Carl")
    people = await scene.at_her_pages(purpose=LinkPurpose.VIEW)
    carl, *_ = await scene.contacts()
    actions = {form.action for form in people.forms}
    assert f"/owner/people/{carl.id}/stay" not in actions

    done = await people.press(f"/owner/people/{carl.id}/not-removed-by-me")

    assert done.path == "/owner/not-me"
    assert "Carl stays on your list and can block your wallet as before." in done.text
    assert "If it was not you, who was it?" in done.text
    assert (await scene.contacts())[0].status is ContactStatus.ACTIVE
    again = await people.press(f"/owner/people/{carl.id}/not-removed-by-me")
    assert again.status == 409


async def test_removing_and_keeping_need_a_recent_strong_sign_in(scene: Scene) -> None:
    await three_people(scene)
    await begin_to_remove(await scene.at_her_pages(), "Carl")
    carl, cleo, _ = await scene.contacts()
    people = await scene.at_her_pages(purpose=LinkPurpose.VIEW)
    token = people.form(f"/owner/people/{carl.id}/not-removed-by-me").fields["csrf_token"]
    assert not {words for _, words in people.links} & {"Remove: Cleo", "Send again: Dora"}

    browser = people.browser
    refused = [
        await browser.open(f"/owner/people/{cleo.id}/remove"),
        await browser.send(f"/owner/people/{cleo.id}/remove", {"csrf_token": token}),
        await browser.send(f"/owner/people/{carl.id}/stay", {"csrf_token": token}),
        await browser.open(f"/owner/people/{carl.id}/send-again"),
    ]

    assert [page.status for page in refused] == [401] * 4
    assert {page.title for page in refused} == {"Sign in again to change something · Norte"}
    carl, cleo, _ = await scene.contacts()
    assert (carl.status, cleo.status) == (ContactStatus.LEAVING, ContactStatus.ACTIVE)


async def test_another_owners_person_is_neither_removed_nor_kept(scene: Scene) -> None:
    carl, *_ = await three_people(scene)
    await cast.olga(scene.house, scene.wallet, "mallory-1")
    people = await scene.at_her_pages(subject="mallory-1")
    token = (await people.follow("Invite someone")).form("/owner/invite").fields["csrf_token"]

    for what in ("remove", "stay", "not-removed-by-me", "not-invited-by-me", "send-again"):
        path = f"/owner/people/{carl.id}/{what}"
        assert (await people.browser.send(path, {"csrf_token": token})).status == 404
    assert (await people.open(f"/owner/people/{carl.id}/remove")).status == 404
    assert (await scene.contacts())[0].status is ContactStatus.ACTIVE


async def test_a_page_kept_open_across_a_freeze_says_so_calmly_and_does_nothing(
    scene: Scene,
) -> None:
    key = await scene.contact("Carl")
    await cast.move_clock(scene.house, timedelta(hours=24))
    ask = await (await scene.at_her_pages()).follow("Remove: Carl")
    await a_receipt(scene, scene.browser(), key)

    late = await ask.press(ask.path)

    assert late.status == 401
    assert "The time for this page is over" in late.title
    assert "What was not confirmed was not done." in late.text
    assert "call Norte" in late.text
    # Whoever holds the page does not learn from it that the wallet was stopped.
    assert "blocked" not in late.text.partition("Call Norte")[0]
    assert (await scene.contacts())[0].status is ContactStatus.ACTIVE


async def test_a_page_link_used_twice_says_that_it_works_once(scene: Scene) -> None:
    link = await scene.page_link()
    await (await scene.browser().open(link)).press("/owner/enter")

    again = await (await scene.browser().open(link)).press("/owner/enter")

    assert again.status == 410
    assert "The way in works once, and for one minute." in again.text
