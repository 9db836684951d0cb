"""A ticket's page hears that something happened on it: the state that its heartbeat is answered."""

import re
from collections.abc import Awaitable, Callable
from typing import TypeAlias
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import update

from domain.access import Role
from domain.accounts import AddressKind
from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import handing_over, notes, owner_codes, safety, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.owner_codes import Entered
from service.storage import load
from service.storage.tables import agents
from tests import people as cast
from tests import proving
from tests.at_desk import AtDesk, at_desk, at_the_door
from tests.browsers import Page
from tests.desks import Case, a_case, a_safety_ticket
from tests.web.test_console_danger import cleo_says_danger

pytestmark = pytest.mark.anyio
Act: TypeAlias = Callable[[House, Case, SignedIn], Awaitable[object]]


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


async def trained(house: House, app: Litestar, wallet: Wallet, login: str) -> AtDesk:
    agent = await at_the_door(house, app, wallet, login, level=1)
    async with house.engine.begin() as db:
        this = agents.c.login == login
        await db.execute(update(agents).where(this).values(trained_for_safety=True))
    await agent.sign_in()
    return agent


def shown_by(page: Page) -> str:
    """The state that the page was made with."""
    (state,) = re.findall(r'data-state="([^"]*)"', page.html)
    return state


def awaited_by(page: Page) -> float:
    """For how many seconds the page waits for an answer of the owner's."""
    (seconds,) = re.findall(r'data-awaited="([^"]*)"', page.html)
    return float(seconds)


async def heard_by(agent: AtDesk, page: Page) -> str:
    """The state that its heartbeat is answered, sent as its script does."""
    (form,) = [form for form in page.forms if form.action.endswith("/presence")]
    answer = await agent.browser.request(
        "POST", form.action, fields=form.fields, headers={"Origin": agent.browser.origin}
    )
    assert answer.status_code == 200
    return str(answer.json()["state"])


async def olga_enters_a_code(house: House, case: Case, by: SignedIn) -> None:
    await proving.code_entered(house, case.wallet, case.ticket_id, by)


async def cleo_reports(house: House, case: Case, _: SignedIn) -> None:
    await cleo_says_danger(house, case)


async def norte_proves(house: House, case: Case, _: SignedIn) -> None:
    await proving.reproved(house, case.wallet, case.ticket_id)


async def a_colleague_writes(house: House, case: Case, by: SignedIn) -> None:
    await notes.add(house, case.ticket_id, "Called, no answer.", key=str(uuid4()), by=by)


async def a_colleague_takes_it(house: House, case: Case, by: SignedIn) -> None:
    async with house.engine.connect() as db:
        ticket = await load.ticket(db, case.wallet.id, case.ticket_id)
    await handing_over.take(house, case.ticket_id, by=by, seen=ticket.row_version)


@pytest.mark.parametrize(
    "act",
    [olga_enters_a_code, cleo_reports, norte_proves, a_colleague_writes, a_colleague_takes_it],
)
async def test_whatever_happens_on_a_ticket_moves_its_state_and_looking_at_it_does_not(
    house: House, case: Case, astrid: AtDesk, act: Act
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    page = await astrid.browser.open(case.path)
    for _ in range(2):
        assert await heard_by(astrid, page) == shown_by(page)

    await act(house, case, arne)

    assert await heard_by(astrid, page) != shown_by(page)
    page = await astrid.browser.open(case.path)
    assert await heard_by(astrid, page) == shown_by(page)


async def test_a_proposal_moves_a_ticket_s_state(house: House, case: Case, astrid: AtDesk) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proving.proved(house, case.wallet, case.ticket_id, arne)
    page = await astrid.browser.open(case.path)
    assert await heard_by(astrid, page) == shown_by(page)

    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=arne)

    assert await heard_by(astrid, page) != shown_by(page)


async def test_a_page_waits_for_a_code_for_as_long_as_it_can_be_entered(
    house: House, case: Case, astrid: AtDesk
) -> None:
    assert awaited_by(await astrid.browser.open(case.path)) == 0
    who = await astrid.signed_in()
    mailbox = await proving.the_address(house, case.wallet, case.ticket_id, AddressKind.EMAIL)
    await owner_codes.ask(house, case.ticket_id, mailbox.id, by=who)

    lasts = case.wallet.policy.codes.lasts.total_seconds()
    assert 0 < awaited_by(await astrid.browser.open(case.path)) <= lasts

    typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
    assert await owner_codes.enter(house, case.wallet, typed) is Entered.PROVED
    assert awaited_by(await astrid.browser.open(case.path)) == 0


async def test_an_auditor_s_page_hears_it_too(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    auditor = await at_the_door(house, app, case.wallet, "ada", level=1)
    async with house.engine.begin() as db:
        hers = agents.c.login == "ada"
        await db.execute(update(agents).where(hers).values(role=Role.AUDITOR.value))
    await auditor.sign_in()
    page = await auditor.browser.open(case.path)
    assert await heard_by(auditor, page) == shown_by(page)

    await a_colleague_writes(house, case, await astrid.signed_in())

    assert await heard_by(auditor, page) != shown_by(page)


async def test_a_safety_ticket_has_a_state_of_its_own_and_moves_no_other(
    house: House, app: Litestar, case: Case, astrid: AtDesk
) -> None:
    sofia = await trained(house, app, case.wallet, "sofia")
    by = await sofia.signed_in()
    loss = await astrid.browser.open(case.path)
    ticket_id = await a_safety_ticket(house, case)
    path = f"/console/safety/{ticket_id}"

    async def note() -> None:
        await safety.add_note(house, ticket_id, "Spoke with her.", by=by)

    async def remove() -> None:
        await safety.remove_contact(house, ticket_id, case.cleo.id, by=by)

    async def close() -> None:
        await safety.close(house, ticket_id, by=by)

    for act in (note, remove, close):
        page = await sofia.browser.open(path)
        assert await heard_by(sofia, page) == shown_by(page)
        await act()
        assert await heard_by(sofia, page) != shown_by(page), act
        # To whoever is not trained nothing has happened, on the same owner's other ticket neither.
        assert await heard_by(astrid, loss) == shown_by(loss), act

    form = next(form for form in loss.forms if form.action.endswith("/presence"))
    untold = await astrid.browser.send(f"/console/tickets/{ticket_id}/presence", form.fields)
    nowhere = await astrid.browser.send(f"/console/tickets/{uuid4()}/presence", form.fields)
    assert untold.status == nowhere.status == 404
    assert untold.text == nowhere.text


async def test_the_line_stands_ready_and_says_nothing_without_its_script(
    case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert '<div class="happened" role="status" data-happened></div>' in page.html
    inert = page.html[page.html.index("<template") : page.html.index("</template>")]
    assert "Something happened here" in inert
    assert page.html.count("Something happened here") == 1
