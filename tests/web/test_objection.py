""" "This was not me": the owner stops a removal from the notice of it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from domain import contacts
from domain.contacts import Contact, ContactStatus
from domain.events import THE_CLOCK, Actor, ActorKind, RemovalDisowned, name_of
from service.security import message_links
from service.security.message_links import Says
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.rows import clock, keep
from service.storage.tables import outbox
from tests.people import move_clock
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio


async def begin_removal(scene: Scene) -> Contact:
    """Carl's removal, by whoever holds Olga's unlocked phone."""
    async with scene.house.engine.begin() as db:
        (carl, *_) = await scene.contacts()
        account = await load.account_for_change(db, scene.wallet.id, carl.account_id)
        change = contacts.begin_removal(
            carl,
            account=account,
            others=(),
            policy=scene.wallet.policy.contacts,
            now=await clock(db),
        )
        actor = Actor(ActorKind.OWNER, account.id)
        return await keep(db, scene.wallet.id, carl, change, by=actor)


async def in_the_notice(scene: Scene, carl: Contact) -> str:
    """The token as the notice carries it."""
    async with scene.house.engine.connect() as db:
        directory = HouseDirectory(scene.house.keys)
        token = await directory.objection(db, scene.wallet.id, carl.id)
    assert token is not None
    return token


async def test_one_button_in_the_notice_keeps_the_contact(scene: Scene) -> None:
    await scene.contact()
    carl = await begin_removal(scene)
    token = await in_the_notice(scene, carl)

    opened = await scene.browser().open(f"/not-mine#{token}")
    assert (await scene.contacts())[0].status is ContactStatus.LEAVING
    done = await opened.press("/not-mine", token=token)

    assert done.path == "/not-mine/done"
    assert "The removal is stopped" in done.text
    assert "Carl" not in done.text
    (stays,) = await scene.contacts()
    assert (stays.status, stays.leaves_at) == (ContactStatus.ACTIVE, None)


async def test_pressed_again_it_says_that_nothing_is_left_to_stop(scene: Scene) -> None:
    await scene.contact()
    token = await in_the_notice(scene, await begin_removal(scene))
    browser = scene.browser()
    await (await browser.open("/not-mine")).press("/not-mine", token=token)

    again = await (await browser.open("/not-mine")).press("/not-mine", token=token)

    assert again.status == 422
    assert "nothing left to stop" in again.text


async def test_the_notice_of_one_removal_does_not_stop_a_later_one(scene: Scene) -> None:
    await scene.contact()
    first = await in_the_notice(scene, await begin_removal(scene))
    page = await scene.browser().open("/not-mine")
    await page.press("/not-mine", token=first)
    second = await in_the_notice(scene, await begin_removal(scene))

    assert second != first
    refused = await page.press("/not-mine", token=first)

    assert refused.status == 422
    assert (await scene.contacts())[0].status is ContactStatus.LEAVING


async def test_after_the_last_instant_it_is_too_late(scene: Scene) -> None:
    await scene.contact()
    carl = await begin_removal(scene)
    token = await in_the_notice(scene, carl)
    async with scene.house.engine.begin() as db:
        account = await load.account_for_change(db, scene.wallet.id, carl.account_id)
        instant = await clock(db)
        told = contacts.notice_removal(carl, account=account, noticed_at=instant, now=instant)
        await keep(db, scene.wallet.id, carl, told, by=THE_CLOCK)
    await move_clock(scene.house, timedelta(days=7))

    late = await (await scene.browser().open("/not-mine")).press("/not-mine", token=token)

    assert late.status == 422
    assert "nothing left to stop" in late.text
    async with scene.house.engine.connect() as db:
        directory = HouseDirectory(scene.house.keys)
        assert await directory.objection(db, scene.wallet.id, carl.id) is None


async def test_what_a_stranger_types_stops_nothing_and_tells_nothing(scene: Scene) -> None:
    await scene.contact()
    carl = await begin_removal(scene)
    page = await scene.browser().open("/not-mine")
    nobodys = message_links.sign(scene.house.keys, scene.wallet.id, Says.NOT_ME, carl.id)
    forged = nobodys[:22] + "A" * 21

    answers = {
        typed: re.sub(r"[\w-]{20,}", "", (await page.press("/not-mine", token=typed)).text)
        for typed in (nobodys, forged, "A" * 43, "not a key")
    }

    assert len(set(answers.values())) == 1
    assert (await scene.contacts())[0].status is ContactStatus.LEAVING
    empty = await page.press("/not-mine", token="")
    assert "paste the key" in empty.text


async def test_what_happened_is_told_to_owner_and_contact(scene: Scene) -> None:
    await scene.contact()
    carl = await begin_removal(scene)
    token = await in_the_notice(scene, carl)
    await (await scene.browser().open("/not-mine")).press("/not-mine", token=token)

    async with scene.house.engine.connect() as db:
        of_it = outbox.c.event == name_of(RemovalDisowned)
        told = await db.scalar(select(func.count()).select_from(outbox).where(of_it))
    assert told == 1


async def test_whoever_said_not_me_is_not_written_to_again(scene: Scene) -> None:
    await scene.contact()
    (carl,) = await scene.contacts()
    directory = HouseDirectory(scene.house.keys)
    async with scene.house.engine.connect() as db:
        written_to = await directory.open_contact(db, scene.wallet.id, carl.id)
        assert len(await directory.contact(db, scene.wallet.id, carl.id)) == 1
    assert written_to is not None
    assert written_to.not_me is not None
    assert message_links.contact_in(written_to.not_me) == carl.id

    async with scene.house.engine.begin() as db:
        account = await load.account_for_change(db, scene.wallet.id, carl.account_id)
        change = contacts.not_this_person(carl, account=account, now=await clock(db))
        actor = Actor(ActorKind.CONTACT, carl.id)
        await keep(db, scene.wallet.id, carl, change, by=actor)

    async with scene.house.engine.connect() as db:
        assert await directory.contact(db, scene.wallet.id, carl.id) == ()
        assert await directory.open_contact(db, scene.wallet.id, carl.id) is None


async def test_nobody_writes_to_someone_removed_for_safety(scene: Scene) -> None:
    await scene.contact()
    (carl,) = await scene.contacts()
    async with scene.house.engine.begin() as db:
        change = contacts.remove_for_safety(carl, now=await clock(db))
        actor = Actor(ActorKind.OWNER, carl.account_id)
        await keep(db, scene.wallet.id, carl, change, by=actor)

    async with scene.house.engine.connect() as db:
        directory = HouseDirectory(scene.house.keys)
        assert await directory.contact(db, scene.wallet.id, carl.id) == ()
