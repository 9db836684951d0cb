"""Waiting, "I have it" and the board, as agents see them in a browser."""

from datetime import timedelta
from typing import Final

import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import update

from domain.accounts import AddressKind
from domain.wallets import Wallet
from service.operations import clocks, on_call
from service.operations.house import House
from service.operations.on_call import NewOnCall
from service.storage import tables
from tests import people as cast
from tests.at_desk import at_desk
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
HOUR: Final = timedelta(hours=1)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


async def _becomes(house: House, login: str, role: str) -> None:
    async with house.engine.begin() as db:
        this = tables.agents.c.login == login
        await db.execute(update(tables.agents).where(this).values(role=role))


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("Waits for the phone company", "Goes on: the clocks run again")),
        ("es", ("Espera a la operadora", "Continúa: los relojes corren de nuevo")),
        ("pt-BR", ("Espera pela operadora", "Continua: os relógios voltam a correr")),
    ],
)
async def test_a_ticket_waits_and_goes_on_from_its_page(
    house: House, app: Litestar, case: Case, language: str, said: tuple[str, str]
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=1, language=language)
    page = await astrid.browser.open(case.path)

    waits, goes_on = said
    page = await page.press(f"{case.path}/pause", reason="carrier", lasts="120")
    assert waits in page.text
    page = await page.press(f"{case.path}/pause/end")

    assert goes_on in page.text
    assert f"{case.path}/pause" in [form.action for form in page.forms]


async def test_what_was_typed_by_hand_is_refused_in_words(
    house: House, app: Litestar, case: Case
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=1)
    page = await astrid.browser.open(case.path)

    refused = await page.press(f"{case.path}/pause", reason="owner", lasts="721")
    assert "A ticket waits twelve hours at most." in refused.text
    refused = await page.press(f"{case.path}/pause", reason="my-lunch", lasts="60")
    assert "This was not done" in refused.text
    await page.press(f"{case.path}/pause", reason="owner", lasts="720")
    refused = await page.press(f"{case.path}/pause", reason="owner", lasts="60")
    assert "It waits already." in refused.text


async def test_a_stale_page_lets_no_clock_stand_still(
    house: House, app: Litestar, case: Case
) -> None:
    astrid = await at_desk(house, app, case.wallet, "astrid", level=1)
    stale = await astrid.browser.open(case.path)
    await stale.press(f"{case.path}/owner-reached")

    refused = await stale.press(f"{case.path}/pause", reason="owner", lasts="60")

    assert "Nothing was done" in refused.text


@pytest.mark.parametrize("role", ["auditor", "officer"])
async def test_who_does_not_work_on_tickets_lets_none_wait(
    house: House, app: Litestar, case: Case, role: str
) -> None:
    other = await at_desk(house, app, case.wallet, "astrid", level=4)
    page = await other.browser.open(case.path)
    await _becomes(house, "astrid", role)

    refused = await page.press(f"{case.path}/pause", reason="owner", lasts="60")

    assert "This takes an agent of level 1 or above." in refused.text
    assert f"{case.path}/pause" not in [form.action for form in refused.forms]


async def test_whoever_was_rung_says_that_they_have_it(
    house: House, app: Litestar, case: Case
) -> None:
    await on_call.add(
        house,
        NewOnCall(
            wallet_id=None,
            name="Omar",
            kind=AddressKind.EMAIL,
            address="omar@guardia.example",
            language="es",
            time_zone="UTC",
            place=1,
        ),
    )
    await cast.move_clock(house, 9 * HOUR)
    await clocks.keep_clocks(house)
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)
    board = await sofia.browser.open("/console/board")
    assert "This ticket has come up to level 4" in board.text
    page = await sofia.browser.open(case.path)
    assert "Rang the on-call list" in page.text

    page = await page.press(f"{case.path}/ring")

    assert "Has it: nobody else is rung" in page.text
    assert f"{case.path}/ring" not in [form.action for form in page.forms]
    # The board shows what was late, and by how much.
    board = await sofia.browser.open("/console/board")
    assert "This ticket has come up to level 4" not in board.text
    assert "First attempt" in board.text
    assert case.reference in board.text
    assert "Nobody" in board.text


async def test_the_board_shows_who_is_there_and_who_decides_with_whom(
    house: House, app: Litestar, case: Case
) -> None:
    await cast.released(house, case.wallet)
    sofia = await at_desk(house, app, case.wallet, "sofia", level=4)

    board = await sofia.browser.open("/console/board")

    assert "Sofia" in board.text
    assert "Astrid Arne 1 of 1" in board.text
    assert "No ticket is open." in board.text


async def test_the_board_is_for_supervisors_and_auditors(
    house: House, app: Litestar, case: Case
) -> None:
    arne = await at_desk(house, app, case.wallet, "arne", level=3)
    assert (await arne.browser.open("/console/board")).status == 403

    await _becomes(house, "arne", "auditor")
    assert "Board" in (await arne.browser.open("/console/board")).text


async def test_what_an_agent_may_not_see_stands_on_no_board(
    house: House, app: Litestar, case: Case
) -> None:
    other = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    sofia = await at_desk(house, app, other, "sofia", level=4)

    board = await sofia.browser.open("/console/board")

    assert case.reference not in board.text
    assert "No ticket is open." in board.text
