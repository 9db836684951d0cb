"""Somebody is erased: by the deadline, wholly, provably, and never out of a ticket that is open."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, text, update

from domain.challenges import Purpose
from domain.contacts import ENDED, LEFT
from domain.erasures import Basis, Erasure, Reason
from domain.refusals import LinkNotValid, MayNotReport, PageExpired
from domain.reports import LossKind
from notifications.dispatch import dispatch_waiting
from notifications.tables import deliveries, outbox
from service.operations import (
    desk,
    erasing,
    filing,
    housekeeping,
    journal,
    own_account,
    own_data,
    people,
    reports,
    visits,
)
from service.operations.house import House
from service.operations.visits import Draft
from service.security.tokens import new_id
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.forgetting import counted_hash
from service.storage.tables import (
    account_addresses,
    browser_sessions,
    challenges,
    devices,
    erasures,
    false_reports,
    loss_reports,
    metadata,
    notifications_metadata,
)
from service.storage.values import BrowserSession
from tests import people as cast
from tests.fault.power_cuts import what_is_stored
from tests.forgetting import A_DAY, FIVE_DAYS, Scene, a_scene, pages_again

pytestmark = pytest.mark.anyio
A_MOMENT = timedelta(minutes=5)
_EVERYTHING = text(
    " union all ".join(
        f"select one::text from {name} one"  # noqa: S608  # our own names
        for name in (*metadata.tables, *notifications_metadata.tables)
    )
)
AN_YEAR_AND_A_HALF = 548 * A_DAY


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def test_whoever_asks_is_erased_within_five_days_and_not_before(scene: Scene) -> None:
    key_id = (await scene.person()).data_key_id
    await scene.asks()
    assert (await scene.contact()).status is LEFT

    await scene.later(FIVE_DAYS - A_MOMENT)
    assert await erasing.erase_due(scene.house) == 0
    assert await scene.has_key(key_id)
    await scene.later(A_MOMENT)
    assert await erasing.erase_due(scene.house) == 1

    assert (await scene.person()).data_key_id is None
    assert not await scene.has_key(key_id)
    carl = await scene.contact()
    assert (carl.name, carl.label, carl.address, carl.link_sha256) == (b"", None, b"", None)
    # What he agreed to, and when, stays: it says nothing about whom.
    assert (carl.consent_version, carl.accepted_at) == (
        scene.carl.consent_version,
        scene.carl.accepted_at,
    )
    assert carl.consent_version is not None


async def test_it_is_proved_by_a_row_and_in_a_record_that_stays_whole(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    await scene.later(A_MOMENT)
    await cast.released(scene.house, scene.wallet)
    await scene.asks()
    await journal.seal_journal(scene.house)
    await scene.later(FIVE_DAYS)
    assert await erasing.erase_due(scene.house) == 1
    await journal.seal_journal(scene.house)

    for verdict in await journal.verify_all(scene.house):
        assert verdict.is_whole, verdict
        assert verdict.unsealed == 0
    async with scene.house.engine.connect() as db:
        (row,) = (await db.execute(select(erasures))).all()
    assert (row.reason, row.done_at is not None) == ("asked", True)
    assert await scene.recorded("erasure-done") == 1


async def test_nothing_about_them_can_be_found_or_read_anywhere(scene: Scene) -> None:
    index = scene.carl.address_index
    await scene.asks()
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)

    # What a backend asked is remembered for a day, under a key that the backend chose.
    await housekeeping.sweep(scene.house)
    stored = await what_is_stored(scene.house)
    # Whoever could read what is sealed, and whoever looks an address up, finds nothing.
    assert [name for name, rows in stored.items() if "Carl" in "".join(rows)] == []
    sealed = (scene.carl.name, scene.carl.address, index, scene.carl.link_sha256)
    async with scene.house.engine.connect() as db:
        await db.execute(text("set local bytea_output to hex"))
        rows = [str(one) for one in (await db.execute(_EVERYTHING)).scalars()]
    assert [one for one in sealed if one and any(one.hex() in row for row in rows)] == []
    assert stored["person_addresses"] == []
    assert stored["challenges"] == []
    with pytest.raises(LinkNotValid):
        await visits.open_link(scene.house, scene.wallet, scene.link, Purpose.REPORT)


async def test_open_pages_and_links_of_theirs_end_with_it(scene: Scene) -> None:
    session = await scene.in_his_space()
    await own_data.ask_erasure(scene.house, scene.wallet, session)
    async with scene.house.engine.begin() as db:
        far = await cast.now(scene.house) + 30 * A_DAY
        await db.execute(update(browser_sessions).values(expires_at=far))
    await scene.later(FIVE_DAYS)
    await own_data.see_data(scene.house, scene.wallet, session)

    await erasing.erase_due(scene.house)

    with pytest.raises(PageExpired):
        await visits.current(scene.house, session)
    async with scene.house.engine.connect() as db:
        theirs = browser_sessions.c.contact_id == scene.carl.id
        assert (await db.execute(select(browser_sessions).where(theirs))).all() == []
        assert (await db.execute(select(challenges))).all() == []


async def test_what_was_still_to_be_told_them_is_told_nobody(scene: Scene) -> None:
    await scene.asks()
    directory = HouseDirectory(scene.house.keys)
    await dispatch_waiting(scene.house.engine, directory, limit=100)
    async with scene.house.engine.connect() as db:
        to_carl = select(deliveries.c.state).where(deliveries.c.role == "contact").distinct()
        assert list(await db.scalars(to_carl)) == ["due"]
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)
    await dispatch_waiting(scene.house.engine, directory, limit=100)

    async with scene.house.engine.connect() as db:
        assert list(await db.scalars(to_carl)) == ["pointless"]
        kept = select(outbox.c.id).where(outbox.c.secret.isnot(None))
        assert list(await db.scalars(kept)) == []
        to_olga = select(deliveries.c.state).where(deliveries.c.role == "owner").distinct()
        assert list(await db.scalars(to_olga)) == ["due"]


async def test_while_a_ticket_needs_them_it_is_held_and_they_read_why(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    session = await scene.in_his_space()
    await own_data.ask_erasure(scene.house, scene.wallet, session)
    seen = await own_data.see_data(scene.house, scene.wallet, session)
    assert (seen.erasure_is_held, seen.held_because) == (True, Basis.OPEN_TICKET.value)

    await scene.later(20 * A_DAY)
    assert await erasing.erase_due(scene.house) == 0
    assert (await scene.contact()).name
    await cast.released(scene.house, scene.wallet)
    assert await erasing.erase_due(scene.house) == 1
    assert not (await scene.contact()).name
    async with scene.house.engine.connect() as db:
        (report,) = (await db.execute(select(loss_reports))).all()
    # The proof that there was a report stays; what he wrote does not.
    assert (report.note, report.reach) == (None, None)
    assert report.reference


async def test_another_s_ticket_holds_nobody(scene: Scene) -> None:
    cleo, link = await cast.a_contact(scene.house, scene.wallet, scene.pages, "Cleo")
    await scene.asks()
    await cast.a_report(scene.house, scene.wallet, cleo, link)
    await scene.later(FIVE_DAYS)

    assert await erasing.erase_due(scene.house) == 1


async def test_the_job_late_twice_and_in_two_workers_erases_once(scene: Scene) -> None:
    await scene.asks()
    await scene.later(90 * A_DAY)

    done = await asyncio.gather(*(erasing.erase_due(scene.house) for _ in range(4)))

    assert sum(done) == 1
    assert await erasing.erase_due(scene.house) == 0
    assert await scene.recorded("erasure-done") == 1
    assert await scene.recorded("contact-left") == 1


async def test_one_who_cannot_be_erased_holds_up_nobody(scene: Scene) -> None:
    cleo, _ = await cast.a_contact(scene.house, scene.wallet, scene.pages, "Cleo")
    await scene.asks()
    async with scene.house.engine.begin() as db:
        other = await load.person_for_change(db, scene.wallet.id, cleo.person_id)
        now = await cast.now(scene.house)
        await erasing.plan(
            db,
            scene.wallet.id,
            other.id,
            reason=Reason.ASKED_ELSEWHERE,
            due_at=now - A_DAY,
            now=now,
        )
    await scene.later(FIVE_DAYS)
    async with scene.house.engine.begin() as busy:
        # Her browser is in the middle of something.
        theirs = browser_sessions.c.contact_id == cleo.id
        await busy.execute(select(browser_sessions).where(theirs).with_for_update())
        assert await erasing.erase_due(scene.house) == 1
    assert not (await scene.contact()).name
    assert await erasing.erase_due(scene.house) == 1


# At the same moment ----------------------------------------------------------------------------


async def _stands_before_the_button(scene: Scene) -> BrowserSession:
    visit = await cast.a_verified_visit(scene.house, scene.wallet, scene.link)
    draft = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN, note="en el colectivo")
    await reports.save(scene.house, scene.wallet, visit, draft)
    return await visits.current(scene.house, visit)


@pytest.mark.parametrize("turn", range(4))
async def test_asked_while_a_report_opens_a_ticket_the_first_of_both_wins(
    scene: Scene, turn: int
) -> None:
    space = await scene.in_his_space()
    await scene.later(A_MOMENT)
    visit = await _stands_before_the_button(scene)
    file = filing.file_report(scene.house, scene.wallet, visit, key="button")
    ask = own_data.ask_erasure(scene.house, scene.wallet, space)

    if turn % 2:
        filed, asked = await asyncio.gather(file, ask, return_exceptions=True)
    else:
        asked, filed = await asyncio.gather(ask, file, return_exceptions=True)

    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    assert isinstance(asked, Erasure)
    await scene.later(FIVE_DAYS)
    erased = await erasing.erase_due(scene.house)
    if account.is_frozen:
        # Heard before they left: what they said is needed, and they wait.
        assert erased == 0
        assert (await scene.contact()).name
    else:
        assert isinstance(filed, MayNotReport)
        assert erased == 1


async def test_named_again_at_the_very_moment_they_are_somebody_new(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "another")
    session = await cast.a_session(scene.house, scene.wallet, "hers", subject="another")
    await scene.asks()
    await scene.later(FIVE_DAYS)
    session = await cast.a_session(scene.house, scene.wallet, "hers now", subject="another")
    hers = await cast.at_her_pages(scene.house, scene.wallet, session, "another")

    await asyncio.gather(
        erasing.erase_due(scene.house), cast.invited(scene.house, scene.wallet, hers)
    )
    await erasing.erase_due(scene.house)

    assert await scene.recorded("erasure-done") == 1
    assert (await scene.person()).data_key_id is None
    (named,) = [one for one in await scene.contacts() if one.account_id != scene.account.id]
    # Named before, they went with the rest; named after, they are known by this alone.
    if named.status is ENDED:
        assert not named.name
    else:
        seen = await people.see_people(scene.house, scene.wallet, hers)
        assert [one.name for one in seen.people] == ["Carl"]
        assert named.person_id != scene.carl.person_id


# What outlives them ----------------------------------------------------------------------------


async def test_the_dates_of_false_reports_go_on_counting_for_the_address(scene: Scene) -> None:
    async with scene.house.engine.begin() as db:
        await db.execute(
            insert(false_reports).values(
                id=new_id(),
                wallet_id=scene.wallet.id,
                account_id=scene.account.id,
                address_index=scene.carl.address_index,
                decided_at=await cast.now(scene.house),
                row_version=1,
            )
        )
    await scene.asks()
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)
    again, _ = await cast.a_contact(scene.house, scene.wallet, await pages_again(scene), "Carl")

    async with scene.house.engine.connect() as db:
        dates = await load.false_report_dates(
            db, scene.wallet.id, scene.account.id, again.address_index
        )
    assert len(dates) == 1
    assert again.person_id != scene.carl.person_id


async def test_how_often_somebody_was_written_to_outlives_them(scene: Scene) -> None:
    await scene.asks()
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)
    index = scene.carl.address_index
    forgotten = counted_hash(scene.house.keys, scene.wallet.id, index)

    async with scene.house.engine.begin() as db:
        at = await load.contacts_at(db, scene.wallet.id, scene.carl.address_kind, index)
        sent = await load.invitations_sent_to(
            db, scene.wallet.id, scene.carl.address_kind, index, forgotten=forgotten
        )
    assert at == ()
    assert len(sent) == 1


# Those who read of them ------------------------------------------------------------------------


async def test_every_reader_copes_with_somebody_who_is_gone(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    await scene.later(A_MOMENT)
    await cast.released(scene.house, scene.wallet)
    await scene.asks()
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)

    pages = await pages_again(scene)
    arne = await cast.an_agent(scene.house, scene.wallet, "sofia", 4)
    async with scene.house.engine.connect() as db:
        (report,) = (await db.execute(select(loss_reports))).all()
    ticket = await desk.see_ticket(scene.house, report.ticket_id, arne)
    assert [one.contact_name for one in ticket.reports] == [""]
    assert ticket.owner.name == "Olga Ortiz"
    history = await own_account.see_activity(
        scene.house, scene.wallet, pages, before=None, limit=50
    )
    names = {one.contact.name for one in history.items if one.contact is not None}
    assert names == {""}
    shown = await own_account.see_reports(scene.house, scene.wallet, pages, before=None, limit=5)
    assert [one.by.name for one in shown.items] == [""]
    assert (await people.see_people(scene.house, scene.wallet, pages)).people == ()


# Owners ----------------------------------------------------------------------------------------


async def test_an_owner_is_erased_a_year_and_a_half_after_the_account_closed(scene: Scene) -> None:
    await scene.closed()
    async with scene.house.engine.connect() as db:
        (row,) = (await db.execute(select(erasures))).all()
        closed = await load.account(db, scene.wallet.id, scene.account.id)
    assert closed.closes_at is not None
    assert (row.reason, row.due_at) == ("account-closed", closed.closes_at + AN_YEAR_AND_A_HALF)
    assert row.person_id == scene.account.person_id

    await scene.later(AN_YEAR_AND_A_HALF - A_DAY)
    assert await erasing.erase_due(scene.house) == 0
    await scene.later(A_DAY)
    assert await erasing.erase_due(scene.house) == 1

    async with scene.house.engine.connect() as db:
        account = await load.account(db, scene.wallet.id, scene.account.id)
        person = await load.person(db, scene.wallet.id, account.person_id)
        assert (await db.execute(select(account_addresses))).all() == []
        labels = list(await db.scalars(select(devices.c.label)))
    assert (account.first_name, account.display_name, person.data_key_id) == (b"", b"", None)
    assert scene.account.subject not in account.subject
    assert labels == [b""]
    await journal.seal_journal(scene.house)
    assert all(verdict.is_whole for verdict in await journal.verify_all(scene.house))


async def test_who_comes_back_after_that_is_somebody_new(scene: Scene) -> None:
    await scene.closed()
    await scene.later(AN_YEAR_AND_A_HALF)
    await erasing.erase_due(scene.house)

    again = await cast.olga(scene.house, scene.wallet)

    assert again.id != scene.account.id
    assert again.person_id != scene.account.person_id
