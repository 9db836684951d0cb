"""The owner's pages: reached from the wallet's app, and what can be done there."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update

from domain.contacts import ContactStatus
from service.operations.addresses import normal_phone
from service.storage.tables import browser_sessions
from service.storage.values import LinkPurpose
from service.web.countries import countries
from tests import people as cast
from tests.web.scene import Scene, a_receipt

pytestmark = pytest.mark.anyio


async def test_the_owner_comes_from_the_app_and_invites_by_e_mail(scene: Scene) -> None:
    olga = scene.browser()
    arrived = await olga.open(await scene.page_link())
    assert "__Host-owner" not in olga.cookies
    people = await arrived.press("/owner/enter")
    assert people.path == "/owner"
    assert "0 of 5 places taken" in people.text
    assert people.text.count("Free place") == 5

    form = await people.follow("Invite someone")
    people = await form.press("/owner/invite", name="Carl", email="Carl@Correo.example")

    assert people.path == "/owner"
    assert "The invitation to Carl is on its way." in people.text
    assert "Carl has not answered yet; 6 days left c•••@c•••.example" in people.text
    assert "is on its way" not in (await olga.open("/owner")).text


async def test_a_phone_is_invited_with_its_country(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")
    offered = form.form("/owner/invite").offered["country"]
    assert offered == ["AR", "BR", "CO", "UY"]
    assert form.form("/owner/invite").fields["country"] == "AR"

    refused = await form.press("/owner/invite", name="Cleo", way="phone", phone="12")
    assert refused.status == 422
    assert "Check the country and the number" in refused.text
    people = await refused.press("/owner/invite", country="UY", phone="094 231 234")

    assert "Cleo has not answered yet" in people.text
    assert "+59 ••• 34" in people.text


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
def test_each_country_comes_with_a_number_that_would_be_accepted(language: str) -> None:
    every = countries(("1", "34", "52", "54", "55", "57", "598", "999"), language)

    assert {"AR", "US", "CA", "ES", "MX"} <= {country.code for country in every}
    for country in every:
        assert country.name
        assert normal_phone(country.example, country=country.code, dialling_codes=None)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": "", "email": "carl@correo.example"}, "Write a name."),
        ({"name": "Carl 2", "email": "carl@correo.example"}, "Use letters, spaces"),
        ({"name": "Carl", "email": "carl@"}, "Write a whole e-mail address"),
        ({"name": "Carl", "email": f"{cast.OLGA}@correo.example"}, "This address is your own."),
        ({"name": "Carl", "way": "phone", "phone": "11"}, "Check the country"),
    ],
)
async def test_what_cannot_be_invited_is_said_and_stays_typed(
    scene: Scene, typed: dict[str, str], words: str
) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")

    refused = await form.press("/owner/invite", **typed)

    assert refused.status == 422
    assert words in refused.text
    assert refused.form("/owner/invite").fields.items() >= typed.items()
    assert await scene.contacts() == ()


async def test_the_same_address_is_invited_once(scene: Scene) -> None:
    await scene.invitation()
    form = await (await scene.at_her_pages()).follow("Invite someone")

    refused = await form.press("/owner/invite", name="Carlos", email="CARL@correo.example")

    assert refused.status == 422
    assert "Someone on your list has this address already." in refused.text


async def test_the_same_form_sent_twice_at_once_invites_once(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")
    typed = {"name": "Carl", "email": "carl@correo.example"}

    pages = await asyncio.gather(*(form.press("/owner/invite", **typed) for _ in range(5)))

    assert {page.path for page in pages} == {"/owner"}
    assert len(await scene.contacts()) == 1
    # Back, and another name into the same form: that is another person.
    people = await form.press("/owner/invite", name="Cleo", email="cleo@correo.example")
    assert "The invitation to Cleo is on its way." in people.text
    assert len(await scene.contacts()) == 2


async def test_a_full_list_invites_nobody(scene: Scene) -> None:
    people = await scene.at_her_pages()
    form = await people.follow("Invite someone")
    for name in ("Ana", "Berta", "Carl", "Dora", "Elsa"):
        typed = {"name": name, "email": f"{name.lower()}@correo.example"}
        people = await form.press("/owner/invite", **typed)
    assert "5 of 5 places taken" in people.text
    assert all(words != "Invite someone" for _, words in people.links)

    page = await form.press("/owner/invite", name="Fermín", email="fermin@correo.example")

    assert page.status == 409
    assert "All places are taken" in page.title
    assert (await page.follow("Back to the list")).path == "/owner"


async def test_an_invitation_is_taken_back_at_once(scene: Scene) -> None:
    await scene.invitation()
    people = await scene.at_her_pages()
    ask = await people.follow("Take back: Carl")
    assert "Take back the invitation to Carl?" in ask.title

    people = await ask.press(ask.path)

    assert "Done: Carl is no longer on your list." in people.text
    assert "0 of 5 places taken" in people.text
    assert (await ask.press(ask.path)).status == 404


async def test_an_acceptance_is_undone_within_a_day_and_not_later(scene: Scene) -> None:
    await scene.contact("Carl")
    await cast.move_clock(scene.house, timedelta(hours=24) - timedelta(minutes=1))
    people = await scene.at_her_pages()
    ask = await people.follow("Take back: Carl")
    assert "Take Carl off your list?" in ask.title
    await cast.move_clock(scene.house, timedelta(minutes=1))

    late = await ask.press(ask.path)

    assert late.status == 409
    assert "This cannot be taken back any more" in late.title
    (carl,) = await scene.contacts()
    assert carl.status is ContactStatus.ACTIVE
    people = await scene.at_her_pages()
    assert all("Take back" not in words for _, words in people.links)


async def test_without_a_recent_strong_sign_in_the_pages_only_show(scene: Scene) -> None:
    await scene.invitation()
    people = await scene.at_her_pages(purpose=LinkPurpose.VIEW)
    (carl,) = await scene.contacts()

    assert "Carl has not answered yet" in people.text
    assert "sign in again in the Norte app" in people.text
    assert not {words for _, words in people.links} & {"Invite someone", "Take back: Carl"}
    olga = scene.browser()
    await (await olga.open(await scene.page_link(purpose=LinkPurpose.VIEW))).press("/owner/enter")
    back = f"/owner/people/{carl.id}/take-back"
    token = (await olga.open("/i")).form("/i").fields["csrf_token"]
    for page in (
        await olga.open("/owner/invite"),
        await olga.open(back),
        await olga.send(
            "/owner/invite", {"csrf_token": token, "name": "X", "email": "x@a.example"}
        ),
        await olga.send(back, {"csrf_token": token}),
    ):
        assert page.status == 401
        assert "Sign in again to change something" in page.title
    assert len(await scene.contacts()) == 1


async def test_another_owners_person_does_not_exist(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "mallory-1")
    await scene.invitation()
    (carl,) = await scene.contacts()
    mallory = scene.browser()
    link = await scene.page_link(subject="mallory-1")
    page = await (await mallory.open(link)).press("/owner/enter")
    token = (await page.follow("Invite someone")).form("/owner/invite").fields["csrf_token"]

    path = f"/owner/people/{carl.id}/take-back"
    assert (await mallory.open(path)).status == 404
    assert (await mallory.send(path, {"csrf_token": token})).status == 404
    assert (await mallory.open("/owner/people/not-an-id/take-back")).status == 404
    (carl,) = await scene.contacts()
    assert carl.status is ContactStatus.INVITED


async def test_a_page_link_opens_once_within_a_minute_and_looking_spends_nothing(
    scene: Scene,
) -> None:
    link = await scene.page_link()
    for _ in range(3):
        await scene.browser().open(link)
    arrived = await scene.browser().open(link)
    assert (await arrived.press("/owner/enter")).path == "/owner"

    used = await (await scene.browser().open(link)).press("/owner/enter")
    late_link = await scene.page_link()
    await cast.move_clock(scene.house, timedelta(seconds=60))
    late = await (await scene.browser().open(late_link)).press("/owner/enter")
    made_up = await (await scene.browser().open("/owner/enter?once=xyz")).press("/owner/enter")
    none = await scene.browser().open("/owner/enter")

    for page in (used, late, made_up, none):
        assert page.status == 410
        assert "Open it again from the Norte app" in page.text


async def test_a_page_link_pressed_twice_at_once_opens_once(scene: Scene) -> None:
    link = await scene.page_link()
    arrived = [await scene.browser().open(link) for _ in range(5)]

    pages = await asyncio.gather(*(page.press("/owner/enter") for page in arrived))

    assert sum(page.path == "/owner" for page in pages) == 1


async def test_the_owners_pages_end_with_their_time_and_with_a_freeze(scene: Scene) -> None:
    key = await scene.contact()
    people = await scene.at_her_pages()
    form = await people.follow("Invite someone")
    await cast.move_clock(scene.house, timedelta(minutes=15))
    late = await form.press("/owner/invite", name="Cleo", email="cleo@correo.example")
    assert late.status == 401
    assert "Open it again from the Norte app" in late.text

    people = await scene.at_her_pages()
    form = await people.follow("Invite someone")
    await a_receipt(scene, scene.browser(), key)
    frozen = await form.press("/owner/invite", name="Cleo", email="cleo@correo.example")
    assert frozen.status == 401
    assert len(await scene.contacts()) == 1


async def test_the_owners_cookie_and_the_contacts_open_nothing_of_each_other(
    scene: Scene,
) -> None:
    await scene.invitation()
    olga = scene.browser()
    await (await olga.open(await scene.page_link())).press("/owner/enter")
    owners = olga.cookies["__Host-owner"]
    olga.cookies["__Host-contact"] = owners
    assert (await olga.open("/r/what")).status == 401
    assert (await olga.open("/i/read")).status == 401

    carl = scene.browser()
    token = await scene.secret("contact-invited")
    await (await carl.open("/i")).press("/i", token=token)
    carl.cookies["__Host-owner"] = carl.cookies["__Host-contact"]
    assert (await carl.open("/owner")).status == 401
    assert (await carl.open("/r/code")).status == 401


async def test_the_list_speaks_on_the_owners_clock(scene: Scene) -> None:
    people = await scene.at_her_pages("es")
    async with scene.house.engine.begin() as db:
        instant = await cast.now(scene.house)
        noon = instant.replace(hour=15, minute=7, second=0) + timedelta(days=1)
        await db.execute(update(browser_sessions).values(expires_at=noon))

    people = await people.follow("English")

    # 15:07 in UTC is 12:07 in Buenos Aires.
    assert "12:07" in people.text
