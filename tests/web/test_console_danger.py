"""The console where the owner may be in danger, or where somebody only says to be the owner."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from domain.reports import LossKind, OwnerSafe
from domain.wallets import Wallet
from service.operations import filing, hints, reports, visits
from service.operations.house import House
from service.operations.visits import Draft
from service.storage.tables import recovery_codes
from service.storage.tables import tickets as tickets_table
from tests import people as cast
from tests import proving
from tests.at_desk import AtDesk, approved_from, at_desk
from tests.desks import Case, a_case, proposed
from tests.helpless import a_card, asks_for_help

pytestmark = pytest.mark.anyio
NOBODY_CALLS = "The owner may be in danger: nobody calls the reported phone"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


async def cleo_says_danger(house: House, case: Case) -> None:
    visit = await cast.a_verified_visit(house, case.wallet, case.cleos_link)
    said = Draft(contact_id=case.cleo.id, kind=LossKind.STOLEN, safe=OwnerSafe.NO)
    await reports.save(house, case.wallet, visit, said)
    visit = await visits.current(house, visit)
    await filing.file_report(house, case.wallet, visit, key="danger")


async def test_danger_stands_above_everything_and_in_the_queue(
    house: House, case: Case, astrid: AtDesk
) -> None:
    calm = await astrid.browser.open(case.path)
    assert NOBODY_CALLS not in calm.text

    await cleo_says_danger(house, case)

    page = await astrid.browser.open(case.path)
    assert page.text.index(NOBODY_CALLS) < page.text.index("Reach the owner")
    assert "says the owner is not safe" in page.text
    assert "Emergency services: 911" in page.text
    assert "Danger" in (await astrid.browser.open("/console")).text


async def test_the_release_waits_for_the_answer_and_the_form_records_it(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await cleo_says_danger(house, case)
    who = await astrid.signed_in()
    await proving.proved(house, case.wallet, case.ticket_id, who)
    page = await astrid.browser.open(case.path)
    assert "first ask, alone, whether somebody makes them ask for it" in page.text
    assert f"{case.path}/proposal" not in [form.action for form in page.forms]

    asked = await page.press(f"{case.path}/duress", button="Record: not free")
    assert "The owner is not free. No release can be proposed." in asked.text
    asked = await asked.press(f"{case.path}/duress", button="Record: free")
    assert "The answer is recorded." in asked.text

    page = await asked.press(f"{case.path}/proposal", reason="owner-safe")
    assert "Proposed." in page.text


async def test_an_answer_that_is_none_is_told(house: House, case: Case, astrid: AtDesk) -> None:
    await cleo_says_danger(house, case)
    page = await astrid.browser.open(case.path)
    form = page.form(f"{case.path}/duress")

    refused = await astrid.browser.send(form.action, form.fields | {"answer": "perhaps"})

    assert refused.status == 422
    assert "The form did not arrive whole." in refused.text
    notices = page.form(f"{case.path}/notices")
    refused = await astrid.browser.send(notices.action, notices.fields | {"seen": "soon"})
    assert refused.status == 422


async def test_letting_the_messages_go_is_pressed_once(
    house: House, case: Case, astrid: AtDesk
) -> None:
    await cleo_says_danger(house, case)
    page = await astrid.browser.open(case.path)
    assert "Messages to the owner are waiting" in page.text

    gone = await page.press(f"{case.path}/notices")

    assert "The owner is being written to." in gone.text
    assert "Messages to the owner are waiting" not in gone.text
    again = await page.press(f"{case.path}/notices")
    assert again.status == 200


async def test_approval_of_what_was_proposed_before_the_danger_is_refused(
    house: House, app: Litestar, wallet: Wallet, case: Case, astrid: AtDesk
) -> None:
    arne = await at_desk(house, app, wallet, "arne", level=3)
    await proposed(house, case, await astrid.signed_in())
    page = await arne.browser.open(f"{case.path}/approval")
    await cleo_says_danger(house, case)

    refused = await approved_from(page, arne, case)

    assert refused.status == 409
    account = await cast.the_account(house, wallet, case.account.id)
    assert account.is_frozen


async def test_a_hint_is_marked_as_one_and_its_ticket_as_unconfirmed(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    await cast.olga(house, wallet)
    await asks_for_help(house, wallet, number="+54 11 4321-1234")
    await hints.file_hints(house)

    queue = await astrid.browser.open("/console")
    assert "Unconfirmed" in queue.text
    async with house.engine.connect() as db:
        ticket = (await db.execute(select(tickets_table))).one()
    page = await queue.follow(ticket.reference)

    for words in (
        "Nothing is frozen.",
        "1 hint a hint, never a proof",
        "+54 11 4321-1234",
        "Somebody who says to be the owner",
        "Nothing is frozen, so there is nothing to release.",
        "Without a report",
    ):
        assert words in page.text
    assert "Frozen for" not in page.text


async def test_the_card_is_a_proof_that_the_service_itself_saw(
    house: House, wallet: Wallet, astrid: AtDesk
) -> None:
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    codes = await a_card(house, wallet, await cast.at_her_pages(house, wallet, phone))
    async with house.engine.begin() as db:
        # Printed at set-up; one made just before the loss would prove nothing.
        long_ago = recovery_codes.c.made_at - timedelta(days=30)
        await db.execute(update(recovery_codes).values(made_at=long_ago))
    await asks_for_help(house, wallet, codes[0])
    async with house.engine.connect() as db:
        ticket = (await db.execute(select(tickets_table))).one()

    found = await (await astrid.browser.open("/console")).follow(ticket.reference)

    assert "Recovery cardthe service itself" in found.text
    assert "Typed a code of the recovery card; 9 left" in found.text
    assert "Missing: a proof of another kind." in found.text
