"""Giving tickets on from the board: right there, with a reason, and saying who was faster."""

import re
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import select

from domain.wallets import Wallet
from service.operations import handing_over
from service.operations.house import House
from service.storage.tables import tickets as ticket_rows
from tests import desks
from tests import people as cast
from tests.at_desk import AGENT_COOKIE, AtDesk, at_desk, statements
from tests.browsers import Form, Page
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
BOARD = "/console/board"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def sofia(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "sofia", level=4)


@pytest.fixture
async def arne(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "arne", level=3)


def of(case: Case) -> str:
    return f"{BOARD}/tickets/{case.ticket_id}/reassignment"


async def id_of(agent: AtDesk) -> str:
    return str((await agent.signed_in()).agent.id)


async def holder(house: House, case: Case) -> str:
    async with house.engine.connect() as db:
        mine = ticket_rows.c.id == case.ticket_id
        return str(await db.scalar(select(ticket_rows.c.assigned_to).where(mine)))


async def goes_home(agent: AtDesk) -> None:
    page = await agent.browser.open("/console")
    await page.press("/console/sign-out")


def forms_of_agents(page: Page) -> list[Form]:
    return [form for form in page.forms if form.action.startswith(f"{BOARD}/agents/")]


@pytest.mark.parametrize(
    "said",
    [
        ("en", "Reassign", "Arne has it", "Handed over: nobody → Arne"),
        ("es", "Reasignar", "lo tiene Arne", "nadie → Arne"),
        ("pt-BR", "Reatribuir", "está com Arne", "ninguém → Arne"),
    ],
)
async def test_a_supervisor_gives_a_stuck_ticket_to_somebody_who_can_take_it(
    house: House, app: Litestar, case: Case, arne: AtDesk, said: tuple[str, ...]
) -> None:
    language, button, has_it, handed_over = said
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4, language=language)
    board = await sofia.browser.open(BOARD)
    to = await id_of(arne)
    assert board.form(of(case)).words == (button,)
    assert set(board.form(of(case)).offered["to"]) == {"", to, await id_of(sofia)}

    board = await board.press(of(case), to=to, reason="Arne knows this bank")

    assert (board.status, has_it in board.text) == (200, True)
    assert await holder(house, case) == to
    page = await sofia.browser.open(case.path)
    assert handed_over in page.text
    assert "Arne knows this bank" in page.text


async def test_without_whom_and_why_nothing_is_done_and_nothing_is_typed_twice(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    board = await sofia.browser.open(BOARD)

    for typed in ({"to": "", "reason": "why not"}, {"to": await id_of(arne), "reason": " "}):
        refused = await board.press(of(case), **typed)
        assert refused.status == 422
        assert "Choose who gets it, and say why in a few words." in refused.text
        assert refused.form(of(case)).fields["reason"] == typed["reason"]
        assert refused.form(of(case)).fields["to"] == typed["to"]

    assert await holder(house, case) == "None"


async def test_the_slower_of_two_supervisors_reads_both_versions_and_who_was_faster(
    house: House, app: Litestar, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    sergio = await at_desk(house, app, case.wallet, "sergio", level=4)
    page = await sergio.browser.open(BOARD)
    faster = await sofia.browser.open(BOARD)
    await faster.press(of(case), to=await id_of(arne), reason="Arne knows this bank")

    slower = await page.press(of(case), to=await id_of(sofia), reason="Sofia is free <b>now</b>")

    assert slower.status == 409
    assert await holder(house, case) == await id_of(arne)
    read = slower.text
    saw, now_is = read.index("What you saw"), read.index("As it is now")
    assert "nobody has it" in read[saw:now_is]
    assert "To whom: Sofia" in read[saw:now_is]
    assert "Sofia is free <b>now</b>" in read[saw:now_is]
    assert "Arne has it" in read[now_is:]
    assert "Handed over: nobody → Arne" in read[now_is:]
    assert "Arne knows this bank" in read[now_is:]
    assert "<b>now</b>" not in slower.html
    # What was typed stands in the form, whose row is the new one: pressed again, it is done.
    await slower.press(of(case), reason="I have read it")
    assert await holder(house, case) == await id_of(sofia)


async def test_a_ticket_released_meanwhile_is_said_to_be(
    house: House, case: Case, sofia: AtDesk
) -> None:
    board = await sofia.browser.open(BOARD)
    await cast.released(house, case.wallet)

    refused = await board.press(of(case), to=await id_of(sofia), reason="late")

    assert refused.status == 409
    assert "Nobody reached yet" in refused.text[refused.text.index("What you saw") :]
    assert "Released" in refused.text[refused.text.index("As it is now") :]
    assert of(case) not in [form.action for form in refused.forms]


async def test_whoever_went_home_meanwhile_is_not_given_it(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    board = await sofia.browser.open(BOARD)
    to = await id_of(arne)
    await goes_home(arne)

    refused = await board.press(of(case), to=to, reason="Arne knows this bank")

    assert "They cannot take it now: they are not on shift" in refused.text
    assert to not in refused.form(of(case)).offered["to"]
    assert await holder(house, case) == "None"


async def test_all_that_somebody_who_went_home_has_is_given_on_at_once(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    theirs = (await arne.signed_in()).agent.id
    more = await desks.tickets_like(house, case, {"assigned_to": theirs}, {"assigned_to": theirs})
    assert forms_of_agents(await sofia.browser.open(BOARD)) == []
    await goes_home(arne)
    board = await sofia.browser.open(BOARD)
    (form,) = forms_of_agents(board)
    assert set(form.fields) >= {f"ticket-{one}" for one in more}
    assert "Sofia: can take 2 of 2 (open tickets: 0)" in board.text

    board = await board.press(form, to=await id_of(sofia), reason="Arne went home")

    assert "Given. What anybody still has stands below." in board.text
    assert forms_of_agents(board) == []
    mine = await sofia.browser.open("/console?view=mine")
    assert len(set(re.findall(r"/console/tickets/[0-9a-f-]{36}", mine.html))) == 2


async def test_of_several_those_that_stay_are_named_with_who_has_them(
    house: House, app: Litestar, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    sergio = await at_desk(house, app, case.wallet, "sergio", level=4)
    gone = await arne.signed_in()
    await desks.tickets_like(house, case, {"assigned_to": gone.agent.id})
    await handing_over.take(house, case.ticket_id, by=gone, seen=1)
    await goes_home(arne)
    board = await sofia.browser.open(BOARD)
    (form,) = forms_of_agents(board)
    faster = await sergio.browser.open(BOARD)
    await faster.press(of(case), to=await id_of(sergio), reason="mine")

    refused = await board.press(form, to=await id_of(sofia), reason="Arne went home")

    assert refused.status == 409
    assert "1 ticket was not given" in refused.text
    said = f"{case.reference}: it changed after your page was made; Sergio has it"
    assert said in refused.text
    assert await holder(house, case) == await id_of(sergio)


async def test_none_of_several_chosen_is_no_choice(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    gone = await arne.signed_in()
    await handing_over.take(house, case.ticket_id, by=gone, seen=1)
    await goes_home(arne)
    board = await sofia.browser.open(BOARD)
    (form,) = forms_of_agents(board)
    del form.fields[f"ticket-{case.ticket_id}"]

    refused = await board.press(form, to="queue", reason="Arne went home")

    assert refused.status == 422
    assert await holder(house, case) == str(gone.agent.id)


async def test_who_does_not_supervise_gives_nothing_on_here(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    board = await sofia.browser.open(BOARD)
    fields = board.form(of(case)).fields | {"to": "queue", "reason": "mine now"}
    own = await arne.browser.open("/console")
    fields["csrf_token"] = own.form("/console/sign-out").fields["csrf_token"]

    refused = await arne.browser.send(of(case), fields)

    assert refused.status == 403
    assert (
        await arne.browser.send(f"{BOARD}/tickets/{uuid4()}/reassignment", fields)
    ).status == 404


async def test_what_was_typed_when_the_session_ended_is_kept_and_sent_after_signing_in(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    board = await sofia.browser.open(BOARD)
    to = await id_of(arne)
    await cast.move_clock(house, desks.HALF_A_MINUTE * 62)
    door = await board.press(of(case), to=to, reason="Arne knows this bank")
    assert door.status == 401
    await arne.sign_in()

    waiting = await sofia.sign_in(door)

    assert "Arne knows this bank" in waiting.text
    assert "opened" not in waiting.text.split("What you typed or chose")[1]
    done = await waiting.press(of(case))
    assert "Arne has it" in done.text


async def test_whoever_is_not_signed_in_comes_back_to_the_board(sofia: AtDesk) -> None:
    sofia.browser.cookies.pop(AGENT_COOKIE)

    back = await sofia.sign_in(await sofia.browser.open(BOARD))

    assert back.path == BOARD


async def test_a_fuller_board_takes_no_more_statements(
    house: House, case: Case, sofia: AtDesk, arne: AtDesk
) -> None:
    held = {"assigned_to": (await arne.signed_in()).agent.id}
    await desks.tickets_like(house, case, held)
    await goes_home(arne)
    counts: list[int] = []
    for _ in range(2):
        with statements(house) as asked:
            await sofia.browser.open(BOARD)
        counts.append(len(asked))
        await desks.tickets_like(house, case, held, {}, {"level": 2})

    assert counts[0] == counts[1]
