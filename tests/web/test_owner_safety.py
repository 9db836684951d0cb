"""Help against somebody near: asked quietly, told to nobody, left at once."""

import msgspec
import pytest
from sqlalchemy import func, select

from domain.recovery import GoodTime, Voice
from domain.safety import Wish
from domain.tickets import TicketKind
from service.security.encryption import Place
from service.storage.keychain import Opener
from service.storage.tables import deliveries, outbox, safety_notes, tickets
from service.storage.values import LinkPurpose
from tests.web.owner_scene import three_people
from tests.web.scene import Scene

pytestmark = pytest.mark.anyio
HELP = "I do not feel safe with someone here"


async def asked(scene: Scene) -> list[Wish]:
    """What was asked, as trained agents read it."""
    async with scene.house.engine.connect() as db:
        kinds = set(await db.scalars(select(tickets.c.kind)))
        assert kinds <= {TicketKind.SAFETY.value}
        rows = (await db.execute(select(safety_notes.c.id, safety_notes.c.said))).all()
        opener = await Opener.for_values(db, scene.house.keys, [row.said for row in rows])
        said = [opener.text(Place("safety_notes", "said", row.id), row.said) for row in rows]
    return [msgspec.json.decode(one, type=Wish) for one in said]


async def test_how_and_when_is_asked_and_kept(scene: Scene) -> None:
    await three_people(scene)
    # Also without a recent strong sign-in.
    form = await (await scene.at_her_pages(purpose=LinkPurpose.VIEW)).follow(HELP)

    done = await form.press(
        "/owner/help",
        voice="call",
        good_time="morning",
        number="11 5555 0142",
        words="Es Carl.\nLlamen cuando trabajo.",
    )

    assert done.path == "/owner/help/done"
    assert "We have it" in done.text
    (wish,) = await asked(scene)
    assert (wish.voice, wish.good_time) == (Voice.CALL, GoodTime.MORNING)
    assert wish.number == "+54 11 5555-0142"
    assert wish.words == "Es Carl.\nLlamen cuando trabajo."


async def test_no_message_goes_out_and_no_page_of_hers_shows_it(scene: Scene) -> None:
    await three_people(scene)
    people = await scene.at_her_pages()
    before = (await people.follow("What happened")).text
    async with scene.house.engine.connect() as db:
        messages = await db.scalar(select(func.count()).select_from(deliveries))
    form = await people.follow(HELP)

    await form.press("/owner/help")

    assert len(await asked(scene)) == 1
    assert (await (await scene.at_her_pages()).follow("What happened")).text == before
    later = await scene.at_her_pages()
    assert 'role="status"' not in later.html
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(deliveries)) == messages
        secret = await db.scalar(
            select(func.count()).where(
                outbox.c.event == "safety-asked", outbox.c.secret.isnot(None)
            )
        )
    assert secret == 0


async def test_the_same_form_sent_twice_asks_once(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow(HELP)

    await form.press("/owner/help")
    await form.press("/owner/help")

    assert len(await asked(scene)) == 1


async def test_what_cannot_be_used_is_said_and_stays_typed(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow(HELP)
    typed = {"voice": "call", "good_time": "evening", "number": "casa", "words": "x" * 1001}

    refused = await form.press("/owner/help", **typed)

    assert refused.status == 422
    assert "Write the number with digits only, or leave it empty." in refused.text
    assert "Please shorten it to 1,000 letters." in refused.text
    assert refused.form("/owner/help").fields.items() >= typed.items()
    assert await asked(scene) == []


async def test_neither_address_nor_title_says_what_it_is_about(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow(HELP)

    assert form.path == "/owner/help"
    assert form.title == "Help · Norte"


async def test_one_link_leads_away_and_the_way_back_shows_nothing(scene: Scene) -> None:
    form = await (await scene.at_her_pages()).follow(HELP)
    (away,) = {href for href, words in form.links if words == "Leave this page now"}

    left = await form.browser.request("GET", away)

    assert left.status_code == 303
    assert left.headers["Location"].startswith("https://www.wikipedia.org/")
    assert "__Host-owner" not in form.browser.cookies
    back = await form.open("/owner/help")
    assert back.status == 401
    assert "The time for this page is over" in back.title


async def test_strangers_see_only_that_the_time_is_over(scene: Scene) -> None:
    for path in ("/owner/help", "/owner/help/done", "/owner/history", "/owner/drill"):
        assert (await scene.browser().open(path)).status == 401


async def test_time_passes_and_the_second_asking_joins(scene: Scene) -> None:
    await (await (await scene.at_her_pages()).follow(HELP)).press("/owner/help")
    await (await (await scene.at_her_pages()).follow(HELP)).press("/owner/help", voice="call")

    assert len(await asked(scene)) == 2
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(tickets)) == 1
