"""The queue's page over HTTP: what stands in the address, "Next", and passing over."""

import re

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.wallets import Wallet
from service.operations.house import House
from service.storage.tables import agents
from tests import people as cast
from tests.at_desk import AtDesk, at_desk, at_the_door
from tests.desks import Case, a_case, a_safety_ticket, proposed

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


async def test_filters_stand_in_the_address_and_go_along_from_view_to_view(
    case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open("/console?view=unassigned&language=es&level=1")
    assert case.reference in page.text
    hrefs = [href for href, _ in page.links]
    assert "/console?view=mine&language=es&level=1" in hrefs
    assert "/console?language=es&level=1" in hrefs

    page = await astrid.browser.open("/console?view=unassigned&language=es&level=2")
    assert case.reference not in page.text
    assert "Nothing matches these filters" in page.text


async def test_what_an_address_says_wrong_is_calmly_ignored(case: Case, astrid: AtDesk) -> None:
    for wrong in (
        "view=nothing&level=9&stage=x&wallet=1&country=ZZ&language=xx&assignee=%00",
        "after=x~y~z~w&view=safety",
        "after=20260101T000000.000000~-1~20260101T000000.000000~1&no=x&done=%3Cb%3E",
        "view=open&view=mine&after=~~~",
    ):
        page = await astrid.browser.open(f"/console?{wrong}")
        assert page.status == 200
        assert case.reference in page.text or "view=mine" in wrong


async def test_next_leads_to_the_ticket_and_passing_over_back_to_the_queue(
    case: Case, astrid: AtDesk
) -> None:
    page = await (await astrid.browser.open("/console")).press("/console/next")
    assert page.path == case.path

    told = await page.press(f"{case.path}/skip", reason="other", words="")
    assert told.status == 422
    assert "Say in a few words why." in told.text
    page = await told.press(f"{case.path}/skip", reason="no-time", words="")
    assert page.path == "/console?done=skip"
    assert "Passed over" in page.text
    page = await page.press("/console/next")
    assert "Nothing is waiting for you" in page.text


async def test_presence_is_said_by_our_own_form_alone(case: Case, astrid: AtDesk) -> None:
    path = f"{case.path}/presence"
    answer = await astrid.browser.request("POST", path, fields={"csrf_token": "0" * 64})
    assert answer.status_code == 403


async def test_a_safety_ticket_is_served_passed_over_and_never_named_to_another(
    house: House, app: Litestar, wallet: Wallet, case: Case, astrid: AtDesk
) -> None:
    sofia = await at_the_door(house, app, wallet, "sofia", level=1)
    async with house.engine.begin() as db:
        hers = agents.c.login == "sofia"
        await db.execute(update(agents).where(hers).values(trained_for_safety=True))
    await sofia.sign_in()
    ticket_id = await a_safety_ticket(house, case)
    path = f"/console/safety/{ticket_id}"

    page = await (await sofia.browser.open("/console")).press("/console/next")
    assert page.path == path
    assert f"/console/tickets/{ticket_id}/presence" in [form.action for form in page.forms]
    mine = await sofia.browser.open("/console?view=mine")
    assert path in [href for href, _ in mine.links]
    told = await page.press(f"{path}/skip", reason="other", words="")
    assert told.status == 422
    assert "Say in a few words why." in told.text
    told = await page.press(f"{path}/skip", reason="", words="My cousin.")
    assert told.status == 422
    assert "Choose why somebody else should take it." in told.text
    assert told.form(f"{path}/skip").fields["words"] == "My cousin."

    queue = await astrid.browser.open("/console")
    assert "Sofia" not in queue.text
    nothing = await astrid.browser.open(f"/console/safety/{case.ticket_id}")
    for act in (f"{path}/skip", f"/console/tickets/{ticket_id}/presence"):
        fields = queue.form("/console/sign-out").fields
        sent = fields | ({"reason": "no-time"} if act.endswith("skip") else {})
        assert (await astrid.browser.send(act, sent)).status == 404, act
    assert (await astrid.browser.open(f"{path}/skip")).text == nothing.text

    page = await told.press(f"{path}/skip", reason="no-time", words="")
    assert page.path == "/console?done=skip"
    page = await page.press("/console/next")
    assert page.path == case.path


async def test_a_proposal_says_for_whom_it_waits(
    house: House, wallet: Wallet, case: Case, astrid: AtDesk
) -> None:
    sofia = await cast.an_agent(house, wallet, "sofia", 2)
    for name in ("arne", "bea", "cora"):
        await cast.an_agent(house, wallet, name, 3)
    await proposed(house, case, sofia)

    page = await astrid.browser.open("/console?view=approval")

    assert re.search("waits for (Arne|Bea|Cora)", page.text)
    assert "You may decide" not in page.text
