"""A contact without the link: the same journey, by an address of their own; strangers learn
nothing."""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.reports import Way
from service.operations import desk, people
from service.operations.people import NewContact
from service.storage.tables import (
    challenges,
    loss_reports,
    metadata,
    notifications_metadata,
    outbox,
)
from tests import people as cast
from tests.browsers import Browser, Page
from tests.clocks import at_half_past
from tests.web.scene import Scene, to_the_code, to_the_report_code

pytestmark = pytest.mark.anyio

# Known in the wallet, unknown, and odd but well-formed: a stranger may type any of them.
TYPED = ("carl@correo.example", "nobody@correo.example", "x+y.z@sub.dominio.example")
MINUTES = timedelta(minutes=1)


async def to_the_address(browser: Browser) -> Page:
    start = await browser.open("/report")
    return await start.follow("Someone who named me")


async def type_address(browser: Browser, address: str) -> Page:
    return await (await to_the_address(browser)).press("/report/address", address=address)


async def a_contact_by_phone(scene: Scene, number: str) -> None:
    """Cleo, invited at her mobile number, has accepted."""
    token = f"phone-{await cast.now(scene.house)}"
    session = await cast.a_session(scene.house, scene.wallet, token)
    pages = await cast.at_her_pages(scene.house, scene.wallet, session)
    new = NewContact(name="Cleo", kind=AddressKind.PHONE, address=number, country="AR")
    await people.invite(scene.house, scene.wallet, pages, new, key="cleo")
    code = await to_the_code(scene.browser(), await scene.secret("contact-invited"))
    label = await code.press("/i/code/check", code=await scene.code())
    assert label.path == "/i/label"


async def rows(scene: Scene) -> dict[str, int]:
    tables = [*metadata.sorted_tables, *notifications_metadata.sorted_tables]
    async with scene.house.engine.connect() as db:
        return {
            table.name: (await db.execute(select(func.count()).select_from(table))).scalar_one()
            for table in tables
        }


def grown(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


@contextmanager
def counted(scene: Scene) -> Generator[dict[str, list[str]]]:
    """The statements and commits of the app, in their order and without what was in them."""
    seen: dict[str, list[str]] = {"statements": [], "commits": []}

    def statement(_c: Any, _u: Any, text: str, *_: Any) -> None:
        seen["statements"].append(text)

    def commit(_: Any) -> None:
        seen["commits"].append("commit")

    engine = scene.app.state.house.engine.sync_engine
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)


async def test_an_address_a_code_and_one_button_stop_the_wallet(scene: Scene) -> None:
    await scene.contact()
    carl = scene.browser()
    code = await type_address(carl, " Carl@Correo.example ")
    assert code.path == "/r/code"
    assert "c•••@c•••.example" in code.text
    digits = await scene.code()
    assert len(digits) == 8

    what = await code.press("/r/code/check", code=f"{digits[:4]} {digits[4:]}")
    summary = await what.press("/r/what", kind="stolen")
    receipt = await summary.press("/r/confirm")

    assert receipt.path == "/r/receipt"
    assert "Stopped here at" in receipt.title
    async with scene.house.engine.connect() as db:
        (row,) = (await db.execute(select(loss_reports))).all()
    assert (row.way, row.verified_by) == (Way.ADDRESS.value, "email")
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    (waiting,) = (await desk.see_queue(scene.house, astrid)).rows
    assert waiting.verified_by == ("address-email",)


async def test_all_who_named_this_very_address_can_be_chosen(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "bruno-1")
    await scene.contact()
    await scene.contact(subject="bruno-1")
    code = await type_address(scene.browser(), "carl@correo.example")

    whose = await code.press("/r/code/check", code=await scene.code())

    assert whose.path == "/r/whose"
    assert len(whose.form("/r/whose").buttons) == 2


@pytest.mark.parametrize(
    "written", ["+54 9 11 2345-6781", "011 15 2345 6781", "+54 (9) 11 23456781"]
)
async def test_a_number_written_differently_finds_the_person(scene: Scene, written: str) -> None:
    await a_contact_by_phone(scene, "+5491123456781")

    code = await type_address(scene.browser(), written)
    what = await code.press("/r/code/check", code=await scene.code())

    assert what.path == "/r/what"


async def test_what_is_no_address_is_said_and_stays_typed(scene: Scene) -> None:
    before = await rows(scene)
    page = await to_the_address(scene.browser())

    for typed, words in (
        ("", "Write your own e-mail"),
        ("carl at home", "Write a whole e-mail"),
        ("12", "Write a whole"),
        ("a@b", "Write a whole"),
        ("+1 900 555 0123", "Write a whole"),
        ("x" * 300 + "@correo.example", "Write a whole"),
    ):
        page = await page.press("/report/address", address=typed)
        assert page.status == 422
        assert words in page.text
        assert page.form("/report/address").fields["address"] == typed
    assert await rows(scene) == before


async def test_nobody_learns_whether_anybody_has_an_address(scene: Scene) -> None:
    await scene.contact()
    # The pages tell until when a code is good: a whole minute, and the day, are the same to all.
    await at_half_past(scene.house)
    # Limits that all share have a row from the first code on.
    await type_address(scene.browser(), "first@correo.example")
    found: list[tuple[Any, ...]] = []
    for address in TYPED:
        browser = scene.browser()
        page = await to_the_address(browser)
        before = await rows(scene)
        with counted(scene) as seen:
            code = await page.press("/report/address", address=address)
            wrong = await code.press("/r/code/check", code="00000000")
        after = await rows(scene)
        masked = next(word for word in code.text.split() if "•••@" in word)
        found.append(
            (
                (code.status, code.path, wrong.status, wrong.path),
                code.text.replace(masked, "…"),
                wrong.text.replace(masked, "…"),
                {*code.headers} | {*wrong.headers},
                len(code.html) - len(masked),
                grown(before, after),
                tuple(seen["statements"]),
                tuple(seen["commits"]),
            )
        )

    assert found[0] == found[1] == found[2]
    assert found[0][0] == (200, "/r/code", 422, "/r/code/check")
    assert found[0][5]["challenges"] == found[0][5]["outbox"] == 1
    assert found[0][6]


async def test_a_decoy_is_never_told_and_no_code_opens_it(scene: Scene) -> None:
    await scene.contact()
    code = await type_address(scene.browser(), "nobody@correo.example")
    # The very code that lies sealed for nobody.
    right = await scene.code()

    refused = await code.press("/r/code/check", code=right)

    assert refused.status == 422
    assert "not the code we sent" in refused.text
    async with scene.house.engine.connect() as db:
        newest = select(outbox.c.body).order_by(outbox.c.id.desc()).limit(1)
        body = (await db.execute(newest)).scalar_one()
    assert '"contact_id":null' in body


@pytest.mark.parametrize("address", TYPED[:2])
async def test_guesses_are_counted_the_same_for_all(scene: Scene, address: str) -> None:
    await scene.contact()
    page = await type_address(scene.browser(), address)
    told: list[bool] = []
    for _ in range(5):
        page = await page.press("/r/code/check", code="00000000")
        told.append("Too many wrong codes" in page.text)

    assert told == [False, False, False, False, True]
    async with scene.house.engine.connect() as db:
        newest = select(challenges.c.attempts).order_by(challenges.c.id.desc()).limit(1)
        assert (await db.execute(newest)).scalar_one() == 5


@pytest.mark.parametrize("address", TYPED[:2])
async def test_the_wait_for_the_next_code_is_the_addresses_own(scene: Scene, address: str) -> None:
    await scene.contact()
    await type_address(scene.browser(), address)

    second = await type_address(scene.browser(), address)

    assert "It was asked for in another window" in second.text
    other = await type_address(scene.browser(), "somebody.else@correo.example")
    assert "It was asked for" not in other.text


async def test_a_stranger_who_spends_an_address_takes_nothing_from_its_link(scene: Scene) -> None:
    key = await scene.contact()
    for _ in range(3):
        mallory = scene.browser()
        page = await type_address(mallory, "carl@correo.example")
        for _ in range(5):
            page = await page.press("/r/code/check", code="00000000")
        await cast.move_clock(scene.house, 8 * MINUTES)

    code = await to_the_report_code(scene.browser(), key)
    what = await code.press("/r/code/check", code=await scene.code())

    assert what.path == "/r/what"


async def test_a_code_of_one_way_opens_nothing_that_came_the_other(scene: Scene) -> None:
    key = await scene.contact()
    by_address = await type_address(scene.browser(), "carl@correo.example")
    long = await scene.code()
    by_link = await to_the_report_code(scene.browser(), key)
    short = await scene.code()

    assert (await by_link.press("/r/code/check", code=long)).status == 422
    assert (await by_address.press("/r/code/check", code=short)).status == 422
    assert (await by_address.press("/r/code/check", code=f"00{short}")).status == 422
    # Each is right where it was asked for.
    assert (await by_link.press("/r/code/check", code=short)).path == "/r/what"
    assert (await by_address.press("/r/code/check", code=long)).path == "/r/what"


async def test_a_code_works_only_in_the_browser_that_asked(scene: Scene) -> None:
    await scene.contact()
    await type_address(scene.browser(), "carl@correo.example")
    code = await scene.code()
    await cast.move_clock(scene.house, timedelta(hours=2))
    elsewhere = await type_address(scene.browser(), "carl@correo.example")

    assert (await elsewhere.press("/r/code/check", code=code)).status == 422


async def test_the_same_address_again_goes_on_with_the_code_on_its_way(scene: Scene) -> None:
    await scene.contact()
    carl = scene.browser()
    await type_address(carl, "carl@correo.example")

    again = await type_address(carl, "CARL@correo.example")
    what = await again.press("/r/code/check", code=await scene.code())

    assert what.path == "/r/what"


async def test_what_was_typed_is_there_after_a_new_code(scene: Scene) -> None:
    await scene.contact()
    carl = scene.browser()
    code = await type_address(carl, "carl@correo.example")
    what = await code.press("/r/code/check", code=await scene.code())
    await what.press("/r/what", kind="lost", note="On the bus.")
    await cast.move_clock(scene.house, timedelta(hours=1))
    assert (await carl.open("/r/check")).status == 401

    code = await type_address(carl, "carl@correo.example")
    what = await code.press("/r/code/check", code=await scene.code())

    assert what.form("/r/what").fields["note"] == "On the bus."


async def test_someone_who_was_only_invited_is_nobody_yet(scene: Scene) -> None:
    await scene.invitation()
    await type_address(scene.browser(), "carl@correo.example")

    async with scene.house.engine.connect() as db:
        (challenge,) = (await db.execute(select(challenges))).all()
    assert (challenge.person_id, challenge.purpose) == (None, Purpose.REPORT.value)


async def test_looking_changes_nothing(scene: Scene) -> None:
    await scene.contact()
    carl = scene.browser()
    await type_address(carl, "carl@correo.example")
    before = await rows(scene)

    for path in ("/report", "/report/address", "/status", "/status/address", "/r/code"):
        assert (await carl.open(path)).status == 200
        await carl.request("HEAD", path)

    assert await rows(scene) == before


async def test_without_the_link_the_first_offer_is_ones_own_address(scene: Scene) -> None:
    opened = await scene.browser().open("/r")

    page = await opened.follow("I have no link")

    assert page.path == "/report/address"
