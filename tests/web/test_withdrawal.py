"""A report followed, taken back, or made for the wrong person: what the pages say and do."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Row, select

from domain.tickets import ReleaseReason
from service.operations import desk, tickets
from service.storage.tables import loss_reports, outbox
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests import proving
from tests.browsers import Browser, Page
from tests.web.scene import Scene, a_receipt, to_the_report_code
from tests.web.test_report import is_frozen, two_owners

pytestmark = pytest.mark.anyio


async def stored_reports(scene: Scene) -> list[Row[tuple[object, ...]]]:
    async with scene.house.engine.connect() as db:
        found = await db.execute(select(loss_reports).order_by(loss_reports.c.id))
        return list(found.all())


async def boosts(scene: Scene) -> list[int]:
    async with scene.house.engine.connect() as db:
        found = await db.scalars(select(ticket_rows.c.boost).order_by(ticket_rows.c.id))
        return list(found)


async def told(scene: Scene, event: str) -> int:
    async with scene.house.engine.connect() as db:
        return len((await db.execute(select(outbox.c.id).where(outbox.c.event == event))).all())


async def to_the_withdrawal_code(page: Page) -> Page:
    explained = await page.press(page.form("/withdraw", saying="Take this report back"))
    assert explained.path == "/withdraw"
    return await explained.press("/withdraw/code")


async def taken_back(scene: Scene, page: Page) -> Page:
    code = await to_the_withdrawal_code(page)
    return await code.press("/withdraw/code/check", code=await scene.code())


async def at_the_list(scene: Scene, browser: Browser, key: str) -> Page:
    opened = await browser.open(f"/status#{key}")
    code = await opened.press("/status", token=key)
    assert code.path == "/status/code"
    return await code.press("/status/code/check", code=await scene.code())


async def a_choice_of_two(scene: Scene, browser: Browser, key: str, owner: int) -> Page:
    """Carl, contact of two owners, reports the phone of one of them."""
    code = await to_the_report_code(browser, key)
    whose = await code.press("/r/code/check", code=await scene.code())
    return await report_one(whose, owner)


async def report_one(whose: Page, owner: int) -> Page:
    assert whose.path == "/r/whose"
    what = await whose.press("/r/whose", contact=whose.form("/r/whose").buttons[owner].value)
    summary = await what.press("/r/what", kind="stolen")
    return await summary.press("/r/confirm")


async def test_a_new_code_takes_a_report_back_and_the_freeze_stays(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    receipt = await a_receipt(scene, carl, key)
    await cast.move_clock(scene.house, timedelta(minutes=2))

    done = await taken_back(scene, receipt)

    assert done.path == "/withdraw/done"
    assert "The wallet is still blocked" in done.text
    assert await is_frozen(scene)
    (report,) = await stored_reports(scene)
    assert report.status == "withdrawn"
    assert await boosts(scene) == [1]
    assert await told(scene, "report-withdrawn") == 1
    again = await carl.open("/r/receipt")
    assert "Taken back at" in again.text
    assert "Take this report back" not in again.text


async def test_the_receipt_can_be_taken_back_when_the_visit_is_long_over(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await a_receipt(scene, carl, key)
    await cast.move_clock(scene.house, timedelta(hours=1))

    done = await taken_back(scene, await carl.open("/r/receipt"))

    assert done.path == "/withdraw/done"


async def test_a_withdrawal_has_a_code_of_its_own(scene: Scene) -> None:
    """What was asked for to report takes nothing back, and has no part in its budget."""
    key = await scene.contact()
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    to_report = await scene.code()
    what = await code.press("/r/code/check", code=to_report)
    receipt = await (await what.press("/r/what", kind="lost")).press("/r/confirm")

    page = await to_the_withdrawal_code(receipt)

    assert (await scene.code()) != to_report
    refused = await page.press("/withdraw/code/check", code=to_report)
    assert refused.status == 422
    assert (await stored_reports(scene))[0].status == "filed"


async def test_a_report_is_taken_back_once(scene: Scene) -> None:
    key = await scene.contact()
    carl, elsewhere = scene.browser(), scene.browser()
    receipt = await a_receipt(scene, carl, key)
    await cast.move_clock(scene.house, timedelta(minutes=20))
    listed = await at_the_list(scene, elsewhere, key)
    first = await to_the_withdrawal_code(receipt)
    first_code = await scene.code()
    await cast.move_clock(scene.house, timedelta(minutes=2))
    second = await to_the_withdrawal_code(listed)
    second_code = await scene.code()
    await first.press("/withdraw/code/check", code=first_code)

    late = await second.press("/withdraw/code/check", code=second_code)

    assert late.status == 409
    assert "cannot be taken back any more" in late.text
    assert await boosts(scene) == [1]
    assert await told(scene, "report-withdrawn") == 1
    # The page that is done says so, pressed again or reloaded.
    assert (await carl.open("/withdraw")).path == "/withdraw/done"
    assert (await carl.open("/withdraw/done")).status == 200


async def test_a_decided_report_cannot_be_taken_back(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    receipt = await a_receipt(scene, carl, key)
    code = await to_the_withdrawal_code(receipt)
    right = await scene.code()
    await cast.released(scene.house, scene.wallet)

    late = await code.press("/withdraw/code/check", code=right)

    assert late.status == 409
    assert (await stored_reports(scene))[0].status == "filed"
    again = await carl.open("/r/receipt")
    assert "Take this report back" not in again.text
    assert (await receipt.press(receipt.form("/withdraw"))).status == 409


async def test_knowing_a_report_takes_nothing_back(scene: Scene) -> None:
    key, cleos = await scene.contact(), await scene.contact("Cleo")
    await a_receipt(scene, scene.browser(), key)
    (report,) = await stored_reports(scene)
    cleo, mallory = scene.browser(), scene.browser()
    await cast.move_clock(scene.house, timedelta(minutes=2))
    listed = await at_the_list(scene, cleo, cleos)
    assert "There is no report" in listed.text
    csrf = (await cleo.open("/r")).form("/r").fields["csrf_token"]

    fields = {"csrf_token": csrf, "report": str(report.id)}
    assert (await cleo.send("/withdraw", fields)).status == 404
    assert (await cleo.send("/withdraw", fields | {"report": str(UUID(int=7))})).status == 404
    assert (await cleo.send("/withdraw", fields | {"report": report.reference})).status == 404
    strangers = (await mallory.open("/r")).form("/r").fields["csrf_token"]
    assert (await mallory.send("/withdraw", fields | {"csrf_token": strangers})).status == 401
    assert (await mallory.open("/withdraw/done")).status == 401


async def test_a_contact_follows_their_reports_after_a_code(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    await a_receipt(scene, scene.browser(), key)
    (report,) = await stored_reports(scene)
    await cast.move_clock(scene.house, timedelta(minutes=2))

    listed = await at_the_list(scene, carl, key)

    assert listed.path == "/status/reports"
    for words in (report.reference, "Olga", "Received"):
        assert words in listed.text
    await cast.released(scene.house, scene.wallet)
    closed = await carl.open("/status/reports")
    assert "Closed" in closed.text
    assert "Take this report back" not in closed.text
    await cast.move_clock(scene.house, timedelta(minutes=20))
    ended = await carl.open("/status/reports")
    assert ended.status == 401
    assert "Nothing changed" in ended.text


async def test_reports_are_followed_by_address_too(scene: Scene) -> None:
    key = await scene.contact()
    await a_receipt(scene, scene.browser(), key)
    carl = scene.browser()
    opened = await (await carl.open("/status")).follow("I have no link")
    code = await opened.press("/status/address", address="carl@correo.example")
    assert code.path == "/status/code"
    assert (await carl.open("/status/reports")).path == "/status/code"

    listed = await code.press("/status/code/check", code=await scene.code())

    assert "Olga" in listed.text
    # It follows, and reports nothing.
    assert (await carl.open("/r/whose")).status == 401
    done = await taken_back(scene, listed)
    assert done.path == "/withdraw/done"


async def test_the_wrong_person_is_put_right_with_one_press(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    receipt = await a_choice_of_two(scene, carl, key, 0)
    assert [await is_frozen(scene, s) for s in (cast.OLGA, "bruno-1")].count(True) == 1

    whose = await receipt.press("/r/other")
    second = await report_one(whose, 1)

    assert second.path == "/r/receipt"
    first, other = await stored_reports(scene)
    assert (first.status, other.status) == ("withdrawn", "filed")
    assert first.account_id != other.account_id
    # Both stay blocked: a person looks at the first.
    assert await is_frozen(scene)
    assert await is_frozen(scene, "bruno-1")
    assert await boosts(scene) == [1, 0]
    # The first receipt, still open in another tab, takes nothing more back.
    stale = await receipt.press("/r/other")
    assert stale.path == "/r/receipt"
    assert [row.status for row in await stored_reports(scene)] == ["withdrawn", "filed"]


async def test_wrong_person_pressed_twice_at_once_is_one_withdrawal(scene: Scene) -> None:
    key = await two_owners(scene)
    receipt = await a_choice_of_two(scene, scene.browser(), key, 0)

    pages = await asyncio.gather(*(receipt.press("/r/other") for _ in range(4)))

    assert {page.path for page in pages} == {"/r/whose"}
    assert await told(scene, "report-withdrawn") == 1
    assert await boosts(scene) == [1]


async def test_a_decision_that_came_first_does_not_keep_the_other_from_help(scene: Scene) -> None:
    key = await two_owners(scene)
    receipt = await a_choice_of_two(scene, scene.browser(), key, 0)
    await cast.released(scene.house, scene.wallet)

    whose = await receipt.press("/r/other")
    second = await report_one(whose, 1)

    assert second.path == "/r/receipt"
    assert [row.status for row in await stored_reports(scene)] == ["filed", "filed"]


async def test_wrong_person_races_a_release(scene: Scene) -> None:
    key = await two_owners(scene)
    receipt = await a_choice_of_two(scene, scene.browser(), key, 0)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    arne = await cast.an_agent(scene.house, scene.wallet, "arne", 3)
    (row,) = (await desk.see_queue(scene.house, astrid)).rows
    await proving.proved(scene.house, scene.wallet, row.ticket_id, astrid)
    reason = ReleaseReason.OWNER_SAFE
    await tickets.propose_release(scene.house, row.ticket_id, reason=reason, by=astrid)
    seen = await desk.see_ticket(scene.house, row.ticket_id, arne)
    assert seen.proposal is not None

    whose, _ = await asyncio.gather(
        receipt.press("/r/other"),
        tickets.approve_release(scene.house, row.ticket_id, seen.proposal.proposal_id, by=arne),
    )

    assert whose.path == "/r/whose"
    (report,) = await stored_reports(scene)
    assert not await is_frozen(scene)
    assert not await is_frozen(scene, "bruno-1")
    # Whoever came first: a withdrawal was told exactly if it happened.
    assert await told(scene, "report-withdrawn") == (report.status == "withdrawn")


async def test_who_has_one_owner_only_is_not_offered_another(scene: Scene) -> None:
    receipt = await a_receipt(scene, scene.browser(), await scene.contact())

    assert "Wrong person" not in receipt.text


async def test_wrong_person_needs_the_verified_visit(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    receipt = await a_choice_of_two(scene, carl, key, 0)
    await cast.move_clock(scene.house, timedelta(minutes=20))

    assert "Wrong person" not in (await carl.open("/r/receipt")).text
    late = await receipt.press("/r/other")

    assert late.status == 401
    assert (await stored_reports(scene))[0].status == "filed"


async def test_looking_takes_nothing_back(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    receipt = await a_choice_of_two(scene, carl, key, 0)
    await receipt.press(receipt.form("/withdraw"))

    for path in ("/withdraw", "/withdraw/code", "/withdraw/done", "/r/other", "/r/receipt"):
        for method in ("GET", "HEAD"):
            await carl.request(method, path)

    assert [row.status for row in await stored_reports(scene)] == ["filed"]
    assert await told(scene, "report-withdrawn") == 0
