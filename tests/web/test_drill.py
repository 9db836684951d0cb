"""A rehearsal as its contact lives it: nothing is stopped, until somebody says that it is real."""

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlalchemy import func, select

from domain.refusals import NotFound
from service.app import plain_url
from service.operations import desk
from service.storage.introspection import Introspection
from service.storage.tables import contacts, loss_reports, outbox, tickets
from tests import people as cast
from tests.browsers import Browser, Page
from tests.web.scene import Scene, to_the_report_code
from tests.web.test_report import is_frozen

pytestmark = pytest.mark.anyio


@pytest.fixture
async def introspection(database_url: str) -> AsyncGenerator[Introspection]:
    """What a gateway asks."""
    asked = await Introspection.connect(plain_url(database_url))
    yield asked
    await asked.close()


FIRST = {
    "en": "NOTHING IS STOPPED",
    "es": "NO SE BLOQUEA NADA",
    "pt-BR": "NADA É BLOQUEADO",
}
REAL = "/drill/real"
HASHED = sha256(b"olgas phone").digest()


async def begun(scene: Scene) -> str:
    """Olga rehearses with Carl: the token of the link that he was sent."""
    await scene.contact()
    people = await scene.at_her_pages()
    form = await people.follow("Rehearse")
    contact = form.form("/owner/drill").offered["contact_id"][0]
    await form.press("/owner/drill", contact_id=contact)
    # Nobody may ask for another code within the next minutes.
    await cast.move_clock(scene.house, timedelta(minutes=5))
    return await scene.secret("drill-begun")


async def to_the_drill_code(browser: Browser, token: str) -> Page:
    opened = await browser.open(f"/drill#{token}")
    return await opened.press("/drill", token=token)


async def to_whose(scene: Scene, browser: Browser, token: str) -> Page:
    code = await to_the_drill_code(browser, token)
    return await code.press("/drill/code/check", code=await scene.code())


async def to_what(scene: Scene, browser: Browser, token: str) -> Page:
    return await (await to_whose(scene, browser, token)).press("/drill/whose")


async def counted(scene: Scene) -> tuple[int, int]:
    """Reports and tickets, of any kind."""
    async with scene.house.engine.connect() as db:
        filed = (await db.execute(select(func.count()).select_from(loss_reports))).scalar_one()
        opened = (await db.execute(select(func.count()).select_from(tickets))).scalar_one()
    return filed, opened


async def told(scene: Scene, event: str) -> int:
    async with scene.house.engine.connect() as db:
        these = select(func.count()).select_from(outbox).where(outbox.c.event == event)
        return (await db.execute(these)).scalar_one()


def reference_on(page: Page) -> str:
    """As its groups stand there."""
    groups = page.html.partition('id="reference">')[2].partition("</p>")[0]
    return "-".join(re.findall(r"<span>(.*?)</span>", groups))


def says_it_first(page: Page, language: str) -> None:
    """Before the heading, and before whatever a refused form has to say."""
    main = page.html.partition("<main")[2]
    before = main.partition("<h1")[0]
    assert FIRST[language] in before, page.path
    alert = main.find('role="alert"')
    assert alert == -1 or main.find(FIRST[language]) < alert, page.path
    offers_it_is_real = f'action="{REAL}"' in page.html or f'formaction="{REAL}"' in page.html
    assert offers_it_is_real, page.path


@pytest.mark.parametrize("language", list(FIRST))
async def test_the_whole_way_says_first_that_nothing_is_stopped_and_nothing_is(
    scene: Scene, introspection: Introspection, language: str
) -> None:
    token = await begun(scene)
    await cast.a_session(scene.house, scene.wallet, "olgas phone")
    carl = scene.browser(language)

    opened = await carl.open(f"/drill#{token}")
    refused = await opened.press("/drill", token="")
    code = await opened.press("/drill", token=token)
    wrong = await code.press("/drill/code/check", code=await scene.wrong_code())
    whose = await code.press("/drill/code/check", code=await scene.code())
    what = await whose.press("/drill/whose")
    unsaid = await what.press("/drill/what", note="rehearsing")
    check = await what.press("/drill/what", kind="stolen", note="rehearsing")
    done = await check.press("/drill/confirm")

    paths = [p.path for p in (code, wrong, whose, what, check, done)]
    assert paths == [
        "/drill/code",
        "/drill/code/check",
        "/drill/whose",
        "/drill/what",
        "/drill/check",
        "/drill/receipt",
    ]
    for page in (opened, refused, code, wrong, whose, what, unsaid, check, done):
        says_it_first(page, language)
    assert "Olga" in whose.text
    assert "rehearsing" in check.text
    assert reference_on(done).startswith("TEST-")
    assert not await is_frozen(scene)
    assert await cast.is_active(introspection, scene.house, scene.wallet, HASHED)
    assert await counted(scene) == (0, 0)
    assert await told(scene, "drill-done") == 1


async def test_pressed_twice_or_opened_again_it_was_done_once(scene: Scene) -> None:
    token = await begun(scene)
    carl = scene.browser()
    check = await (await to_what(scene, carl, token)).press("/drill/what", kind="lost")
    done = await check.press("/drill/confirm")

    again = await check.press("/drill/confirm")

    assert again.text == done.text
    for path in ("/drill/whose", "/drill/what", "/drill/check"):
        assert (await carl.open(path)).path == "/drill/receipt"
    assert await told(scene, "drill-done") == 1
    used = await (await scene.browser().open("/drill")).press("/drill", token=token)
    assert used.status == 422
    says_it_first(used, "en")


async def test_it_asks_a_code_of_its_own_which_opens_no_report(scene: Scene) -> None:
    token = await begun(scene)
    carl = scene.browser()
    await to_the_drill_code(carl, token)
    code = await scene.code()

    assert "TEST" in (await carl.open("/drill/what")).title
    report = await carl.open("/r/code")
    assert report.path == "/r/code"
    assert report.status == 401
    await (await carl.open("/drill/code")).press("/drill/code/check", code=code)
    assert (await carl.open("/r/what")).status == 401


async def test_the_link_pressed_again_goes_on_with_the_code_under_way(scene: Scene) -> None:
    token = await begun(scene)
    carl = scene.browser()
    await to_the_drill_code(carl, token)
    code = await scene.code()

    again = await to_the_drill_code(carl, token)

    whose = await again.press("/drill/code/check", code=code)
    assert whose.path == "/drill/whose"


async def test_this_is_real_takes_along_what_stands_in_the_form_and_ends_in_a_freeze(
    scene: Scene, introspection: Introspection
) -> None:
    token = await begun(scene)
    await cast.a_session(scene.house, scene.wallet, "olgas phone")
    carl = scene.browser()
    what = await to_what(scene, carl, token)
    form = what.form("/drill/what")
    typed = form.fields | {"kind": "stolen", "noticed": "just_now", "note": "really gone"}

    # The button's own address, with the fields of the form it stands in.
    code = await carl.send(REAL, typed)

    assert code.path == "/r/code"
    assert FIRST["en"] not in code.text
    assert not await is_frozen(scene)
    told_again = await code.press("/r/code/check", code=await scene.code())
    assert told_again.path == "/r/what"
    assert told_again.form("/r/what").fields["kind"] == "stolen"
    assert told_again.form("/r/what").fields["note"] == "really gone"
    check = await told_again.press("/r/what")
    receipt = await check.press("/r/confirm")
    assert "Stopped here at" in receipt.title
    assert await is_frozen(scene)
    assert not await cast.is_active(introspection, scene.house, scene.wallet, HASHED)
    assert await counted(scene) == (1, 1)


async def test_it_can_turn_real_on_every_page_also_before_a_code_and_after_the_end(
    scene: Scene,
) -> None:
    token = await begun(scene)
    carl = scene.browser()
    opened = await carl.open("/drill")
    # The button stands in the form with the link's own key.
    fields = opened.form("/drill").fields | {"token": token}
    assert (await carl.send(REAL, fields)).path == "/r/code"
    await cast.move_clock(scene.house, timedelta(minutes=5))

    code = await to_the_drill_code(carl, token)
    assert (await code.press(REAL)).path == "/r/code"
    await cast.move_clock(scene.house, timedelta(minutes=5))

    code = await carl.open("/drill/code")
    code = await code.press("/drill/code")
    whose = await code.press("/drill/code/check", code=await scene.code())
    check = await (await whose.press("/drill/whose")).press("/drill/what", kind="lost")
    done = await check.press("/drill/confirm")
    assert (await done.press(REAL)).path == "/r/code"

    # Said again in the same browser, the code that is under way still works.
    real = await scene.code()
    await (await carl.open("/drill/receipt")).press(REAL)
    what = await (await carl.open("/r/code")).press("/r/code/check", code=real)
    assert what.form("/r/what").fields["kind"] == "lost"


async def test_this_is_real_never_ends_in_nothing(scene: Scene) -> None:
    token = await begun(scene)
    stranger = scene.browser()
    opened = await stranger.open("/drill")
    fields = opened.form("/drill").fields

    for key in ("", "x" * 32):
        assert (await stranger.send(REAL, fields | {"token": key})).path == "/report"

    carl = scene.browser()
    await to_the_drill_code(carl, token)
    async with scene.house.engine.begin() as db:
        await db.execute(contacts.update().values(status="left", place=None, link_sha256=None))
    over = await carl.open("/drill/code")
    assert (await over.press(REAL)).path == "/report"


async def test_when_its_time_is_over_what_was_typed_is_there_after_a_new_code(
    scene: Scene,
) -> None:
    token = await begun(scene)
    carl = scene.browser("es")
    what = await to_what(scene, carl, token)
    await cast.move_clock(scene.house, timedelta(minutes=20))

    over = await what.press("/drill/what", kind="lost", note="en el tren")

    assert over.status == 401
    says_it_first(over, "es")
    again = await (await to_whose(scene, carl, token)).press("/drill/whose")
    assert again.form("/drill/what").fields["kind"] == "lost"
    assert again.form("/drill/what").fields["note"] == "en el tren"


async def test_no_page_after_the_code_opens_before_it(scene: Scene) -> None:
    token = await begun(scene)
    carl = scene.browser()
    await to_the_drill_code(carl, token)

    for path in ("/drill/whose", "/drill/what", "/drill/check", "/drill/receipt"):
        assert (await carl.open(path)).path == "/drill/code"
    assert (await scene.browser().open("/drill/what")).status == 401


async def test_the_reference_is_found_nowhere(scene: Scene) -> None:
    key = await scene.contact()
    form = await (await scene.at_her_pages()).follow("Rehearse")
    contact = form.form("/owner/drill").offered["contact_id"][0]
    await form.press("/owner/drill", contact_id=contact)
    await cast.move_clock(scene.house, timedelta(minutes=5))
    carl = scene.browser()
    token = await scene.secret("drill-begun")
    check = await (await to_what(scene, carl, token)).press("/drill/what", kind="stolen")
    done = await check.press("/drill/confirm")
    reference = reference_on(done)
    assert reference.startswith("TEST-")
    assert reference.count("-") == 3
    await cast.move_clock(scene.house, timedelta(minutes=5))

    code = await (await carl.open("/status")).press("/status", token=key)
    reports = await code.press("/status/code/check", code=await scene.code())
    assert reports.path == "/status/reports"
    assert "TEST" not in reports.text

    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 4)
    assert (await desk.see_queue(scene.house, astrid)).rows == ()
    for typed in (reference, reference.removeprefix("TEST-")):
        with pytest.raises(NotFound):
            await desk.find_ticket(scene.house, typed, astrid)
    # A real report is not reached by it either.
    real = await to_the_report_code(scene.browser(), key)
    assert real.path == "/r/code"


async def test_a_fault_on_the_way_to_the_real_report_says_that_nothing_is_stopped(
    scene: Scene,
) -> None:
    token = await begun(scene)
    carl = scene.browser()
    await to_what(scene, carl, token)

    foreign = await carl.send(REAL, {"csrf_token": "x", "note": "gone"})

    assert foreign.status == 403
    says_it_first(foreign, "en")
