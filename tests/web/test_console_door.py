"""The console over HTTP, on the real app: who gets in, and for how long."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.refusals import Refused
from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import agents
from service.operations.house import House
from service.storage.tables import agents as agents_table
from tests import people as cast
from tests.at_desk import (
    AGENT_COOKIE,
    AtDesk,
    astrid,
    at_the_door,
    case,
    stage_of,
    statements,
    wallet,
)
from tests.browsers import Browser
from tests.desks import Case
from tests.houses import CONSOLE

__all__ = ["astrid", "case", "wallet"]

pytestmark = pytest.mark.anyio


async def test_whoever_is_not_signed_in_comes_to_the_door_and_from_there_to_where_they_were_going(
    house: House, app: Litestar, case: Case
) -> None:
    astrid = await at_the_door(house, app, case.wallet, "astrid", level=2)

    door = await astrid.browser.open(case.path)
    assert door.title.startswith("Sign in")
    assert case.reference not in door.html

    page = await astrid.sign_in(door)
    assert page.path == case.path
    assert case.reference in page.text


async def test_the_consoles_own_address_leads_to_the_queue_and_a_wallets_has_none(
    app: Litestar, astrid: AtDesk
) -> None:
    assert (await astrid.browser.open("/")).path == "/console"

    stranger = Browser(app)
    assert (await stranger.request("GET", "/console")).status_code == 404
    assert (await stranger.request("GET", "/console/sign-in")).status_code == 404


async def test_every_reason_not_to_let_somebody_in_gives_the_same_answer(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    astrid = await at_the_door(house, app, wallet, "astrid", level=2)
    gone = await at_the_door(house, app, wallet, "gone", level=2)
    async with house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "gone")
            .values(ended_at=await cast.now(house))
        )
    used = await astrid.new_code()
    await astrid.sign_in()
    attempts = [
        ("mallory", cast.PASSWORD, await astrid.new_code()),
        ("astrid", "another long passphrase", await astrid.new_code()),
        ("astrid", cast.PASSWORD, "000000"),
        ("astrid", cast.PASSWORD, used),
        ("gone", cast.PASSWORD, await gone.new_code()),
        # What no keyboard types must not look different either.
        ("astrid\0", "\0", "１２３４５６"),
        ("", "", ""),
        ("a" * 5000, "p" * 5000, "9" * 5000),
    ]
    answers: set[tuple[int, str]] = set()
    for login, password, code in attempts:
        browser = Browser(app, CONSOLE, language="en")
        door = await browser.open("/console/sign-in")
        page = await door.press("/console/sign-in", login=login, password=password, code=code)
        assert AGENT_COOKIE not in browser.cookies
        answers.add((page.status, page.text))

    assert len(answers) == 1
    ((status, text),) = answers
    assert status == 401
    assert "Login, password or code is not right." in text


async def test_an_unknown_name_asks_as_much_of_the_database_as_a_wrong_password_or_code(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    walks: list[list[str]] = []
    for login, password in (
        ("mallory", cast.PASSWORD),
        ("astrid", "another long passphrase"),
        ("astrid", cast.PASSWORD),
    ):
        with statements(house) as asked, pytest.raises(Refused):
            await agents.sign_in(house, login=login, password=password, code="0")
        walks.append(asked)

    assert len(walks[0]) > 2
    assert walks[0] == walks[1] == walks[2]


async def test_sign_in_leads_nowhere_but_into_the_console(
    house: House, app: Litestar, wallet: Wallet
) -> None:
    astrid = await at_the_door(house, app, wallet, "astrid", level=2)
    for target in ("https://evil.example/", "//evil.example", "/console/../owner", "\\evil", ""):
        astrid.browser.cookies.pop(AGENT_COOKIE, None)
        door = await astrid.browser.open("/console/sign-in")
        page = await door.press(
            "/console/sign-in",
            login="astrid",
            password=cast.PASSWORD,
            code=await astrid.new_code(),
            next=target,
        )
        assert page.path == "/console"


async def test_a_session_ends_after_30_quiet_minutes(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await cast.move_clock(house, timedelta(minutes=29))
    assert (await astrid.browser.open(case.path)).path == case.path
    await cast.move_clock(house, timedelta(minutes=29))
    assert (await astrid.browser.open(case.path)).path == case.path

    await cast.move_clock(house, timedelta(minutes=30))
    door = await astrid.browser.open(case.path)
    assert "Your session has ended" in door.text
    assert (await astrid.sign_in(door)).path == case.path


async def test_a_session_ends_after_8_hours_however_busy(house: House, astrid: AtDesk) -> None:
    began = await cast.now(house)
    while await cast.now(house) < began + timedelta(hours=8) - timedelta(minutes=20):
        await cast.move_clock(house, timedelta(minutes=20))
        assert (await astrid.browser.open("/console")).path == "/console"

    await cast.move_clock(house, timedelta(minutes=20))
    assert "Your session has ended" in (await astrid.browser.open("/console")).text


async def test_a_press_after_the_session_ended_does_nothing_and_comes_back_to_the_ticket(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    await cast.move_clock(house, timedelta(minutes=31))

    door = await page.press(f"{case.path}/owner-reached")
    assert door.title.startswith("Sign in")
    page = await astrid.sign_in(door)
    assert page.path == case.path
    assert await stage_of(house, case, astrid) is Stage.OPENED


async def test_signing_out_ends_the_session_itself_not_only_the_cookie(astrid: AtDesk) -> None:
    cookie = astrid.browser.cookies[AGENT_COOKIE]
    page = await astrid.browser.open("/console")

    assert (await page.press("/console/sign-out")).title.startswith("Sign in")
    astrid.browser.cookies[AGENT_COOKIE] = cookie
    assert (await astrid.browser.open("/console")).title.startswith("Sign in")


async def test_forms_from_elsewhere_or_without_the_token_do_nothing(
    house: House, case: Case, astrid: AtDesk
) -> None:
    token = (await astrid.browser.open(case.path)).form(f"{case.path}/owner-reached").fields
    path = f"{case.path}/owner-reached"
    for fields, origin in (
        (token, "https://evil.example"),
        (token, "http://localhost:8000"),
        (token, "null"),
        ({"csrf_token": "0" * 64}, CONSOLE),
        ({"csrf": "none"}, CONSOLE),
    ):
        answer = await astrid.browser.request(
            "POST", path, fields=fields, headers={"Origin": origin}
        )
        assert answer.status_code == 403
        assert "This form was not accepted" in answer.text

    assert await stage_of(house, case, astrid) is Stage.OPENED
