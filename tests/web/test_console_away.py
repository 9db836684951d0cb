"""When nothing can be stored, an agent has lost nothing of what they typed."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from service.settings import Settings
from tests import people as cast
from tests.at_desk import AtDesk, astrid, case, wallet
from tests.desks import Case
from tests.lines import Line, line, short_folder

__all__ = ["astrid", "case", "line", "short_folder", "wallet"]

pytestmark = pytest.mark.anyio
NOTE = "She called from <her> neighbour's,\nsecond floor"


@pytest.fixture
def settings(settings: Settings, line: Line) -> Settings:
    """Only the app is behind the line; the test itself still sees the database."""
    return replace(settings, database_url=line.url)


async def test_a_note_waits_on_the_page_and_is_sent_when_the_database_is_back(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    page = await astrid.browser.open(case.path)
    line.cut()

    refused = await page.press(f"{case.path}/notes", words=NOTE)

    assert refused.status == 503
    assert refused.headers["retry-after"]
    assert "Nothing was stored" in refused.text
    assert NOTE.partition("\n")[0] in refused.text
    assert "<her>" not in refused.html
    await line.lay()
    again = await refused.press(f"{case.path}/notes")
    assert again.status == 200
    assert NOTE.partition("\n")[2] in again.text


async def test_a_message_still_goes_to_the_one_it_was_written_to(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    path = await to_carl(astrid, case)
    page = await astrid.browser.open(path)
    line.cut()

    refused = await page.press(path, reply="please-call")

    assert refused.status == 503
    await line.lay()
    assert (await refused.press(path)).path == f"{case.path}?done=write"


async def test_nor_is_it_lost_when_the_session_ended(astrid: AtDesk, case: Case) -> None:
    path = await to_carl(astrid, case)
    page = await astrid.browser.open(path)
    await cast.move_clock(astrid.authenticator.house, timedelta(minutes=31))
    door = await page.press(path, reply="please-call")

    page = await astrid.sign_in(door)

    assert (await page.press(path)).path == f"{case.path}?done=write"


async def test_a_page_that_could_not_be_read_is_asked_for_again(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    line.cut()

    for path in (case.path, f"{case.path}/messages?to=owner", "/console"):
        page = await astrid.browser.open(path)

        assert page.status == 503
        assert (path, "Try again") in page.links


async def test_a_button_without_words_is_pressed_again_on_its_own_page(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    page = await astrid.browser.open(case.path)
    line.cut()

    refused = await page.press(f"{case.path}/assignment")

    assert refused.status == 503
    assert [form.action for form in refused.forms] == []
    assert (case.path, "Try again") in refused.links


async def test_what_proves_who_they_are_is_typed_anew(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    page = await astrid.browser.open(case.path)
    csrf = page.form(f"{case.path}/notes").fields["csrf_token"]
    line.cut()
    secret = {"password": cast.PASSWORD, "code": "123456", "passkey": "{}", "username": "astrid"}

    refused = await astrid.browser.send(
        f"{case.path}/approval", {"csrf_token": csrf, "said": "Both were heard", **secret}
    )

    assert refused.status == 503
    assert "Both were heard" in refused.text
    assert cast.PASSWORD not in refused.html
    form = refused.form(f"{case.path}/approval")
    assert {name: form.fields[name] for name in secret} == {
        **dict.fromkeys(secret, ""),
        "username": "astrid",
    }


async def test_the_door_keeps_what_it_was_given_but_the_secrets(
    astrid: AtDesk, case: Case, line: Line
) -> None:
    page = await astrid.browser.open(case.path)
    await cast.move_clock(astrid.authenticator.house, timedelta(minutes=31))
    door = await page.press(f"{case.path}/notes", words=NOTE)
    line.cut()

    shut = await astrid.sign_in(door)

    assert shut.status == 503
    assert "The database does not answer" in shut.text
    form = shut.form("/console/sign-in")
    assert (form.fields["login"], form.fields["password"]) == ("astrid", "")
    await line.lay()
    page = await astrid.sign_in(shut)
    assert NOTE.partition("\n")[0] in page.text
    assert (await page.press(f"{case.path}/notes")).status == 200


async def test_after_a_fault_of_ours_the_words_are_still_there(astrid: AtDesk, case: Case) -> None:
    page = await astrid.browser.open(case.path)
    async with astrid.authenticator.house.engine.begin() as db:
        await db.execute(text("UPDATE data_keys SET wrapped = '\\x00'"))

    broken = await page.press(f"{case.path}/notes", words=NOTE)

    assert broken.status == 500
    assert NOTE.partition("\n")[0] in broken.text


async def to_carl(agent: AtDesk, case: Case) -> str:
    """Where whoever reported is written to."""
    ticket = await agent.browser.open(case.path)
    (path,) = {href for href, _ in ticket.links if "/messages?to=" in href} - {
        f"{case.path}/messages?to=owner"
    }
    return path
