"""How a contact gets to their report: the link, the code, and how long both last."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text, update

from service.storage.tables import browser_sessions
from service.storage.tables import contacts as contact_rows
from tests import people as cast
from tests.web.scene import Scene, to_the_report_code

pytestmark = pytest.mark.anyio


async def test_nobody_gets_past_the_link_without_one(scene: Scene) -> None:
    mallory = scene.browser()

    for path in ("/r/code", "/r/whose", "/r/what", "/r/check", "/r/receipt"):
        page = await mallory.open(path)
        assert page.status == 401
        assert "The time for this page is over" in page.title
    mallory.cookies["__Host-contact"] = "x" * 32
    assert (await mallory.open("/r/check")).status == 401


async def test_used_foreign_and_made_up_links_look_alike(scene: Scene) -> None:
    invitation = await scene.invitation("Cleo")
    key = await scene.contact()
    (cleo, carl) = await scene.contacts()
    left = await scene.contact("Bruno")
    async with scene.house.engine.begin() as db:
        await db.execute(
            update(contact_rows)
            .where(contact_rows.c.id.not_in([cleo.id, carl.id]))
            .values(status="left", place=None)
        )

    answers: set[tuple[int, str]] = set()
    for token in (invitation, left, key[::-1], "x" * 32):
        opened = await scene.browser().open("/r")
        page = await opened.press("/r", token=token)
        answers.add((page.status, page.text))

    ((status, words),) = answers
    assert status == 422
    assert "This key does not work" in words


async def test_the_next_code_is_sent_when_its_time_has_come(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    first = await scene.code()
    again = code.form("/r/code")

    too_soon = await code.press(again)
    assert too_soon.path == "/r/code"
    assert "Another can be sent from" in too_soon.text
    assert "A new code is on its way" not in too_soon.text
    assert await scene.code() == first

    await cast.move_clock(scene.house, timedelta(seconds=61))
    sent = await code.press(again)
    assert "A new code is on its way" in sent.text
    assert await scene.code() != first
    # The last two of a challenge are right.
    assert (await sent.press("/r/code/check", code=first)).path == "/r/what"


async def test_an_old_code_says_that_it_is_old(scene: Scene) -> None:
    key = await scene.contact()
    code = await to_the_report_code(scene.browser(), key)
    old = await scene.code()
    await cast.move_clock(scene.house, timedelta(minutes=10))

    late = await code.press("/r/code/check", code=old)

    assert late.status == 422
    assert "This code is too old by now" in late.text
    assert [form.action for form in late.forms] == ["/r/code"]
    fresh = await late.press("/r/code")
    assert (await fresh.press("/r/code/check", code=await scene.code())).path == "/r/what"


async def test_a_hundred_guesses_at_once_do_not_open_the_way(scene: Scene) -> None:
    key = await scene.contact()
    code = await to_the_report_code(scene.browser(), key)
    wrong = await scene.wrong_code()

    pages = await asyncio.gather(*(code.press("/r/code/check", code=wrong) for _ in range(100)))

    # On a slow machine some wait too long for a connection, and then nothing was compared.
    statuses = {page.status for page in pages}
    assert 422 in statuses
    assert statuses <= {422, 503}
    late = await code.press("/r/code/check", code=await scene.code())
    assert late.status == 422
    assert "Too many wrong codes" in late.text
    async with scene.house.engine.connect() as db:
        attempts = await db.scalar(text("SELECT max(attempts) FROM challenges"))
    assert attempts == 5


async def test_a_code_spent_twice_at_once_opens_one_visit(scene: Scene) -> None:
    key = await scene.contact()
    code = await to_the_report_code(scene.browser(), key)
    right = await scene.code()

    await asyncio.gather(*(code.press("/r/code/check", code=right) for _ in range(5)))

    async with scene.house.engine.connect() as db:
        verified = await db.scalar(
            select(func.count()).where(
                browser_sessions.c.purpose == "report",
                browser_sessions.c.verified_at.isnot(None),
            )
        )
    assert verified == 1


async def test_the_verified_browser_gets_another_cookie(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    before = carl.cookies["__Host-contact"]
    await code.press("/r/code/check", code=await scene.code())
    assert carl.cookies["__Host-contact"] != before

    carl.cookies["__Host-contact"] = before
    assert (await carl.open("/r/what")).status == 401


async def test_what_was_typed_survives_the_end_of_the_visit(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    what = await code.press("/r/code/check", code=await scene.code())
    await cast.move_clock(scene.house, timedelta(minutes=15))

    late = await what.press("/r/what", kind="stolen", note="on the bus")
    assert late.status == 401
    assert "Nothing was blocked yet" in late.text
    assert "on the bus" not in late.text

    opened = await late.follow("Get a new code")
    code = await opened.press("/r", token=key)
    # Not before the new code: whoever holds the phone now must not read it.
    assert (await carl.open("/r/check")).path == "/r/code"
    what = await code.press("/r/code/check", code=await scene.code())
    assert what.form("/r/what").fields["note"] == "on the bus"
    assert what.form("/r/what").fields["kind"] == "stolen"


async def test_a_visits_time_begins_with_the_code(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    await cast.move_clock(scene.house, timedelta(minutes=9))
    await code.press("/r/code/check", code=await scene.code())

    await cast.move_clock(scene.house, timedelta(minutes=14))
    assert (await carl.open("/r/what")).status == 200
    await cast.move_clock(scene.house, timedelta(minutes=1))
    assert (await carl.open("/r/what")).status == 401
