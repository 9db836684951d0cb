"""A contact's own space: who trusts me, my own words, a second address, leaving."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.contacts import ContactStatus
from notifications.dispatch import dispatch_waiting
from service.security.encryption import Place
from service.storage.directory import HouseDirectory
from service.storage.keychain import find_key
from service.storage.tables import contacts, deliveries, new_addresses, outbox
from service.storage.tables import person_addresses as addresses
from tests import people as cast
from tests.browsers import Page
from tests.clocks import at_half_past
from tests.web.contact_scene import at_home, promised, with_second
from tests.web.scene import Scene, a_receipt, to_the_check, to_the_report_code
from tests.web.test_report import is_frozen, two_owners

pytestmark = pytest.mark.anyio

SECOND = "carl.second@otro.example"


async def test_link_and_code_show_who_trusts_me_and_nothing_about_the_wallet(scene: Scene) -> None:
    home = await at_home(scene, scene.browser(), await scene.contact())

    assert "Olga" in home.text
    assert "You can block the wallet if the phone is gone" in home.text


async def test_whether_the_wallet_is_blocked_shows_nowhere(scene: Scene) -> None:
    key, cleos = await scene.contact(), await scene.contact("Cleo")
    before = await at_home(scene, scene.browser(), key)
    await a_receipt(scene, scene.browser(), cleos)
    await cast.move_clock(scene.house, timedelta(minutes=2))

    after = await at_home(scene, scene.browser(), key)

    assert await is_frozen(scene)
    cut = "This page stays open"
    assert after.text.partition(cut)[0] == before.text.partition(cut)[0]


async def test_a_code_to_report_opens_no_space_and_the_other_way_round(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await to_the_report_code(carl, key)
    to_report = await scene.code()
    opened = await carl.open("/contact")
    code = await opened.press("/contact", token=key)

    refused = await code.press("/contact/code/check", code=to_report)

    assert refused.status == 422
    assert (await carl.open("/contact/home")).path == "/contact/code"
    assert (await carl.open("/r/whose")).path == "/r/code"


async def test_unknown_and_foreign_keys_look_alike(scene: Scene) -> None:
    # What both read is dated to the minute.
    await at_half_past(scene.house)
    await scene.contact()
    answers: list[Page] = []
    for key in ("x" * 32, "y" * 32):
        opened = await scene.browser().open("/contact")
        answers.append(await opened.press("/contact", token=key))

    assert answers[0].status == answers[1].status == 422
    assert answers[0].text == answers[1].text


async def test_an_address_nobody_has_gets_the_same_page_as_one_of_a_contact(scene: Scene) -> None:
    # What both read is dated to the minute.
    await at_half_past(scene.house)
    await scene.contact()
    pages: list[Page] = []
    for address in ("carl@correo.example", "cora@correo.example"):
        asked = await scene.browser().open("/contact/address")
        pages.append(await asked.press("/contact/address", address=address))

    known, unknown = pages
    assert (known.status, known.path) == (unknown.status, unknown.path) == (200, "/contact/code")
    assert known.text == unknown.text
    home = await known.press("/contact/code/check", code=await last_code(scene, nth=1))
    assert home.path == "/contact/home"


async def test_after_fifteen_minutes_a_new_code_is_needed(scene: Scene) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    await cast.move_clock(scene.house, timedelta(minutes=15))

    page = await carl.open("/contact/home")

    assert "A new code opens your page again" in page.text


async def test_my_own_word_is_what_i_read_when_i_report(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    home = await at_home(scene, carl, key)
    form = await home.follow("Call them something else")
    assert (await form.press(form.forms[-1], label="<b>")).status == 422

    home = await form.press(form.forms[-1], label="Mum")

    assert "Mum" in home.text
    summary = await to_the_check(scene, scene.browser(), key)
    assert "Mum" in summary.text


async def test_leaving_one_owner_is_at_once_and_leaves_the_other(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    home = await at_home(scene, carl, key)
    leaving = [href for href, said in home.links if said.startswith("Stop being their")]
    assert len(leaving) == 2
    asked = await carl.open(leaving[0])

    home = await asked.press(leaving[0])

    assert len([href for href, said in home.links if said.startswith("Stop being their")]) == 1
    async with scene.house.engine.connect() as db:
        states = list(await db.scalars(select(contacts.c.status).order_by(contacts.c.id)))
    assert sorted(states) == ["active", "left"]
    assert len(await promised(scene, "contact-left")) == 1


async def test_leaving_works_while_the_wallet_is_blocked_and_twice_changes_nothing(
    scene: Scene,
) -> None:
    key, cleos = await scene.contact(), await scene.contact("Cleo")
    carl = scene.browser()
    await at_home(scene, carl, key)
    await a_receipt(scene, scene.browser(), cleos)
    asked = await carl.open("/contact/leave")

    home = await asked.press("/contact/leave")
    again = await asked.press("/contact/leave")

    assert "Nobody has you as a trusted person" in home.text
    assert again.path == "/contact/home"
    assert len(await promised(scene, "contact-left")) == 1
    carls = next(c for c in await scene.contacts() if c.status is ContactStatus.LEFT)
    assert carls.place is None


async def test_nobody_leaves_for_somebody_else(scene: Scene) -> None:
    key = await scene.contact()
    await scene.contact("Cleo")
    carl = scene.browser()
    home = await at_home(scene, carl, key)
    mine = next(c for c in await scene.contacts() if str(c.id) in home.html)
    cleos = next(c for c in await scene.contacts() if c.id != mine.id)
    asked = await carl.open(f"/contact/people/{mine.id}/leave")

    for what in ("leave", "label", "card"):
        page = await carl.open(f"/contact/people/{cleos.id}/{what}")
        assert page.status == 404
    fields = asked.form(f"/contact/people/{mine.id}/leave").fields
    assert (await carl.send(f"/contact/people/{cleos.id}/leave", fields)).status == 404
    assert all(c.status is ContactStatus.ACTIVE for c in await scene.contacts())


# A second address ------------------------------------------------------------------------------


async def last_code(scene: Scene, nth: int = 0) -> str:
    """The newest code but so many."""
    async with scene.house.engine.connect() as db:
        found = select(outbox).where(outbox.c.event == "code-asked").order_by(outbox.c.id.desc())
        row = (await db.execute(found.limit(1).offset(nth))).one()
        key = await find_key(db, scene.house.keys, scene.wallet.data_key_id)
        return key.open(Place("outbox", "secret", row.id), row.secret)


async def test_a_second_address_is_proved_told_to_both_and_reports(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)

    page = await with_second(scene, carl, "Carl.Second@OTRO.example")

    assert page.path == "/contact/second"
    assert "c•••@o•••.example" in page.text
    assert len(await promised(scene, "second-address-added")) == 1
    assert len(await promised(scene, "contact-addresses-changed")) == 1
    await dispatch_waiting(scene.house.engine, HouseDirectory(scene.house.keys), limit=100)
    async with scene.house.engine.connect() as db:
        told = select(deliveries.c.address_id).where(deliveries.c.event == "second-address-added")
        assert len(set(await db.scalars(told))) == 2
    without = await scene.browser().open("/report/address")
    code = await without.press("/report/address", address=SECOND)
    what = await code.press("/r/code/check", code=await scene.code())
    receipt = await (await what.press("/r/what", kind="stolen")).press("/r/confirm")
    assert receipt.path == "/r/receipt"
    assert await is_frozen(scene)


async def test_with_the_link_the_code_can_go_to_the_second_address(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    await with_second(scene, carl, SECOND)
    browser = scene.browser()
    code = await to_the_report_code(browser, key)
    first = await scene.code()
    await cast.move_clock(scene.house, timedelta(minutes=1))

    code = await code.press(code.form("/r/code", saying="Send the next code to"))

    assert "c•••@o•••.example" in code.text
    # A browser is verified by one address: the code that went to the first is no longer right.
    assert (await code.press("/r/code/check", code=first)).status == 422
    what = await code.press("/r/code/check", code=await scene.code())
    assert what.path == "/r/what"


async def test_a_second_address_takes_no_report_back_in_its_first_week(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    await at_home(scene, carl, key)
    await with_second(scene, carl, SECOND)
    browser = scene.browser()
    asked = await browser.open("/report/address")
    code = await asked.press("/report/address", address=SECOND)
    whose = await code.press("/r/code/check", code=await scene.code())
    what = await whose.press("/r/whose", contact=whose.form("/r/whose").buttons[0].value)
    receipt = await (await what.press("/r/what", kind="lost")).press("/r/confirm")

    other = await receipt.press(receipt.form("/r/other"))
    assert other.status == 409
    back = await browser.open("/r/receipt")
    explained = await back.press(back.form("/withdraw"))
    code = await explained.press("/withdraw/code")
    assert "c•••@c•••.example" in code.text
    assert not [f for f in code.forms if "Send the next code to" in " ".join(f.words)]

    await cast.move_clock(scene.house, timedelta(days=7))
    back = await browser.open("/r/receipt")
    explained = await back.press(back.form("/withdraw"))
    code = await explained.press("/withdraw/code")
    code = await code.press(code.form("/withdraw/code", saying="Send the next code to"))
    assert "It went to c•••@c•••" in code.text
    await cast.move_clock(scene.house, timedelta(minutes=1))
    code = await code.press(code.form("/withdraw/code", saying="Send the next code to"))
    done = await code.press("/withdraw/code/check", code=await scene.code())
    assert done.path == "/withdraw/done"


async def test_an_address_somebody_else_holds_gets_the_same_answer_and_no_message(
    scene: Scene,
) -> None:
    key, _ = await scene.contact(), await scene.contact("Cleo")
    pages: list[Page] = []
    bodies: list[str] = []
    for address in ("cleo@correo.example", "nobody@correo.example"):
        carl = scene.browser()
        await at_home(scene, carl, key)
        page = await carl.open("/contact/second")
        pages.append(await page.press("/contact/second", address=address))
        bodies.append((await promised(scene, "code-asked"))[-1])
        await cast.move_clock(scene.house, timedelta(hours=2))

    held, free = pages
    assert (held.status, held.path) == (free.status, free.path) == (200, "/contact/second/code")
    assert held.text.replace("c•••@", "•••@")[:300] == free.text.replace("n•••@", "•••@")[:300]
    assert '"contact_id":null' in bodies[0]
    assert '"contact_id":null' not in bodies[1]


async def test_even_the_right_code_gives_nobody_an_address_that_somebody_holds(
    scene: Scene,
) -> None:
    key, _ = await scene.contact(), await scene.contact("Cleo")
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await carl.open("/contact/second")
    code = await page.press("/contact/second", address="cleo@correo.example")

    refused = await code.press("/contact/second/code/check", code=await scene.code())

    assert refused.status == 422
    async with scene.house.engine.connect() as db:
        held = (await db.execute(select(addresses))).all()
    assert len({row.person_id for row in held}) == len(held) == 2


async def test_two_people_proving_one_address_at_once_leave_it_with_one_of_them(
    scene: Scene,
) -> None:
    keys = [await scene.contact(), await scene.contact("Cleo")]
    waiting: list[tuple[Page, str]] = []
    for key in keys:
        browser = scene.browser()
        await at_home(scene, browser, key)
        page = await browser.open("/contact/second")
        code = await page.press("/contact/second", address=SECOND)
        waiting.append((code, await scene.code()))

    done = await asyncio.gather(
        *(page.press("/contact/second/code/check", code=code) for page, code in waiting)
    )

    assert sorted(page.status for page in done) == [200, 422]
    async with scene.house.engine.connect() as db:
        seconds = (
            await db.execute(select(addresses).where(addresses.c.beside_id.isnot(None)))
        ).all()
    assert len(seconds) == 1


async def test_an_own_address_is_refused_in_words_and_a_mistyped_one_kept(scene: Scene) -> None:
    carl = scene.browser()
    await at_home(scene, carl, await scene.contact())
    page = await carl.open("/contact/second")

    same = await page.press("/contact/second", address="CARL@correo.example")
    bad = await page.press("/contact/second", address="carl@")

    assert "You have this address here already" in same.text
    assert bad.form("/contact/second").fields["address"] == "carl@"
    assert 'role="alert" tabindex="-1" autofocus' in bad.html


async def test_a_removed_second_address_opens_nothing_any_more(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await with_second(scene, carl, SECOND)
    asked = await scene.browser().open("/report/address")
    code = await asked.press("/report/address", address=SECOND)
    sent = await scene.code()

    page = await page.press("/contact/second/remove")
    late = await code.press("/r/code/check", code=sent)

    assert "c•••@o•••" not in page.text
    assert late.status == 422
    assert len(await promised(scene, "second-address-removed")) == 1
    async with scene.house.engine.connect() as db:
        assert (await db.execute(select(new_addresses))).all() == []


async def test_new_addresses_are_limited_so_that_nobody_is_written_to_from_here(
    scene: Scene,
) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await at_home(scene, carl, key)
    page = await carl.open("/contact/second")
    statuses: list[int] = []
    for number in range(7):
        answer = await page.press("/contact/second", address=f"x{number}@otro.example")
        statuses.append(answer.status)

    # The second waits for its minute; nobody can hurry through a list.
    assert statuses[0] == 200
    assert set(statuses[1:]) == {429}


async def test_who_has_not_typed_a_code_changes_nothing(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    opened = await carl.open("/contact")
    fields = opened.form("/contact").fields
    paths = ("leave", "erase", "never", "phone-gone", "second", "app", "second/remove")

    strangers = [await carl.send(f"/contact/{path}", fields) for path in paths]
    await opened.press("/contact", token=key)
    too_early = [await carl.send(f"/contact/{path}", fields) for path in paths]

    assert all("The time for this page is over" in page.title for page in strangers)
    assert {page.path for page in too_early} == {"/contact/code"}
    assert all(c.status is ContactStatus.ACTIVE for c in await scene.contacts())
