"""Two at once: on the same thing, and on opposites. One wins, the others are told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

from domain.accounts import AddressKind
from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.refusals import (
    AccountIsFrozen,
    AlreadyInvited,
    ChangedMeanwhile,
    LinkNotValid,
    NoPlaceLeft,
    NothingPending,
    PageExpired,
    Refused,
    TicketClosed,
)
from domain.reports import LossKind
from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import desk, filing, page_links, people, reports, tickets, visits
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.people import NewContact
from service.operations.visits import Draft
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.tables import challenges, loss_reports, outbox, wallet_sessions
from service.storage.tables import tickets as ticket_rows
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests import proving

pytestmark = pytest.mark.anyio


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    pages: BrowserSession
    carl: Contact
    link: str


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    return Scene(house=house, wallet=wallet, pages=pages, carl=carl, link=link)


async def all_of(*acts: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*acts, return_exceptions=True)


def refusals_in(ends: list[Any]) -> list[type[Any]]:
    """What was refused; anything that is neither an answer nor a refusal is a fault."""
    faults = [
        end for end in ends if isinstance(end, BaseException) and not isinstance(end, Refused)
    ]
    assert faults == []
    return [type(end) for end in ends if isinstance(end, Refused)]


async def _visit(scene: Scene, contact: Contact, link: str) -> BrowserSession:
    visit = await cast.a_verified_visit(scene.house, scene.wallet, link)
    draft = Draft(contact_id=contact.id, kind=LossKind.STOLEN)
    await reports.save(scene.house, scene.wallet, visit, draft)
    return await visits.current(scene.house, visit)


async def test_two_contacts_reporting_at_once_are_two_reports_on_one_ticket(scene: Scene) -> None:
    cleo, cleos_link = await cast.a_contact(scene.house, scene.wallet, scene.pages, "Cleo")
    first = await _visit(scene, scene.carl, scene.link)
    second = await _visit(scene, cleo, cleos_link)

    ends = await all_of(
        filing.file_report(scene.house, scene.wallet, first, key="a"),
        filing.file_report(scene.house, scene.wallet, second, key="b"),
    )

    assert refusals_in(ends) == []
    assert sorted(report.joined for report in ends) == [False, True]
    account = await cast.the_account(scene.house, scene.wallet, scene.carl.account_id)
    assert (account.version, account.epoch) == (1, 1)
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(ticket_rows)) == 1
        frozen = select(func.count()).where(outbox.c.event == "account-frozen")
        assert await db.scalar(frozen) == 1


async def test_a_button_pressed_ten_times_at_once_is_one_report(scene: Scene) -> None:
    visit = await _visit(scene, scene.carl, scene.link)

    ends = await all_of(
        *(filing.file_report(scene.house, scene.wallet, visit, key="button") for _ in range(10))
    )

    assert refusals_in(ends) == []
    assert len({report.id for report in ends}) == 1
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(loss_reports)) == 1


async def test_for_another_owner_the_same_visit_has_filed_nothing_yet(scene: Scene) -> None:
    """The second receipt must not be the first one again: nobody else would be stopped."""
    house, wallet = scene.house, scene.wallet
    await cast.olga(house, wallet, "bruno-1")
    phone = await cast.a_session(house, wallet, "bruno's", subject="bruno-1")
    pages = await cast.at_her_pages(house, wallet, phone, "bruno-1")
    bruno, _ = await cast.a_contact(house, wallet, pages)
    visit = await _visit(scene, scene.carl, scene.link)
    first = await filing.file_report(house, wallet, visit, key="a")
    await reports.save(house, wallet, visit, Draft(contact_id=bruno.id, kind=LossKind.LOST))

    second = await filing.file_report(house, wallet, visit, key="b")

    assert (first.contact_id, second.contact_id) == (scene.carl.id, bruno.id)
    for account_id in (scene.carl.account_id, bruno.account_id):
        assert (await cast.the_account(house, wallet, account_id)).is_frozen
    # And what was filed before is found again.
    await reports.save(house, wallet, visit, Draft(contact_id=bruno.id, kind=LossKind.STOLEN))
    again = await filing.file_report(house, wallet, visit, key="c")
    assert again.id == second.id


async def test_no_session_slips_past_a_freeze(scene: Scene) -> None:
    """Registering takes the account's lock: a session is either void, or was refused."""
    visit = await _visit(scene, scene.carl, scene.link)

    ends = await all_of(
        *(cast.a_session(scene.house, scene.wallet, f"before-{n}") for n in range(5)),
        filing.file_report(scene.house, scene.wallet, visit, key="button"),
        *(cast.a_session(scene.house, scene.wallet, f"after-{n}") for n in range(5)),
    )

    assert set(refusals_in(ends)) <= {AccountIsFrozen}
    account = await cast.the_account(scene.house, scene.wallet, scene.carl.account_id)
    async with scene.house.engine.connect() as db:
        alive = select(func.count()).where(wallet_sessions.c.epoch == account.epoch)
        assert await db.scalar(alive) == 0
    assert account.is_frozen


async def test_a_hundred_guesses_at_once_are_five_compared(scene: Scene) -> None:
    opened = await visits.open_link(scene.house, scene.wallet, scene.link, Purpose.REPORT)
    await visits.ask_code(scene.house, scene.wallet, opened.session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")
    wrong = "000000" if code != "000000" else "111111"

    ends = await all_of(
        *(reports.spend_code(scene.house, scene.wallet, opened.session, wrong) for _ in range(100))
    )

    assert ends.count(CodeResult.WRONG) == 5
    assert ends.count(CodeResult.USED_UP) == 95
    late = await reports.spend_code(scene.house, scene.wallet, opened.session, code)
    assert late is CodeResult.USED_UP
    async with scene.house.engine.connect() as db:
        newest = select(challenges.c.attempts).order_by(challenges.c.id.desc()).limit(1)
        assert await db.scalar(newest) == 5


async def test_the_right_code_typed_in_five_tabs_at_once_opens_one(scene: Scene) -> None:
    opened = await visits.open_link(scene.house, scene.wallet, scene.link, Purpose.REPORT)
    await visits.ask_code(scene.house, scene.wallet, opened.session)
    code = await cast.told_secret(scene.house, scene.wallet, "code-asked")

    ends = await all_of(
        *(reports.spend_code(scene.house, scene.wallet, opened.session, code) for _ in range(5))
    )

    assert sum(isinstance(end, str) and not isinstance(end, CodeResult) for end in ends) == 1
    assert set(ends) - {end for end in ends if not isinstance(end, CodeResult)} <= {
        CodeResult.USED_UP
    }


async def test_six_invitations_at_once_for_the_last_place_are_one(scene: Scene) -> None:
    for name in ("Cleo", "Dora", "Elsa"):
        await cast.invited(scene.house, scene.wallet, scene.pages, name)
    news = [
        NewContact(name="Fina", kind=AddressKind.EMAIL, address=f"fina{n}@correo.example")
        for n in range(6)
    ]

    ends = await all_of(
        *(
            people.invite(scene.house, scene.wallet, scene.pages, new, key=f"fina-{n}")
            for n, new in enumerate(news)
        )
    )

    assert refusals_in(ends) == [NoPlaceLeft] * 5


async def test_the_same_person_invited_twice_at_once_is_invited_once(scene: Scene) -> None:
    new = NewContact(name="Cleo", kind=AddressKind.EMAIL, address="cleo@correo.example")

    same_form = await all_of(
        *(people.invite(scene.house, scene.wallet, scene.pages, new, key="one") for _ in range(4))
    )
    other_form = await all_of(people.invite(scene.house, scene.wallet, scene.pages, new, key="two"))

    assert len(set(same_form)) == 1
    assert refusals_in(other_form) == [AlreadyInvited]


async def test_a_page_link_opened_twice_at_once_opens_once(scene: Scene) -> None:
    session = await cast.a_session(scene.house, scene.wallet, "another-token")
    asked = AskedLink(
        purpose=LinkPurpose.VIEW,
        session_id=session.id,
        auth_time=await cast.now(scene.house),
        acr="",
    )
    link = await page_links.make_page_link(scene.house, scene.wallet, cast.OLGA, asked)
    once = link.url.partition("once=")[2]

    ends = await all_of(*(page_links.enter(scene.house, scene.wallet, once) for _ in range(5)))

    assert set(refusals_in(ends)) <= {LinkNotValid, ChangedMeanwhile}
    assert len(refusals_in(ends)) == 4


async def test_taking_back_against_a_freeze_is_either_before_it_or_refused(scene: Scene) -> None:
    cleo = await cast.invited(scene.house, scene.wallet, scene.pages, "Cleo")
    visit = await _visit(scene, scene.carl, scene.link)

    ends = await all_of(
        people.take_back(scene.house, scene.wallet, scene.pages, cleo),
        filing.file_report(scene.house, scene.wallet, visit, key="button"),
    )

    assert set(refusals_in(ends)) <= {PageExpired}
    account = await cast.the_account(scene.house, scene.wallet, scene.carl.account_id)
    assert account.is_frozen


async def test_two_approvals_at_once_release_once(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await cast.a_report(house, wallet, scene.carl, scene.link)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    (row,) = (await desk.see_queue(house, astrid)).rows
    await proving.proved(house, wallet, row.ticket_id, astrid)
    await tickets.propose_release(house, row.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    seen = await desk.see_ticket(house, row.ticket_id, arne)
    assert seen.proposal is not None
    proposal = seen.proposal.proposal_id

    ends = await all_of(
        tickets.approve_release(house, row.ticket_id, proposal, by=arne),
        tickets.approve_release(house, row.ticket_id, proposal, by=sofia),
        proving.reproved(house, wallet, row.ticket_id),
    )

    assert set(refusals_in(ends[:2])) <= {TicketClosed, NothingPending}
    account = await cast.the_account(house, wallet, scene.carl.account_id)
    released = sum(end is None for end in ends[:2])
    assert released == (0 if account.is_frozen else 1)


async def test_frozen_and_released_and_frozen_again_leaves_the_old_sessions_void(
    scene: Scene,
) -> None:
    house, wallet = scene.house, scene.wallet
    token = sha256(b"phone-token").digest()
    await cast.a_report(house, wallet, scene.carl, scene.link)
    await cast.released(house, wallet)

    account = await cast.the_account(house, wallet, scene.carl.account_id)
    async with house.engine.connect() as db:
        epoch = await db.scalar(
            select(wallet_sessions.c.epoch).where(wallet_sessions.c.token_sha256 == token)
        )

    assert not account.is_frozen
    assert epoch == account.epoch - 1
    await cast.move_clock(house, timedelta(hours=1))
    again = await cast.a_report(house, wallet, scene.carl, scene.link)
    assert not again.joined
