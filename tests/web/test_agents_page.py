"""An agent's own page, the door by passkey and recovery code, and what was typed when a session
ended: over HTTP, on the real app.
"""

import json
import re
from datetime import timedelta

import pytest
from litestar import Litestar
from msgspec import Struct
from sqlalchemy import delete, select

from domain.wallets import Wallet
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load
from service.storage.tables import browser_sessions
from tests import people as cast
from tests.browsers import Browser, Page
from tests.desks import Authenticator, Case, a_case, an_agent
from tests.houses import CONSOLE
from tests.passkeys import SecurityKey

pytestmark = pytest.mark.anyio
ME = "/console/me"
CODE = re.compile(r"\b(?:[0-9A-HJKMNP-TV-Z]{4}-){4}[0-9A-HJKMNP-TV-Z]{4}\b")
SCRIPT = "</textarea><script>alert('x')</script>"
FORMULA = '=HYPERLINK("http://bad.example","x")\nsecond line'


class AtDesk(Struct, frozen=True, kw_only=True):
    app: Litestar
    browser: Browser
    agent: Authenticator

    async def sign_in(self, page: Page | None = None) -> Page:
        door = page or await self.browser.open("/console/sign-in")
        return await door.press(
            "/console/sign-in",
            login=self.agent.login,
            password=cast.PASSWORD,
            code=await self.agent.new_code(),
        )

    async def proved(self) -> Page:
        page = await self.browser.open(ME)
        return await page.press(
            f"{ME}/proof", password=cast.PASSWORD, code=await self.agent.new_code()
        )

    async def asked(self, page: Page, question: str) -> tuple[int, str]:
        """What the page's script asks."""
        token = token_of(page)
        answer = await self.browser.request(
            "POST", question, fields={"csrf_token": token}, headers={"Origin": CONSOLE}
        )
        return answer.status_code, answer.text

    async def signed_in(self) -> SignedIn:
        cookie = self.browser.cookies["__Host-agent"]
        return await agents.signed_in(self.agent.house, cookie)


def token_of(page: Page) -> str:
    (token,) = {form.fields["csrf_token"] for form in page.forms if "csrf_token" in form.fields}
    return token


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid")


async def at_desk(house: House, app: Litestar, wallet: Wallet, login: str) -> AtDesk:
    agent = await an_agent(house, wallet, login, level=2)
    found = AtDesk(app=app, browser=Browser(app, CONSOLE, language="en"), agent=agent)
    await found.sign_in()
    return found


async def with_passkey(astrid: AtDesk) -> SecurityKey:
    key = SecurityKey(CONSOLE)
    page = await astrid.proved()
    status, options = await astrid.asked(page, f"{ME}/passkey-question")
    assert status == 200
    page = await page.press(f"{ME}/passkeys", name="front door", passkey=key.make(options))
    assert "The passkey was added." in page.text
    return key


# The agent's own page -----------------------------------------------------------------------------


async def test_a_passkey_is_made_after_signing_in_again_and_ended(astrid: AtDesk) -> None:
    page = await astrid.browser.open(ME)
    assert f"{ME}/passkeys" not in [form.action for form in page.forms]
    status, _ = await astrid.asked(page, f"{ME}/passkey-question")
    assert status == 401

    await with_passkey(astrid)

    page = await astrid.browser.open(ME)
    assert "front door" in page.text
    (end,) = [form for form in page.forms if form.action.endswith("/end")]
    page = await page.press(end)
    assert "The passkey has ended." in page.text
    assert "front door" not in page.text


async def test_a_wrong_proof_opens_nothing_and_says_so(astrid: AtDesk) -> None:
    page = await astrid.browser.open(ME)

    page = await page.press(f"{ME}/proof", password="not it", code=await astrid.agent.new_code())

    assert page.status == 401
    assert "Password or code is not right." in page.text
    assert f"{ME}/passkeys" not in [form.action for form in page.forms]


async def test_recovery_codes_are_told_once_and_counted(astrid: AtDesk) -> None:
    page = await astrid.proved()
    page = await page.press(f"{ME}/recovery-codes")
    codes = CODE.findall(page.text)
    assert len(codes) == 10
    assert CODE.findall((await astrid.browser.open(ME)).text) == []

    door = await Browser(astrid.app, CONSOLE, language="en").open("/console/sign-in")
    entered = await door.press(
        "/console/sign-in", login="astrid", password=cast.PASSWORD, recovery=codes[0]
    )

    assert entered.path == "/console"
    page = await entered.browser.open(ME)
    assert "9 of 10 are left." in page.text
    assert "Deciding releases" in page.text


async def test_a_passkey_that_does_not_count_keeps_the_name_that_was_typed(astrid: AtDesk) -> None:
    page = await astrid.proved()

    page = await page.press(f"{ME}/passkeys", name=SCRIPT[:40], passkey="{}")

    assert page.status == 422
    assert "The authenticator's answer does not count" in page.text
    (form,) = [form for form in page.forms if form.action == f"{ME}/passkeys"]
    assert form.fields["name"] == SCRIPT[:40]


async def test_an_unfinished_form_changes_nothing(astrid: AtDesk) -> None:
    page = await astrid.proved()

    page = await page.press(f"{ME}/passkeys", name="  ", passkey="{}")

    assert page.status == 422
    assert "The form did not arrive whole." in page.text


async def test_whoever_has_no_passkey_is_told_by_the_question(astrid: AtDesk) -> None:
    page = await astrid.browser.open(ME)

    assert (await astrid.asked(page, "/console/passkey-question"))[0] == 404


async def test_the_page_says_whom_an_agent_serves(astrid: AtDesk) -> None:
    page = await astrid.browser.open(ME)

    for said in ("astrid", "level 2", "Norte", "losses", "every language"):
        assert said in page.text


# The door -----------------------------------------------------------------------------------------


async def test_a_passkey_opens_the_door_and_leads_where_they_were_going(
    astrid: AtDesk, case: Case
) -> None:
    key = await with_passkey(astrid)
    browser = Browser(astrid.app, CONSOLE, language="en")
    arriving = AtDesk(app=astrid.app, browser=browser, agent=astrid.agent)
    door = await browser.open(case.path)
    status, options = await arriving.asked(door, "/console/sign-in/passkey-question")
    assert status == 200

    page = await door.press("/console/sign-in/passkey", passkey=key.sign(options))

    assert page.path == case.path


async def test_without_script_there_is_password_and_code_alone(astrid: AtDesk) -> None:
    door = await Browser(astrid.app, CONSOLE, language="en").open("/console/sign-in")

    # Hidden until script finds that the browser knows authenticators.
    assert re.search(r'<div class="with-passkey"[^>]* hidden>', door.html)
    page = await door.press("/console/sign-in/passkey", passkey="")
    assert page.status == 401
    assert "You are not signed in" in page.text


async def test_the_question_is_asked_by_our_own_page_alone(astrid: AtDesk) -> None:
    page = await astrid.browser.open(ME)
    token = token_of(page)
    question = "/console/sign-in/passkey-question"
    for origin, said in ((CONSOLE, "made up"), ("https://elsewhere.example", token)):
        answer = await astrid.browser.request(
            "POST", question, fields={"csrf_token": said}, headers={"Origin": origin}
        )
        assert answer.status_code == 403


# Idle and absolute end ----------------------------------------------------------------------------


@pytest.mark.usefixtures("clock_stands")
async def test_thirty_quiet_minutes_end_a_session(house: House, astrid: AtDesk) -> None:
    await cast.move_clock(house, timedelta(minutes=29, seconds=55))
    assert (await astrid.browser.open("/console")).path == "/console"
    await cast.move_clock(house, timedelta(minutes=29, seconds=55))
    assert (await astrid.browser.open("/console")).path == "/console"

    await cast.move_clock(house, timedelta(minutes=30))

    assert (await astrid.browser.open("/console")).path == "/console/sign-in"


@pytest.mark.usefixtures("clock_stands")
async def test_eight_hours_end_a_session_however_busy(house: House, astrid: AtDesk) -> None:
    began = (await astrid.signed_in()).session.began_at
    while await cast.now(house) < began + timedelta(hours=7, minutes=40):
        await cast.move_clock(house, timedelta(minutes=25))
        assert (await astrid.browser.open("/console")).path == "/console"
    left = began + timedelta(hours=8) - await cast.now(house)
    await cast.move_clock(house, left - timedelta(seconds=5))
    assert (await astrid.browser.open("/console")).path == "/console"

    await cast.move_clock(house, timedelta(seconds=5))

    assert (await astrid.browser.open("/console")).path == "/console/sign-in"


async def test_who_is_on_shift_is_who_is_signed_in(
    house: House, app: Litestar, wallet: Wallet, astrid: AtDesk
) -> None:
    await an_agent(house, wallet, "arne", level=3)

    async def on_shift() -> list[str]:
        async with house.engine.connect() as db:
            return [one.login for one in await load.agents_on_shift(db, wallet.id)]

    async with house.engine.connect() as db:
        assert [one.login for one in await load.agents_serving(db, wallet.id)] == ["arne", "astrid"]
    assert await on_shift() == ["astrid"]
    await cast.move_clock(house, timedelta(minutes=30))
    assert await on_shift() == []


# What was typed when the session ended ------------------------------------------------------------


async def pressed_too_late(astrid: AtDesk, case: Case, **typed: str) -> Page:
    """A form of the ticket's page with a note in it, half an hour after the last press."""
    page = await astrid.browser.open(case.path)
    await cast.move_clock(astrid.agent.house, timedelta(minutes=31))
    form = {"csrf_token": token_of(page), **typed}
    return await astrid.browser.send(f"{case.path}/closing", form)


async def test_what_was_typed_when_the_session_ended_is_ready_to_be_sent_again(
    astrid: AtDesk, case: Case
) -> None:
    typed = {"reason": SCRIPT, "seen": "3", "said": FORMULA}

    door = await pressed_too_late(astrid, case, **typed)
    assert door.status == 401
    assert "What you had typed is kept" in door.text
    page = await astrid.sign_in(door)

    assert "You were about to send this" in page.text
    # As text, whatever it was.
    assert SCRIPT in page.text
    assert "<script>alert" not in page.html
    form = page.form(f"{case.path}/closing")
    assert {name: form.fields[name] for name in typed} == typed
    assert form.fields["csrf_token"]


async def test_it_is_kept_through_a_wrong_password(astrid: AtDesk, case: Case) -> None:
    door = await pressed_too_late(astrid, case, said="a long note")
    door = await door.press("/console/sign-in", login="astrid", password="no", code="000000")
    assert door.status == 401

    page = await astrid.sign_in(door)

    assert "a long note" in page.text


async def test_somebody_else_who_signs_in_does_not_get_it(
    house: House, app: Litestar, wallet: Wallet, astrid: AtDesk, case: Case
) -> None:
    arne = await at_desk(house, app, wallet, "arne")
    door = await pressed_too_late(astrid, case, said="a long note")

    page = await arne.sign_in(door)

    assert "a long note" not in page.html
    assert page.path == case.path


async def test_after_half_an_hour_it_is_worth_nothing(
    house: House, astrid: AtDesk, case: Case
) -> None:
    for waits, kept in ((29, True), (31, False)):
        door = await pressed_too_late(astrid, case, said="a long note")
        await cast.move_clock(house, timedelta(minutes=waits))

        page = await astrid.sign_in(door)

        assert ("a long note" in page.text) == kept


async def test_a_password_a_code_and_a_token_are_never_kept(astrid: AtDesk, case: Case) -> None:
    secret = {"password": cast.PASSWORD, "code": "123456", "passkey": "{}", "username": "astrid"}
    door = await pressed_too_late(astrid, case, said="a long note", **secret)

    page = await astrid.sign_in(door)

    form = page.form(f"{case.path}/closing")
    assert form.fields["said"] == "a long note"
    # Asked for anew, since the form had them.
    assert {name: form.fields[name] for name in ("password", "code", "passkey")} == {
        "password": "",
        "code": "",
        "passkey": "",
    }
    assert cast.PASSWORD not in page.html


async def test_who_signed_out_or_is_unknown_leaves_nothing(
    house: House, astrid: AtDesk, case: Case
) -> None:
    page = await astrid.browser.open(case.path)
    async with house.engine.begin() as db:
        await db.execute(delete(browser_sessions).where(browser_sessions.c.kind == "agent"))
    form = {"csrf_token": token_of(page), "said": "a long note"}

    door = await astrid.browser.send(f"{case.path}/closing", form)

    assert door.path.startswith("/console/sign-in")
    assert "a long note" not in door.html


async def test_what_somebody_made_up_or_changed_is_not_shown(astrid: AtDesk, case: Case) -> None:
    door = await pressed_too_late(astrid, case, said="a long note")
    sealed = door.form("/console/sign-in").fields["unsent"]
    for forged in ("made up", "é", sealed[:-6], sealed[:-8] + "AAAAAAAA", ""):
        page = await door.press(
            "/console/sign-in",
            login="astrid",
            password=cast.PASSWORD,
            code=await astrid.agent.new_code(),
            unsent=forged,
        )
        assert page.path == case.path
        assert "a long note" not in page.html


async def test_nothing_of_it_is_stored(house: House, astrid: AtDesk, case: Case) -> None:
    await pressed_too_late(astrid, case, said="a long note")

    async with house.engine.connect() as db:
        rows = (await db.execute(select(browser_sessions))).all()
    assert "a long note" not in json.dumps([str(row) for row in rows])
