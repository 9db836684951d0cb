"""At the desk: removals that the freeze stopped, contacts taken back, devices back in hand."""

from datetime import datetime, timedelta

import pytest
from litestar import Litestar
from sqlalchemy import select, update

from domain.contacts import Contact, ContactStatus
from domain.ids import ContactId, ReportId
from domain.refusals import DeviceReported
from domain.reports import Outcome
from domain.wallets import Wallet
from service.operations import outcomes
from service.operations.house import House
from service.storage import load
from service.storage.tables import contacts, loss_reports, outbox, proposals
from tests import people as cast
from tests import proving
from tests.at_desk import AtDesk, approved_from, at_desk, confirmed_from, is_frozen
from tests.browsers import Page
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
THREE_DAYS = timedelta(hours=72)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    """Carl reported while Cleo's removal had 50 of its 72 hours to go; she had been told."""
    case = await a_case(house, wallet)
    frozen_at = (await cast.the_account(house, wallet, case.account.id)).frozen_at
    assert frozen_at is not None
    began_at = frozen_at - timedelta(hours=22)
    await _is_leaving(house, case.cleo.id, began_at)
    return case


async def _is_leaving(house: House, contact_id: ContactId, began_at: datetime) -> None:
    """As it stood when the freeze came: begun, and told, 22 hours before."""
    async with house.engine.begin() as db:
        await db.execute(
            update(contacts)
            .where(contacts.c.id == contact_id)
            .values(
                status="leaving",
                removal_began_at=began_at,
                removal_seconds=int(THREE_DAYS.total_seconds()),
                removal_noticed_at=began_at,
                leaves_at=began_at + THREE_DAYS,
            )
        )


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


@pytest.fixture
async def arne(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "arne", level=3)


async def proved(house: House, case: Case, astrid: AtDesk) -> Page:
    await proving.proved(house, case.wallet, case.ticket_id, await astrid.signed_in())
    return await astrid.browser.open(case.path)


async def cleo(house: House, case: Case) -> Contact:
    async with house.engine.connect() as db:
        return await load.contact(db, case.wallet.id, case.cleo.id)


def removal_of_cleo(case: Case) -> str:
    return f"{case.path}/contacts/{case.cleo.id}/removal"


async def test_a_removal_is_decided_only_once_it_is_certain_who_says_it(
    house: House, case: Case, astrid: AtDesk
) -> None:
    page = await astrid.browser.open(case.path)
    assert "Removals that the freeze stopped" in page.text
    assert "Cleo" in page.text
    assert removal_of_cleo(case) not in [form.action for form in page.forms]

    fields = page.form("/console/sign-out").fields
    refused = await astrid.browser.send(removal_of_cleo(case), fields | {"decision": "stays"})

    assert refused.status == 409
    assert "It is not yet certain who the owner is" in refused.text
    assert (await cleo(house, case)).removal_goes_on is None
    page = await proved(house, case, astrid)
    assert "First record what the owner wants of each removal" in page.text
    assert f"{case.path}/proposal" not in [form.action for form in page.forms]


async def test_after_the_release_a_removal_goes_on_with_the_time_it_had_left(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await proved(house, case, astrid)
    page = await page.press(removal_of_cleo(case), button="Goes on")
    assert "goes on: 2 d 2 h from the release" in page.text
    page = await page.press(f"{case.path}/proposal", reason="owner-safe")
    assert "The removal of Cleo goes on and takes 2 d 2 h more." in page.text
    await cast.move_clock(house, timedelta(days=10))
    door = await arne.sign_in(await arne.browser.open(case.path))
    approval = await door.follow("Read and decide")
    assert "The removal of Cleo goes on and takes 2 d 2 h more." in approval.text

    done = await approved_from(approval, arne, case)

    assert "Released." in done.text
    assert not await is_frozen(house, case)
    account = await cast.the_account(house, case.wallet, case.account.id)
    released_at = await cast.now(house)
    resumed = await cleo(house, case)
    assert resumed.status is ContactStatus.LEAVING
    assert resumed.leaves_at is not None
    left = resumed.leaves_at - released_at
    assert timedelta(hours=49, minutes=55) < left <= timedelta(hours=50)
    assert resumed.can_report(account, resumed.leaves_at - timedelta(seconds=1))
    assert not resumed.can_report(account, resumed.leaves_at)


async def test_who_stays_is_a_contact_as_before(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await proved(house, case, astrid)
    page = await page.press(removal_of_cleo(case), button="Stays")
    await page.press(f"{case.path}/proposal", reason="owner-safe")
    approval = await (await arne.browser.open(case.path)).follow("Read and decide")
    assert "Cleo stays a trusted person." in approval.text

    await approved_from(approval, arne, case)

    stayed = await cleo(house, case)
    assert (stayed.status, stayed.leaves_at) == (ContactStatus.ACTIVE, None)


async def test_what_is_decided_anew_has_to_be_proposed_anew(
    house: House, case: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await proved(house, case, astrid)
    page = await page.press(removal_of_cleo(case), button="Stays")
    page = await page.press(f"{case.path}/proposal", reason="owner-safe")
    approval = await (await arne.browser.open(case.path)).follow("Read and decide")

    same = await page.press(removal_of_cleo(case), button="Stays")
    assert "Recorded." in same.text
    async with house.engine.connect() as db:
        assert list(await db.scalars(select(proposals.c.status))) == ["pending"]
    page = await page.press(removal_of_cleo(case), button="Goes on")

    async with house.engine.connect() as db:
        assert list(await db.scalars(select(proposals.c.status))) == ["void"]
    refused = await approved_from(approval, arne, case)
    assert refused.status == 409
    assert await is_frozen(house, case)
    assert f"{case.path}/proposal" in [form.action for form in page.forms]


async def test_another_owners_contact_is_not_there(
    house: House, wallet: Wallet, case: Case, astrid: AtDesk
) -> None:
    other = await a_case(house, wallet, "bruno-1")
    page = await proved(house, case, astrid)
    fields = page.form("/console/sign-out").fields | {"decision": "stays"}

    path = f"{case.path}/contacts/{other.cleo.id}/removal"
    assert (await astrid.browser.send(path, fields)).status == 404


# Suspended ----------------------------------------------------------------------------------------


async def _released(case: Case, page: Page, arne: AtDesk) -> Page:
    await page.press(f"{case.path}/proposal", reason="reported-by-mistake")
    approval = await (await arne.browser.open(case.path)).follow("Read and decide")
    return await approved_from(approval, arne, case)


@pytest.fixture
async def suspended(house: House, wallet: Wallet, astrid: AtDesk, arne: AtDesk) -> Case:
    """Carl's report was found false, his second; the account has been given back."""
    case = await a_case(house, wallet)
    page = await proved(house, case, astrid)
    async with house.engine.connect() as db:
        report_id = ReportId((await db.execute(select(loss_reports.c.id))).scalar_one())
    first, second = await astrid.signed_in(), await arne.signed_in()
    await outcomes.hear_reporter(house, case.ticket_id, report_id, by=first)
    await outcomes.decide(house, case.ticket_id, report_id, Outcome.FALSE, by=first)
    async with house.engine.connect() as db:
        (verdict,) = await load.verdicts_on(db, wallet.id, case.ticket_id)
    await outcomes.confirm_false(house, case.ticket_id, report_id, verdict.id, by=second)
    async with house.engine.begin() as db:
        # The first, some months ago, paused him; this one suspends.
        this = contacts.c.id != case.cleo.id
        await db.execute(update(contacts).where(this).values(status="suspended", paused_until=None))
    await _released(case, page, arne)
    return case


async def test_two_agents_take_a_suspended_contact_back_where_the_report_was_judged(
    house: House, suspended: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await astrid.browser.open(suspended.path)
    path = next(f.action for f in page.forms if f.action.endswith("/reinstatement"))
    page = await page.press(path, button="Propose to take back")
    assert "Astrid proposes to take them back." in page.text
    assert path not in [form.action for form in page.forms]
    assert not [href for href, _ in page.links if href.startswith(path)]
    fields = page.form("/console/sign-out").fields
    typed = {"seen": "1", "password": cast.PASSWORD, "code": await astrid.new_code()}
    alone = await astrid.browser.send(f"{path}/approval", fields | typed)
    assert alone.status == 403
    async with house.engine.connect() as db:
        stands = select(contacts.c.status).where(contacts.c.id != suspended.cleo.id)
        assert await db.scalar(stands) == "suspended"

    page = await (await arne.browser.open(suspended.path)).follow("Read and decide: Carl")
    page = await confirmed_from(page, arne, f"{path}/approval")

    assert "Recorded." in page.text
    assert "Suspended for false reports" not in page.text
    async with house.engine.connect() as db:
        assert await db.scalar(stands) == "active"
        told = set(await db.scalars(select(outbox.c.event)))
    assert "contact-reinstated" in told


async def test_the_second_agent_says_no_and_why_and_the_first_reads_it(
    house: House, suspended: Case, astrid: AtDesk, arne: AtDesk
) -> None:
    page = await astrid.browser.open(suspended.path)
    path = next(f.action for f in page.forms if f.action.endswith("/reinstatement"))
    await page.press(path, button="Propose to take back")
    page = await (await arne.browser.open(suspended.path)).follow("Read and decide: Carl")

    page = await page.press(f"{path}/rejection", because="not-explained")

    assert "Recorded." in page.text
    page = await astrid.browser.open(suspended.path)
    assert "did not agree to take them back: What they reported is not explained" in page.text
    assert "Arne" in page.text
    async with house.engine.connect() as db:
        stands = select(contacts.c.status).where(contacts.c.id != suspended.cleo.id)
        assert await db.scalar(stands) == "suspended"
    # It may be proposed anew, and then waits again.
    page = await page.press(path, button="Propose to take back")
    assert "did not agree" not in page.text
    assert "Astrid proposes to take them back." in page.text


async def test_who_was_not_judged_on_this_ticket_is_not_taken_back_from_it(
    house: House, suspended: Case, astrid: AtDesk
) -> None:
    async with house.engine.begin() as db:
        await db.execute(update(contacts).values(status="suspended"))
    page = await astrid.browser.open(suspended.path)
    path = f"{suspended.path}/contacts/{suspended.cleo.id}/reinstatement"
    assert path not in [form.action for form in page.forms]
    fields = page.form("/console/sign-out").fields

    assert (await astrid.browser.send(path, fields)).status == 404
    assert (await astrid.browser.open(f"{path}/approval")).status == 404


# Devices ------------------------------------------------------------------------------------------


async def test_a_device_back_in_hand_can_be_used_again_but_not_while_frozen(
    house: House, wallet: Wallet, astrid: AtDesk, arne: AtDesk
) -> None:
    case = await a_case(house, wallet)
    page = await proved(house, case, astrid)
    assert not [form for form in page.forms if form.action.endswith("/clearing")]
    done = await _released(case, page, arne)
    path = next(f.action for f in done.forms if f.action.endswith("/clearing"))
    with pytest.raises(DeviceReported):
        await cast.a_session(house, wallet, "too soon")

    page = await done.press(path, button="Back in hand")

    assert "not barred" in page.text
    assert "Recorded." in page.text
    await cast.a_session(house, wallet, "again")


async def test_an_earlier_release_proves_nothing_after_a_later_freeze(
    house: House, wallet: Wallet, astrid: AtDesk, arne: AtDesk
) -> None:
    case = await a_case(house, wallet)
    done = await _released(case, await proved(house, case, astrid), arne)
    path = next(f.action for f in done.forms if f.action.endswith("/clearing"))
    await cast.a_report(house, wallet, case.cleo, case.cleos_link)
    frozen = await done.press(path)
    assert frozen.status == 409
    assert "The account is frozen" in frozen.text
    astrid_is = await astrid.signed_in()
    async with house.engine.connect() as db:
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, case.account.id)
    assert ticket is not None
    await proving.proved(house, wallet, ticket.id, astrid_is)
    later = f"/console/tickets/{ticket.id}"
    page = await (await astrid.browser.open(later)).press(f"{later}/proposal", reason="owner-safe")
    approval = await (await arne.browser.open(later)).follow("Read and decide")
    await approval.press(f"{later}/approval", password=cast.PASSWORD, code=await arne.new_code())

    refused = await done.press(path)

    assert refused.status == 409
    assert "did not verify the owner after the last freeze" in refused.text
    assert not [form for form in refused.forms if form.action.endswith("/clearing")]
    page = await astrid.browser.open(later)
    assert [form for form in page.forms if form.action.endswith("/clearing")]
