"""What is forgotten without anybody's asking, and what is kept until then."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.contacts import ACTIVE, LAPSED
from domain.refusals import TooSoon
from domain.tickets import ProofKind
from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    accounts,
    desk,
    erasing,
    housekeeping,
    journal,
    leaving,
    purging,
)
from service.operations.house import House
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.tables import account_addresses, disputes, hints, loss_reports, proofs
from tests import people as cast
from tests.desks import a_case
from tests.forgetting import A_DAY, FIVE_DAYS, Scene, a_scene, moved, pages_again
from tests.notifications.outside import a_mail_server

pytestmark = pytest.mark.anyio
A_MOMENT = timedelta(minutes=5)
A_WEEK = 7 * A_DAY
A_YEAR_AND_A_HALF = 548 * A_DAY


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def _cleo_was_invited(scene: Scene) -> None:
    await cast.invited(scene.house, scene.wallet, scene.pages, "Cleo")


async def test_an_unanswered_invitation_is_forgotten_a_week_after_it_lapsed(scene: Scene) -> None:
    await _cleo_was_invited(scene)
    (_, cleo) = await scene.contacts()
    await scene.later(A_WEEK)
    await housekeeping.settle_contacts(scene.house)

    await scene.later(A_WEEK - A_MOMENT)
    assert await purging.purge(scene.house) == 0
    await scene.later(A_MOMENT)
    assert await purging.purge(scene.house) == 1
    assert await purging.purge(scene.house) == 0

    (carl, gone) = await scene.contacts()
    assert (gone.status, gone.name, gone.address) == (LAPSED, b"", b"")
    assert gone.address_index != cleo.address_index
    (person,) = [one for one in await scene.persons() if one.id == cleo.person_id]
    assert person.data_key_id is None
    # Nobody else is touched.
    assert (carl.status, carl.name) == (ACTIVE, scene.carl.name)
    assert await scene.recorded("contact-forgotten") == 1
    assert await scene.recorded("erasure-done") == 1


async def test_who_is_forgotten_is_still_left_in_peace(scene: Scene) -> None:
    await _cleo_was_invited(scene)
    await scene.later(2 * A_WEEK)
    await purging.purge(scene.house)

    with pytest.raises(TooSoon) as rests:
        await cast.invited(scene.house, scene.wallet, await pages_again(scene), "Cleo")
    (_, cleo) = await scene.contacts()
    assert rests.value.retry_at == cleo.lapses_at + 90 * A_DAY

    await scene.later(83 * A_DAY)
    await purging.purge(scene.house)
    (_, cleo) = await scene.contacts()
    assert cleo.address_index == b""
    await cast.invited(scene.house, scene.wallet, await pages_again(scene), "Cleo")


async def test_late_by_months_the_owner_still_hears_that_it_lapsed(scene: Scene) -> None:
    await _cleo_was_invited(scene)
    await scene.later(60 * A_DAY)

    assert await purging.purge(scene.house) == 1

    assert await scene.recorded("invitation-lapsed") == 1


async def test_who_leaves_is_forgotten_within_five_days(scene: Scene) -> None:
    await leaving.leave(scene.house, scene.wallet, scene.carl.id)
    await scene.later(A_WEEK)
    # Their invitation is over too, by then.
    assert await purging.purge(scene.house) == 1

    assert not (await scene.contact()).name
    assert (await scene.person()).data_key_id is None
    for verdict in await journal.verify_all(scene.house):
        assert verdict.is_whole


async def test_whoever_is_trusted_by_another_keeps_what_that_one_needs(scene: Scene) -> None:
    await cast.olga(scene.house, scene.wallet, "another")
    session = await cast.a_session(scene.house, scene.wallet, "hers", subject="another")
    hers = await cast.at_her_pages(scene.house, scene.wallet, session, "another")
    await scene.later(A_MOMENT)
    other, _ = await cast.a_contact(scene.house, scene.wallet, hers, "Carl")
    await leaving.leave(scene.house, scene.wallet, scene.carl.id)
    await scene.later(2 * A_WEEK)

    assert await purging.purge(scene.house) == 1

    (mine, kept) = await scene.contacts()
    assert (mine.name, kept.id, bool(kept.name)) == (b"", other.id, True)
    assert (await scene.person()).data_key_id is not None


async def test_while_a_ticket_is_open_nothing_of_its_account_goes(scene: Scene) -> None:
    cleo, link = await cast.a_contact(scene.house, scene.wallet, scene.pages, "Cleo")
    await leaving.leave(scene.house, scene.wallet, scene.carl.id)
    await cast.a_report(scene.house, scene.wallet, cleo, link)
    await scene.later(60 * A_DAY)

    assert await purging.purge(scene.house) == 0
    assert (await scene.contact()).name
    await cast.released(scene.house, scene.wallet)
    await purging.purge(scene.house)
    assert not (await scene.contact()).name


async def test_words_and_numbers_go_a_year_and_a_half_after_a_ticket_was_closed(
    house: House,
) -> None:
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet, note="en el colectivo", reach="+54 9 11 5555-0199")
    await cast.move_clock(house, A_MOMENT)
    await cast.released(house, wallet)
    await cast.move_clock(house, A_YEAR_AND_A_HALF - A_DAY)
    await purging.purge(house)
    async with house.engine.connect() as db:
        (report,) = (await db.execute(select(loss_reports))).all()
        assert report.note
        assert report.reach

    await cast.move_clock(house, A_DAY)
    assert await purging.purge(house) == 1

    async with house.engine.connect() as db:
        (report,) = (await db.execute(select(loss_reports))).all()
        sources = set(await db.scalars(select(proofs.c.source)))
        left = [(await db.execute(select(table))).all() for table in (hints, disputes)]
    assert (report.note, report.reach, sources) == (None, None, {None})
    assert left == [[], []]
    # That there was a report, and what it is called, is proved by what stays.
    assert report.reference == case.reference
    supervisor = await cast.an_agent(house, wallet, "sofia", 4)
    seen = await desk.see_ticket(house, case.ticket_id, supervisor)
    assert [one.kind for one in seen.proofs] == [
        ProofKind.WALLET_REPROOFING,
        ProofKind.OWNER_CODE,
    ]
    assert await purging.purge(house) == 0
    assert all(verdict.is_whole for verdict in await journal.verify_all(house))


# Changed addresses -----------------------------------------------------------------------------


async def _tell(scene: Scene) -> list[str]:
    """Which mailboxes everything that waits is sent to, by a real mail server."""
    house, directory = scene.house, HouseDirectory(scene.house.keys)
    async with a_mail_server() as mailbox:
        url = f"smtp://127.0.0.1:{mailbox.port}"
        email = EmailChannel(EmailSettings(url=url, require_tls=False))
        await dispatch_waiting(house.engine, directory, limit=100)
        while await send_due(house.engine, directory, Channels(email=email), most_at_once=1):
            pass
        return [to for recipients in mailbox.recipients for to in recipients]


async def test_a_changed_address_is_told_to_the_old_one_and_the_new_one(scene: Scene) -> None:
    await _tell(scene)
    told = moved(scene, "olga@nueva.example")
    await accounts.put_account(scene.house, scene.wallet, told, by=cast.THE_WALLET)

    assert sorted(await _tell(scene)) == ["olga-1@correo.example", "olga@nueva.example"]


async def test_a_removed_address_hears_for_thirty_days_and_is_then_forgotten(scene: Scene) -> None:
    house, first = scene.house, moved(scene, "olga@nueva.example")
    await accounts.put_account(house, scene.wallet, first, by=cast.THE_WALLET)
    await scene.later(30 * A_DAY - A_MOMENT)
    await purging.purge(house)

    async def stored() -> int:
        async with house.engine.connect() as db:
            return len((await db.execute(select(account_addresses))).all())

    assert await stored() == 3
    await scene.later(A_MOMENT)
    assert await purging.purge(house) == 1
    assert await stored() == 1
    assert await purging.purge(house) == 0
    await _tell(scene)
    second = moved(scene, "olga@otra.example")
    await accounts.put_account(house, scene.wallet, second, by=cast.THE_WALLET)
    assert sorted(await _tell(scene)) == ["olga@nueva.example", "olga@otra.example"]


async def test_what_was_asked_for_has_its_own_deadline_and_its_own_proof(scene: Scene) -> None:
    await scene.asks()
    await scene.later(FIVE_DAYS - A_MOMENT)
    assert await purging.purge(scene.house) == 0
    await scene.later(A_MOMENT)
    await purging.purge(scene.house)
    assert await erasing.erase_due(scene.house) == 1
    async with scene.house.engine.connect() as db:
        (erasure,) = await load.erasures_of(db, scene.wallet.id, scene.carl.person_id)
    assert erasure.done_at is not None
    assert await scene.recorded("erasure-done") == 1
