"""Sending again, the limits, everything wrong at once, and who counts on the owner."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from domain.contacts import ContactStatus
from service.storage.tables import account_addresses, outbox
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.web.owner_scene import on_her_clock
from tests.web.scene import Scene, accept, to_the_code

pytestmark = pytest.mark.anyio


async def sent(scene: Scene, event: str) -> int:
    async with scene.house.engine.connect() as db:
        counted = select(func.count()).select_from(outbox).where(outbox.c.event == event)
        return await db.scalar(counted) or 0


@pytest.mark.usefixtures("clock_stands")
async def test_an_invitation_is_sent_again_a_day_later_and_not_before(scene: Scene) -> None:
    await scene.invitation()
    (carl,) = await scene.contacts()
    await cast.move_clock(scene.house, timedelta(hours=24) - timedelta(minutes=5))
    ask = await (await scene.at_her_pages()).follow("Send again: Carl")
    assert "Carl still has time to answer until" in ask.text

    early = await ask.press(ask.path)

    assert early.status == 429
    when = on_her_clock(carl.sent_at[0] + timedelta(hours=24), await cast.now(scene.house))
    assert f"the next one can go out from {when}" in early.text
    assert await sent(scene, "invitation-sent-again") == 0
    await cast.move_clock(scene.house, timedelta(minutes=5))
    people = await early.press(early.path)
    assert "The invitation to Carl is on its way once more." in people.text
    assert await sent(scene, "invitation-sent-again") == 1
    # The same form again is the same sending.
    await early.press(early.path)
    assert await sent(scene, "invitation-sent-again") == 1


async def test_a_decline_looks_like_no_answer_also_when_sent_again(scene: Scene) -> None:
    token = await scene.invitation()
    before = await scene.at_her_pages()
    opened = await scene.browser().open(f"/i#{token}")
    await (await opened.press("/i", token=token)).press("/i/decline")
    (carl,) = await scene.contacts()
    assert carl.status is ContactStatus.DECLINED

    after = await scene.at_her_pages()
    assert "Carl has not answered yet; 6 days left" in after.text
    assert [words for _, words in after.links] == [words for _, words in before.links]
    assert "declined" not in (await after.follow("What happened")).text
    await cast.move_clock(scene.house, timedelta(hours=24))
    ask = await (await scene.at_her_pages()).follow("Send again: Carl")
    assert "is on its way once more" in (await ask.press(ask.path)).text


async def test_everything_that_is_wrong_is_said_at_once_beside_its_field(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")

    refused = await form.press("/owner/invite", name="Carl 2", way="phone", phone="12")

    assert refused.status == 422
    assert refused.text.count("Use letters, spaces") == 2
    assert refused.text.count("Check the country and the number") == 2
    assert refused.form("/owner/invite").fields["phone"] == "12"


@pytest.mark.parametrize("phone", ["+1 212 555 2368", "+54 11 4123-4567", "0600 123 4567"])
async def test_what_no_code_can_reach_is_refused_at_invitation(scene: Scene, phone: str) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")

    refused = await form.press("/owner/invite", name="Carl", way="phone", phone=phone)

    assert refused.status == 422
    assert "Check the country and the number" in refused.text
    assert await scene.contacts() == ()


@pytest.mark.parametrize("phone", ["011 15 2345-6789", "+54 9 11 2345 6789"])
async def test_her_own_number_is_hers_however_it_is_written(scene: Scene, phone: str) -> None:
    form = await (await scene.at_her_pages()).follow("Invite someone")

    refused = await form.press("/owner/invite", name="Carl", way="phone", phone=phone)

    assert refused.status == 422
    assert "This address is your own." in refused.text


async def test_the_limit_says_from_when_and_keeps_what_was_typed(scene: Scene) -> None:
    people = await scene.at_her_pages()
    form = await people.follow("Invite someone")
    typed = {"name": "Carl", "email": "carl@correo.example"}
    for _ in range(10):
        page = await form.press("/owner/invite", **typed)
        assert page.status == 200
        ask = await page.follow("Take back: Carl")
        await ask.press(ask.path)
        # Another address each time: it is the owner's own limit that is met.
        typed["email"] = f"x{typed['email']}"

    refused = await form.press("/owner/invite", **typed)

    assert refused.status == 429
    assert "the next one can go out from" in refused.text
    assert "(Buenos Aires)" in refused.text
    assert refused.form("/owner/invite").fields.items() >= typed.items()


async def test_a_replacement_is_invited_while_someone_leaves_and_waits(scene: Scene) -> None:
    for name in ("Ana", "Berta", "Carl", "Dora", "Elsa"):
        await scene.contact(name)
    await cast.move_clock(scene.house, timedelta(hours=24))
    people = await scene.at_her_pages()
    assert "Invite someone" not in {words for _, words in people.links}
    ask = await people.follow("Remove: Ana")
    people = await ask.press(ask.path)
    form = await people.follow("Invite someone")

    people = await form.press("/owner/invite", name="Fermín", email="fermin@correo.example")

    assert "5 of 5 places taken" in people.text
    assert "Fermín can accept once a place is free" in people.text
    assert "Invite someone" not in {words for _, words in people.links}


async def olga_is_named_by(scene: Scene, subject: str, email: str) -> None:
    """Another owner names her, and she accepts."""
    await cast.olga(scene.house, scene.wallet, subject)
    people = await scene.at_her_pages(subject=subject)
    form = await people.follow("Invite someone")
    await form.press("/owner/invite", name="Olga", email=email)
    await accept(scene, scene.browser(), await scene.secret("contact-invited"))


async def test_who_counts_on_her_is_whoever_she_accepted_under_a_proved_address(
    scene: Scene,
) -> None:
    page = await (await scene.at_her_pages()).follow("Who counts on me")
    assert "Nobody here" in page.text
    await olga_is_named_by(scene, "bruno-1", f"{cast.OLGA}@correo.example")

    page = await (await scene.at_her_pages()).follow("Who counts on me")

    # The cast's owners are all called Olga.
    assert "you can block their wallet in a minute" in page.text
    assert page.html.count('class="face"') == 1
    weak = await scene.at_her_pages(purpose=LinkPurpose.VIEW)
    refused = await weak.follow("Who counts on me")
    assert refused.status == 401
    assert "Sign in again" in refused.title


async def test_whoever_gets_an_address_later_learns_nothing_of_its_former_holder(
    scene: Scene,
) -> None:
    await olga_is_named_by(scene, "bruno-1", f"{cast.OLGA}@correo.example")
    async with scene.house.engine.begin() as db:
        await db.execute(
            update(account_addresses).values(
                verified_at=await cast.now(scene.house) + timedelta(seconds=1)
            )
        )

    page = await (await scene.at_her_pages()).follow("Who counts on me")

    assert "Nobody here" in page.text


async def test_an_invitation_she_has_not_accepted_is_not_shown(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "bruno-1")
    people = await scene.at_her_pages(subject="bruno-1")
    form = await people.follow("Invite someone")
    await form.press("/owner/invite", name="Olga", email=f"{cast.OLGA}@correo.example")
    await to_the_code(scene.browser(), await scene.secret("contact-invited"))

    assert "Nobody here" in (await (await scene.at_her_pages()).follow("Who counts on me")).text
