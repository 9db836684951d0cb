"""What is stored about a contact, its erasure, silence, and "I am not this person"."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.contacts import ContactStatus
from domain.ids import ContactId
from notifications.dispatch import dispatch_waiting
from service.security import message_links
from service.security.message_links import Says
from service.security.tokens import new_id
from service.storage.directory import HouseDirectory
from service.storage.tables import deliveries, erasures, person_addresses
from tests import people as cast
from tests.browsers import Page
from tests.web.contact_scene import at_home, promised, with_second
from tests.web.scene import Scene, a_receipt, to_the_report_code
from tests.web.test_report import two_owners

pytestmark = pytest.mark.anyio


def not_me_token(scene: Scene, row_id: ContactId) -> str:
    return message_links.sign(scene.house.keys, scene.wallet.id, Says.NOT_ME, row_id)


async def pressed(scene: Scene, token: str) -> Page:
    opened = await scene.browser().open(f"/not-me#{token}")
    return await opened.press("/not-me", token=token)


async def written_to(scene: Scene) -> set[str]:
    """Which events became messages to a contact."""
    await dispatch_waiting(scene.house.engine, HouseDirectory(scene.house.keys), limit=1000)
    async with scene.house.engine.connect() as db:
        found = select(deliveries.c.event).where(deliveries.c.role == "contact")
        return set(await db.scalars(found))


async def test_the_page_and_the_file_hold_what_is_stored(scene: Scene) -> None:
    key = await scene.contact()
    await a_receipt(scene, scene.browser(), key, note="It was at the <bus> stop")
    carl = scene.browser()
    await at_home(scene, carl, key)

    page = await carl.open("/contact/data")
    answer = await carl.request("GET", "/contact/data.json")

    assert "carl@correo.example" in page.text
    assert "It was at the <bus> stop" in page.text
    assert "Olga" in page.text
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    stored = json.loads(answer.text)
    assert stored["addresses"][0]["address"] == "carl@correo.example"
    assert stored["contacts"][0]["consent_version"]
    assert stored["reports"][0]["note"] == "It was at the <bus> stop"


async def test_nobody_takes_the_file_without_a_code(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    opened = await carl.open("/contact")
    await opened.press("/contact", token=key)

    answer = await carl.request("GET", "/contact/data.json")

    assert answer.status_code == 303
    assert "carl@" not in answer.text


async def test_asking_for_erasure_leaves_everyone_and_keeps_its_first_deadline(
    scene: Scene,
) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    asked = await carl.open("/contact/erase")

    done = await asked.press("/contact/erase")
    await cast.move_clock(scene.house, timedelta(minutes=1))
    await asked.press("/contact/erase")

    assert "Your data will be erased" in done.title
    async with scene.house.engine.connect() as db:
        (row,) = (await db.execute(select(erasures))).all()
    assert row.due_at - row.asked_at == timedelta(days=5)
    assert [c.status for c in await scene.contacts()] == [ContactStatus.LEFT]
    assert len(await promised(scene, "erasure-asked")) == 1


async def test_an_open_ticket_holds_the_erasure_and_the_page_says_so(scene: Scene) -> None:
    key = await scene.contact()
    await a_receipt(scene, scene.browser(), key)
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await carl.open("/contact/erase")
    assert "still being worked on" in page.text

    await page.press("/contact/erase")
    await cast.released(scene.house, scene.wallet)

    assert "still being worked on" not in (await carl.open("/contact/erase")).text


async def test_never_again_means_no_code_and_no_invitation_either(scene: Scene) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    await written_to(scene)
    asked = await carl.open("/contact/never")

    done = await asked.press("/contact/never")
    again = await asked.press("/contact/never")
    before = await count(scene)
    report = await scene.browser().open("/status/address")
    await report.press("/status/address", address="carl@correo.example")
    await cast.olga(scene.house, scene.wallet, "olga-2")
    people = await scene.at_her_pages(subject="olga-2")
    form = await people.follow("Invite someone")
    answer = await form.press("/owner/invite", name="Carl", email="Carl@correo.example")
    await written_to(scene)

    assert "We will not write to you again" in done.title
    assert again.title == done.title
    assert [c.status for c in await scene.contacts()] == [ContactStatus.LEFT]
    # To the owner it is an invitation like any other, that nobody answers.
    assert "is on its way" in answer.text
    assert await count(scene) == before


async def count(scene: Scene) -> int:
    async with scene.house.engine.connect() as db:
        found = select(deliveries.c.id).where(deliveries.c.role == "contact")
        return len((await db.execute(found)).all())


async def test_looking_at_not_me_changes_nothing_and_a_press_ends_an_invitation(
    scene: Scene,
) -> None:
    await scene.invitation()
    (carl,) = await scene.contacts()
    token = not_me_token(scene, carl.id)
    browser = scene.browser()
    for _ in range(2):
        await browser.open(f"/not-me#{token}")
        await browser.request("HEAD", "/not-me")
    assert (await scene.contacts())[0].status is ContactStatus.INVITED

    done = await pressed(scene, token)
    twice = await pressed(scene, token)

    assert done.path == twice.path == "/not-me/done"
    (carl,) = await scene.contacts()
    assert (carl.status, carl.disowned) == (ContactStatus.DECLINED, True)
    assert "Carl has not answered yet" in (await scene.at_her_pages()).text


async def test_an_address_that_changed_hands_is_stopped_for_every_owner(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    await at_home(scene, carl, key)
    await with_second(scene, carl, "carl.second@otro.example")
    (mine, *_) = await scene.contacts()

    await pressed(scene, not_me_token(scene, mine.id))

    assert (await to_the_report_code(scene.browser(), key)).status == 422
    assert "Nobody has you as a trusted person" in (await carl.open("/contact/home")).text
    async with scene.house.engine.connect() as db:
        assert (await db.execute(select(person_addresses))).all() == []


async def test_somebody_elses_invitation_to_my_address_takes_me_from_nobody(scene: Scene) -> None:
    await scene.contact()
    await cast.olga(scene.house, scene.wallet, "olga-2")
    people = await scene.at_her_pages(subject="olga-2")
    form = await people.follow("Invite someone")
    await form.press("/owner/invite", name="Pedro", email="carl@correo.example")
    (pedro,) = await scene.contacts(subject="olga-2")

    await pressed(scene, not_me_token(scene, pedro.id))

    assert [c.status for c in await scene.contacts()] == [ContactStatus.ACTIVE]
    assert (await scene.contacts(subject="olga-2"))[0].status is ContactStatus.DECLINED


async def test_not_me_from_a_second_address_ends_that_address_alone(scene: Scene) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    await with_second(scene, carl, "carl.second@otro.example")
    async with scene.house.engine.connect() as db:
        found = select(person_addresses.c.id).where(person_addresses.c.beside_id.isnot(None))
        second = ContactId((await db.execute(found)).scalar_one())

    await pressed(scene, not_me_token(scene, second))

    async with scene.house.engine.connect() as db:
        assert (await db.execute(found)).all() == []
    assert [c.status for c in await scene.contacts()] == [ContactStatus.ACTIVE]


async def test_made_up_foreign_and_cut_tokens_look_alike(scene: Scene) -> None:
    await scene.contact()
    (carl,) = await scene.contacts()
    right = not_me_token(scene, carl.id)
    other = message_links.sign(scene.house.keys, scene.wallet.id, Says.NOT_MINE, carl.id)
    nobody = not_me_token(scene, ContactId(new_id()))
    tokens = (right[:-1], right[:20] + "A" * 23, other, nobody, "ñ" * 43, "A" * 43)

    answers = [await pressed(scene, token) for token in tokens]

    assert {answer.status for answer in answers} == {422}
    assert len({answer.text for answer in answers}) == 1
    assert [c.status for c in await scene.contacts()] == [ContactStatus.ACTIVE]
