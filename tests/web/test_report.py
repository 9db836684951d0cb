"""The pages on which a phone is reported: what is said at each step, and what was really done."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from domain.accounts import AccountState, Done
from service.operations import accounts
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock
from service.storage.tables import contacts as contact_rows
from service.storage.tables import loss_reports
from tests import people as cast
from tests.browsers import Page
from tests.web.scene import Scene, a_receipt, to_the_check, to_the_report_code

pytestmark = pytest.mark.anyio


async def is_frozen(scene: Scene, subject: str = cast.OLGA) -> bool:
    async with scene.house.engine.connect() as db:
        account = await load.account_by_subject(db, scene.wallet.id, subject)
    assert account is not None
    return account.state is AccountState.FROZEN


async def reports_filed(scene: Scene) -> int:
    async with scene.house.engine.connect() as db:
        return (await db.execute(select(func.count()).select_from(loss_reports))).scalar_one()


async def two_owners(scene: Scene) -> str:
    """Carl is the contact of Olga, and of Bruno too; the key of one of his links."""
    await cast.olga(scene.house, scene.wallet, "bruno-1")
    await scene.contact()
    return await scene.contact(subject="bruno-1")


async def test_link_code_and_one_button_stop_the_wallet(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()

    opened = await carl.open(f"/r#{key}")
    assert opened.title == "Was a phone stolen or lost? · Norte"
    code = await opened.press("/r", token=key)
    assert code.path == "/r/code"
    what = await code.press("/r/code/check", code=await scene.code())
    assert what.path == "/r/what"
    summary = await what.press("/r/what", kind="stolen")
    assert summary.path == "/r/check"
    assert not await is_frozen(scene)
    receipt = await summary.press("/r/confirm")

    assert receipt.path == "/r/receipt"
    assert "Stopped here at" in receipt.title
    assert "Norte is confirming" in receipt.text
    assert await is_frozen(scene)
    assert "Olga" not in receipt.text
    assert "Carl" not in receipt.text


async def test_what_was_told_is_kept_on_the_way_back_and_reaches_the_report(
    scene: Scene,
) -> None:
    key = await scene.contact()
    await cast.a_session(scene.house, scene.wallet, "a token", cast.PHONE)
    carl = scene.browser()
    told = {"noticed": "last_hour", "reach": "011 4321-1234", "note": "On the bus.\r\nShe is fine."}
    what = await (await to_the_report_code(carl, key)).press(
        "/r/code/check", code=await scene.code()
    )
    (device, unknown) = what.form("/r/what").offered["device"]
    assert unknown == ""

    summary = await what.press("/r/what", kind="lost", device=device, **told)

    for words in (
        "Gal… (Android)",
        "Lost",
        "Within the last hour",
        "+54 11 4321-1234",
        "On the bus. She is fine.",
    ):
        assert words in summary.text
    back = (await summary.follow("Back")).form("/r/what")
    assert back.fields["kind"] == "lost"
    assert back.fields["device"] == device
    assert back.fields["noticed"] == "last_hour"
    assert back.fields["reach"] == "+54 11 4321-1234"
    assert back.fields["note"] == "On the bus.\nShe is fine."
    # Pressed again without a change: "an hour ago" must not move with the clock.
    await cast.move_clock(scene.house, timedelta(minutes=5))
    summary = await (await carl.open("/r/what")).press("/r/what")
    await summary.press("/r/confirm")

    async with scene.house.engine.connect() as db:
        (row,) = (await db.execute(select(loss_reports))).all()
        owner = await load.account(db, scene.wallet.id, row.account_id)
        person = await load.person(db, scene.wallet.id, owner.person_id)
        assert person.data_key_id is not None
        owner_key = await find_key(db, scene.house.keys, person.data_key_id)
    assert row.kind == "lost"
    assert str(row.device_id) == device
    assert timedelta(minutes=64) < row.filed_at - row.noticed_at < timedelta(minutes=66)
    reach = owner_key.open(Place("loss_reports", "reach", row.id), row.reach)
    assert reach == "+54 11 4321-1234"
    note = owner_key.open(Place("loss_reports", "note", row.id), row.note)
    assert note == "On the bus.\nShe is fine."


async def test_what_could_not_be_understood_is_said_and_stays_typed(scene: Scene) -> None:
    key = await scene.contact()
    code = await to_the_report_code(scene.browser(), key)
    what = await code.press("/r/code/check", code=await scene.code())

    refused = await what.press("/r/what", reach="at home", note="n" * 501)

    assert refused.status == 422
    assert refused.title.startswith("Please check:")
    for words in ("Choose stolen or lost", "Write the number", "Shorten the note"):
        assert words in refused.text
    typed = refused.form("/r/what").fields
    assert typed["reach"] == "at home"
    assert typed["note"] == "n" * 501
    summary = await refused.press("/r/what", kind="stolen", reach="", note="n" * 500)
    assert summary.path == "/r/check"


async def test_control_and_direction_characters_of_a_note_are_dropped(scene: Scene) -> None:
    key = await scene.contact()
    note = "a\u202eb\u0000c<script>alert(1)</script>"

    summary = await to_the_check(scene, scene.browser(), key, note=note)

    assert "abc<script>alert(1)</script>" in summary.text
    assert "<script>alert" not in summary.html


async def test_an_unknown_choice_counts_as_not_said(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    summary = await to_the_check(scene, carl, key)
    csrf = summary.form("/r/confirm").fields["csrf_token"]

    strange = {"csrf_token": csrf, "kind": "stolen", "device": "x", "noticed": "tomorrow"}
    summary = await carl.send("/r/what", strange)
    assert summary.path == "/r/check"
    assert "Which phone" not in summary.text
    nothing = await carl.send("/r/what", {"csrf_token": csrf, "kind": "vanished"})
    assert nothing.status == 422


async def test_whose_phone_is_asked_where_there_are_several(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    whose = await code.press("/r/code/check", code=await scene.code())
    assert whose.path == "/r/whose"
    buttons = whose.form("/r/whose").buttons
    assert len(buttons) == 2

    unknown = await whose.press("/r/whose", contact="0199a5c0-0000-7000-8000-000000000001")
    assert unknown.path == "/r/whose"
    assert (await whose.press("/r/whose", contact="nobody")).path == "/r/whose"
    what = await whose.press("/r/whose", contact=buttons[1].value)
    summary = await what.press("/r/what", kind="stolen", note="on the bus")
    # What was said of one person's phone says nothing about another's.
    changed = await (await summary.follow("Change: Whose phone")).press(
        "/r/whose", contact=buttons[0].value
    )
    assert changed.form("/r/what").fields["note"] == ""
    summary = await changed.press("/r/what", kind="lost")
    await summary.press("/r/confirm")

    assert {await is_frozen(scene), await is_frozen(scene, "bruno-1")} == {True, False}


async def test_the_button_stops_whom_it_names_or_nobody(scene: Scene) -> None:
    key = await two_owners(scene)
    carl = scene.browser()
    code = await to_the_report_code(carl, key)
    whose = await code.press("/r/code/check", code=await scene.code())
    first, second = (button.value for button in whose.form("/r/whose").buttons)
    what = await whose.press("/r/whose", contact=first)
    summary = await what.press("/r/what", kind="stolen")
    # In a second tab the choice becomes another one.
    other = await whose.press("/r/whose", contact=second)
    await other.press("/r/what", kind="stolen")

    shown_again = await summary.press("/r/confirm")

    assert shown_again.path == "/r/check"
    assert await reports_filed(scene) == 0
    assert shown_again.form("/r/confirm").fields["contact"] == second


async def test_pressed_twice_at_the_same_moment_it_is_one_report(scene: Scene) -> None:
    key = await scene.contact()
    summary = await to_the_check(scene, scene.browser(), key)

    receipts = await asyncio.gather(*(summary.press("/r/confirm") for _ in range(8)))

    assert {receipt.path for receipt in receipts} == {"/r/receipt"}
    assert len({reference_on(receipt) for receipt in receipts}) == 1
    assert await reports_filed(scene) == 1


async def test_back_and_pressed_again_it_is_one_report(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    first_summary = await to_the_check(scene, carl, key)
    second_summary = await carl.open("/r/check")
    one_key = first_summary.form("/r/confirm").fields["idempotency_key"]
    assert second_summary.form("/r/confirm").fields["idempotency_key"] != one_key

    receipt = await first_summary.press("/r/confirm")
    again = await second_summary.press("/r/confirm")

    assert reference_on(again) == reference_on(receipt)
    for path in ("/r/whose", "/r/what", "/r/check", "/r/confirm"):
        assert (await carl.open(path)).path == "/r/receipt"
    assert await reports_filed(scene) == 1


async def test_a_second_contact_reads_the_same_receipt_with_a_reference_of_their_own(
    scene: Scene,
) -> None:
    carls, cleos = await scene.contact("Carl"), await scene.contact("Cleo")

    first = await a_receipt(scene, scene.browser(), carls)
    second = await a_receipt(scene, scene.browser(), cleos)

    assert first.title == second.title
    assert reference_on(first) != reference_on(second)


async def test_steps_out_of_order_lead_to_the_right_one(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    steps = ("/r/whose", "/r/what", "/r/check", "/r/confirm", "/r/receipt")
    code = await to_the_report_code(carl, key)

    assert {(await carl.open(step)).path for step in steps} == {"/r/code"}
    assert (await carl.open("/r/code/check")).path == "/r/code"
    what = await code.press("/r/code/check", code=await scene.code())
    assert {(await carl.open(step)).path for step in (*steps, "/r/code")} == {"/r/what"}
    fields = {"csrf_token": what.form("/r/what").fields["csrf_token"]}
    assert (await carl.send("/r/confirm", fields)).path == "/r/what"
    await what.press("/r/what", kind="lost")
    assert (await carl.send("/r/confirm", fields)).path == "/r/check"
    assert (await carl.open("/r/receipt")).path == "/r/check"
    assert await reports_filed(scene) == 0


async def test_the_receipt_tells_what_the_wallet_confirmed_and_for_how_long_it_was_silent(
    scene: Scene,
) -> None:
    key = await scene.contact()
    carl = scene.browser()
    receipt = await a_receipt(scene, carl, key)
    assert "Norte is confirming" in receipt.text

    await cast.move_clock(scene.house, timedelta(seconds=60))
    silent = await carl.open("/r/receipt")
    assert "Call Norte too" in silent.text
    await accounts.confirm_freeze(
        scene.house,
        scene.wallet,
        cast.OLGA,
        version=1,
        done=(Done.SESSIONS,),
        by=cast.THE_WALLET,
    )
    confirmed = await carl.open("/r/receipt")
    assert "Confirmed by Norte at" in confirmed.text

    # It names nobody, so it may be read when the visit's time is over,
    await cast.move_clock(scene.house, timedelta(minutes=30))
    assert reference_on(await carl.open("/r/receipt")) == reference_on(receipt)
    # and nobody who goes back is told that nothing was stopped.
    assert (await carl.open("/r/what")).path == "/r/receipt"


@pytest.mark.parametrize(
    ("language", "stopped"),
    [("es", "Bloqueada"), ("pt-BR", "Bloquead"), ("en", "Stopped here at")],
)
async def test_the_whole_way_is_there_in_each_language(
    scene: Scene, language: str, stopped: str
) -> None:
    key = await scene.contact()
    carl = scene.browser(language)

    receipt = await a_receipt(scene, carl, key)

    assert f'<html lang="{language}">' in receipt.html
    assert stopped.casefold() in receipt.text.casefold()


async def test_after_an_ended_contact_the_way_says_not_stopped(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    summary = await to_the_check(scene, carl, key)
    async with scene.house.engine.begin() as db:
        gone = {"status": "left", "place": None, "ended_at": await clock(db)}
        await db.execute(update(contact_rows).values(**gone))

    page = await summary.press("/r/confirm")

    assert page.status == 403
    assert page.title == "NOT stopped · Norte"
    assert "+54 800 555 0101" in page.text
    assert not await is_frozen(scene)


def reference_on(page: Page) -> str:
    return page.text.partition("Reference of this report ")[2].split(" ")[0]
