"""When a report cannot be stored: "NOT stopped" first, whom to call, and what was typed."""

import re

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from service.settings import Settings
from tests.lines import Line, line, short_folder
from tests.web.scene import Scene, to_the_check

__all__ = ["line", "short_folder"]

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(settings: Settings, line: Line) -> Settings:
    """Only the app is behind the line; the test itself still sees the database."""
    return replace(settings, database_url=line.url)


async def test_when_nothing_can_be_stored_the_page_says_not_stopped_first(
    scene: Scene, line: Line
) -> None:
    key = await scene.contact()
    carl = scene.browser()
    told = {"noticed": "just_now", "reach": "011 4321-1234", "note": "on <the> bus"}
    summary = await to_the_check(scene, carl, key, **told)
    mallory = scene.browser()
    foreign = (await mallory.open("/r")).form("/r").fields["csrf_token"]
    line.cut()

    page = await summary.press("/r/confirm")

    assert page.status == 503
    assert page.headers["retry-after"]
    assert page.title == "NOT stopped · Norte"
    main = page.html.partition("<main")[2]
    assert re.search(r"<h1>([^<]*)", main).group(1) == "NOT stopped"  # pyright: ignore[reportOptionalMemberAccess]  # None fails the test too
    for words in ("+54 800 555 0101", "Stolen", "Just now", "+54 11 4321-1234", "on <the> bus"):
        assert words in page.text
    assert "<the>" not in page.html
    again = next(href for href, words in page.links if "Try again here" in words)
    assert again == "/r/check"
    # What was typed two pages earlier is kept just as well,
    csrf = summary.form("/r/confirm").fields["csrf_token"]
    what = await carl.send("/r/what", {"csrf_token": csrf, "kind": "lost", "note": "on the bus"})
    assert what.status == 503
    assert "on the bus" in what.text
    # words of a form that is not ours are not repeated,
    foreign_form = {"csrf_token": foreign, "note": "Call +1 900 ..."}
    forged = await carl.send("/r/confirm", foreign_form)
    assert forged.status == 403
    assert "+1 900" not in forged.text
    # and the first page of a report needs no database at all.
    assert (await carl.open("/r")).status == 200
    for path in ("/i/read", "/owner"):
        carl.cookies["__Host-owner"] = "x" * 32
        page = await carl.open(path)
        assert page.status == 503
        assert "nothing was done" in page.text


async def test_a_fault_of_ours_while_storing_says_not_stopped(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    summary = await to_the_check(scene, carl, key, note="on the bus")
    async with scene.house.engine.begin() as db:
        wallet_key = await db.execute(text("SELECT data_key_id FROM wallets"))
        await db.execute(
            text("UPDATE data_keys SET wrapped = '\\x00' WHERE id = :id"),
            {"id": wallet_key.scalar_one()},
        )

    page = await summary.press("/r/confirm")

    assert page.status == 503
    assert page.title == "NOT stopped · Norte"
    assert "on the bus" in page.text


async def test_the_owner_without_a_phone_reads_not_stopped_too(scene: Scene, line: Line) -> None:
    form = await scene.browser().open("/mine")
    line.cut()

    page = await form.press("/mine", address="olga-1@correo.example", number="011 4321-1234")

    assert page.status == 503
    assert page.title == "NOT stopped · Norte"
    for words in ("+54 800 555 0101", "olga-1@correo.example", "011 4321-1234"):
        assert words in page.text
    assert ("/mine", "Try again here") in page.links
