"""Removing and replacing a contact, and closing an account, on real rows and by the clock."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from domain.accounts import CLOSED, Account, ClosingReason
from domain.challenges import CodeResult, Purpose
from domain.contacts import ACTIVE, ENDED, INVITED, LEAVING, LEFT, REMOVED, Contact
from domain.refusals import (
    AccountIsFrozen,
    NoPlaceLeft,
    NotAContact,
    PageExpired,
    PlaceNotFree,
    TooSoon,
)
from domain.wallets import Wallet
from notifications.tables import deliveries
from service.operations import (
    accounts,
    housekeeping,
    invitations,
    leaving,
    people,
    removals,
    settling,
    visits,
)
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import clock
from service.storage.tables import outbox
from service.storage.values import BrowserSession
from tests import people as cast
from tests.builders import A_DAY, AN_HOUR

pytestmark = pytest.mark.anyio

THREE_DAYS = timedelta(hours=72)


@pytest.fixture
async def norte(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def pages(house: House, norte: Wallet) -> BrowserSession:
    await cast.olga(house, norte)
    session = await cast.a_session(house, norte, "session")
    return await cast.at_her_pages(house, norte, session)


async def back(house: House, norte: Wallet) -> BrowserSession:
    """The same owner at her pages on another day."""
    session = await cast.a_session(house, norte, f"session-{new_id()}")
    return await cast.at_her_pages(house, norte, session)


async def stored(house: House, norte: Wallet, contact: Contact) -> Contact:
    async with house.engine.connect() as db:
        return await load.contact(db, norte.id, contact.id)


async def told(house: House, norte: Wallet, contact: Contact) -> None:
    """The notice of the removal went out to Carl, as a worker records it."""
    async with house.engine.begin() as db:
        ours = (outbox.c.wallet_id == norte.id) & (outbox.c.event == "removal-begun")
        promised = (await db.execute(select(outbox.c.id).where(ours))).scalars().one()
        now = await clock(db)
        await db.execute(
            deliveries.insert().values(
                id=new_id(),
                wallet_id=norte.id,
                outbox_id=promised,
                event="removal-begun",
                role="contact",
                contact_id=contact.id,
                address_id=contact.id,
                channel="email",
                state="sent",
                due_at=now,
                sent_at=now,
                created_at=now,
            )
        )


async def test_a_removal_without_a_notice_never_ends_and_with_one_after_72_hours(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)
    await cast.a_contact(house, norte, pages, "Cleo")
    begun = await removals.remove(house, norte, pages, carl.id)
    assert (begun.status, begun.removal_takes) == (LEAVING, THREE_DAYS)

    await cast.move_clock(house, 10 * A_DAY)
    await housekeeping.settle_contacts(house)
    assert (await stored(house, norte, carl)).status is LEAVING

    await told(house, norte, carl)
    await housekeeping.settle_contacts(house)
    noticed = await stored(house, norte, carl)
    assert noticed.removal_noticed_at is not None
    assert noticed.leaves_at == noticed.removal_noticed_at + THREE_DAYS
    await cast.move_clock(house, THREE_DAYS)
    for _ in range(2):
        await housekeeping.settle_contacts(house)
    gone = await stored(house, norte, carl)
    assert (gone.status, gone.place, gone.ended_at) == (REMOVED, None, noticed.leaves_at)


@pytest.mark.parametrize("stop", [removals.stay, removals.disown])
async def test_a_removal_is_stopped(
    house: House, norte: Wallet, pages: BrowserSession, stop: Callable[..., Awaitable[Contact]]
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)
    await removals.remove(house, norte, pages, carl.id)

    await stop(house, norte, pages, carl.id)

    assert (await stored(house, norte, carl)).status is ACTIVE


async def test_a_replacement_waits_and_gets_the_place_with_its_own_seven_days(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)
    for name in ("Cleo", "Dora", "Elsa", "Fina"):
        await cast.a_contact(house, norte, pages, name)
    with pytest.raises(NoPlaceLeft):
        await cast.invited(house, norte, pages, "Gina")
    await removals.remove(house, norte, pages, carl.id)
    await told(house, norte, carl)

    gina = await cast.invited(house, norte, pages, "Gina")
    with pytest.raises(NoPlaceLeft):
        await cast.invited(house, norte, pages, "Hana")
    seen = await people.see_people(house, norte, pages)
    assert [one.contact_id for one in seen.people if one.waits_for_place] == [gina]

    await cast.move_clock(house, THREE_DAYS + AN_HOUR)
    await housekeeping.settle_contacts(house)
    async with house.engine.connect() as db:
        placed = await load.contact(db, norte.id, gina)
        now = await clock(db)
    assert (placed.status, placed.place) == (INVITED, 1)
    assert now - AN_HOUR < placed.lapses_at - 7 * A_DAY <= now


async def test_an_invitation_is_sent_again_after_a_day_under_a_new_link(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl = await cast.invited(house, norte, pages)
    first = await cast.told_secret(house, norte, "contact-invited")
    with pytest.raises(TooSoon):
        await people.send_again(house, norte, pages, carl, key="again")
    await cast.move_clock(house, A_DAY - AN_HOUR)
    later = await back(house, norte)
    with pytest.raises(TooSoon):
        await people.send_again(house, norte, later, carl, key="again")
    await cast.move_clock(house, AN_HOUR)
    later = await back(house, norte)
    for _ in range(2):
        await people.send_again(house, norte, later, carl, key="again")

    assert await cast.told_secret(house, norte, "invitation-sent-again") != first
    async with house.engine.connect() as db:
        assert len((await load.contact(db, norte.id, carl)).sent_at) == 2


async def test_an_account_closes_after_72_hours_and_its_contacts_end(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)

    async def closing() -> Account:
        return await accounts.close_account(
            house, norte, cast.OLGA, reason=ClosingReason.CLOSED, by=cast.THE_WALLET
        )

    first = await closing()
    assert (await closing()).closes_at == first.closes_at
    await housekeeping.close_accounts(house)
    assert (await stored(house, norte, carl)).status is ACTIVE

    await cast.move_clock(house, THREE_DAYS)
    with pytest.raises(PageExpired):
        await people.see_people(house, norte, pages)
    for _ in range(2):
        await housekeeping.close_accounts(house)
    account = await cast.the_account(house, norte, carl.account_id)
    assert account.state is CLOSED
    assert (await stored(house, norte, carl)).status is ENDED
    async with house.engine.connect() as db:
        announced = select(outbox.c.event).where(outbox.c.event.in_(("closing-announced",)))
        assert len((await db.execute(announced)).all()) == 1


async def test_a_freeze_stops_the_closing_and_a_frozen_account_is_not_closed(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, link = await cast.a_contact(house, norte, pages)
    await accounts.close_account(
        house, norte, cast.OLGA, reason=ClosingReason.DECEASED, by=cast.THE_WALLET
    )

    await cast.a_report(house, norte, carl, link)

    assert (await cast.the_account(house, norte, carl.account_id)).closes_at is None
    with pytest.raises(AccountIsFrozen):
        await accounts.close_account(
            house, norte, cast.OLGA, reason=ClosingReason.CLOSED, by=cast.THE_WALLET
        )
    await cast.move_clock(house, THREE_DAYS)
    assert await settling.close_overdue(house, norte) == 0


async def test_nothing_is_settled_while_frozen(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, link = await cast.a_contact(house, norte, pages)
    cleo = await cast.invited(house, norte, pages, "Cleo")
    await cast.a_report(house, norte, carl, link)
    await cast.move_clock(house, 8 * A_DAY)

    await housekeeping.settle_contacts(house)

    async with house.engine.connect() as db:
        assert (await load.contact(db, norte.id, cleo)).status is INVITED


async def test_the_address_is_asked_about_after_half_a_year_and_ends_unconfirmed(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)
    await cast.move_clock(house, 182 * A_DAY)
    for _ in range(2):
        await housekeeping.settle_contacts(house)
    asked = await stored(house, norte, carl)
    assert asked.ends_at is not None

    await cast.move_clock(house, 180 * A_DAY)
    await housekeeping.settle_contacts(house)

    assert (await stored(house, norte, carl)).status is ENDED


async def test_a_replacement_accepts_as_soon_as_the_place_is_free_however_late_the_job(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, _ = await cast.a_contact(house, norte, pages)
    for name in ("Cleo", "Dora", "Elsa", "Fina"):
        await cast.a_contact(house, norte, pages, name)
    await removals.remove(house, norte, pages, carl.id)
    await told(house, norte, carl)
    gina = await cast.invited(house, norte, pages, "Gina")
    token = await cast.told_secret(house, norte, "contact-invited")

    async def accepts() -> invitations.Accepted | CodeResult:
        opened = await visits.open_link(house, norte, token, Purpose.ACCEPT)
        await visits.ask_code(house, norte, opened.session)
        code = await cast.told_secret(house, norte, "code-asked")
        return await invitations.accept(house, norte, opened.session, code, language="es")

    with pytest.raises(PlaceNotFree):
        await accepts()
    await cast.move_clock(house, THREE_DAYS + AN_HOUR)

    assert isinstance(await accepts(), invitations.Accepted)
    async with house.engine.connect() as db:
        assert (await load.contact(db, norte.id, gina)).status is ACTIVE


async def test_leaving_and_being_somebody_else_work_during_a_freeze(
    house: House, norte: Wallet, pages: BrowserSession
) -> None:
    carl, link = await cast.a_contact(house, norte, pages)
    cleo, _ = await cast.a_contact(house, norte, pages, "Cleo")
    await cast.a_report(house, norte, carl, link)

    await leaving.leave(house, norte, carl.id)
    for _ in range(2):
        await leaving.not_this_person(house, norte, cleo.id)

    gone = [await stored(house, norte, contact) for contact in (carl, cleo)]
    assert [(one.status, one.place, one.disowned) for one in gone] == [
        (LEFT, None, False),
        (LEFT, None, True),
    ]
    with pytest.raises(NotAContact):
        await leaving.leave(house, norte, carl.id)
