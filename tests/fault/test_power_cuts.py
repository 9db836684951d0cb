"""Each operation is failed at every statement: everything has happened, or nothing has."""

from collections.abc import Awaitable
from datetime import timedelta

import pytest
from msgspec import Struct

from domain.accounts import AddressKind, Done
from domain.challenges import Purpose
from domain.contacts import Contact
from domain.ids import ProposalId, TicketId
from domain.reports import LossKind
from domain.tickets import ReleaseReason
from domain.wallets import Wallet
from service.operations import (
    accounts,
    desk,
    filing,
    invitations,
    page_links,
    people,
    reports,
    tickets,
    visits,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.people import NewContact
from service.operations.visits import Draft
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests import proving
from tests.fault.power_cuts import everything_or_nothing, power_cut_at

pytestmark = pytest.mark.anyio


class Scene(Struct, frozen=True, kw_only=True):
    """Olga with her phone and pages, Carl with his link."""

    house: House
    wallet: Wallet
    pages: BrowserSession
    carl: Contact
    link: str


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    return Scene(house=house, wallet=wallet, pages=pages, carl=carl, link=link)


async def _ready_to_report(scene: Scene) -> BrowserSession:
    visit = await cast.a_verified_visit(scene.house, scene.wallet, scene.link)
    draft = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN, note="en el colectivo")
    await reports.save(scene.house, scene.wallet, visit, draft)
    return await visits.current(scene.house, visit)


async def test_a_first_report_happens_wholly_or_not_at_all(scene: Scene) -> None:
    visit = await _ready_to_report(scene)

    steps = await everything_or_nothing(
        scene.house,
        lambda: filing.file_report(
            scene.house, scene.wallet, visit, key="button", shown=scene.carl.id
        ),
    )

    account = await cast.the_account(scene.house, scene.wallet, scene.carl.account_id)
    assert account.is_frozen
    # Locks, what is true under them, all that is written, and the commit.
    assert steps == 4


async def test_a_joining_report_happens_wholly_or_not_at_all(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    await cast.move_clock(scene.house, timedelta(hours=2))
    visit = await _ready_to_report(scene)

    await everything_or_nothing(
        scene.house,
        lambda: filing.file_report(scene.house, scene.wallet, visit, key="second"),
    )


async def test_an_invitation_happens_wholly_or_not_at_all(scene: Scene) -> None:
    new = NewContact(name="Cleo", kind=AddressKind.EMAIL, address="cleo@correo.example")

    await everything_or_nothing(
        scene.house,
        lambda: people.invite(scene.house, scene.wallet, scene.pages, new, key="cleo"),
    )


async def test_taking_back_happens_wholly_or_not_at_all(scene: Scene) -> None:
    await everything_or_nothing(
        scene.house,
        lambda: people.take_back(scene.house, scene.wallet, scene.pages, scene.carl.id),
    )


async def test_asking_for_a_code_happens_wholly_or_not_at_all(scene: Scene) -> None:
    opened = await visits.open_link(scene.house, scene.wallet, scene.link, Purpose.REPORT)

    await everything_or_nothing(
        scene.house, lambda: visits.ask_code(scene.house, scene.wallet, opened.session)
    )


async def test_accepting_is_cut_without_losing_the_code(scene: Scene) -> None:
    """A guess stays counted, whatever happens after it; the code is not lost with the power."""
    house, wallet = scene.house, scene.wallet
    await cast.invited(house, wallet, scene.pages, "Cleo")
    token = await cast.told_secret(house, wallet, "contact-invited")
    opened = await visits.open_link(house, wallet, token, Purpose.ACCEPT)
    await visits.ask_code(house, wallet, opened.session)
    code = await cast.told_secret(house, wallet, "code-asked")

    for step in (4, 9, 14):
        with power_cut_at(house.engine, step) as cut:
            await invitations.accept(house, wallet, opened.session, code, language="es")
        assert cut.happened
    accepted = await invitations.accept(house, wallet, opened.session, code, language="es")

    assert isinstance(accepted, invitations.Accepted)


async def test_entering_and_sessions_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    session = await cast.a_session(house, wallet, "another-token")
    asked = AskedLink(
        purpose=LinkPurpose.MANAGE,
        session_id=session.id,
        auth_time=await cast.now(house),
        acr=cast.NORTE.strong_acr[0],
    )
    link = await page_links.make_page_link(house, wallet, cast.OLGA, asked)
    once = link.url.partition("once=")[2]

    await everything_or_nothing(house, lambda: page_links.enter(house, wallet, once))
    await everything_or_nothing(
        house, lambda: cast.a_session(house, wallet, "laptop-token", cast.LAPTOP)
    )


class Desk(Struct, frozen=True, kw_only=True):
    astrid: SignedIn
    arne: SignedIn
    ticket_id: TicketId


async def _at_the_desk(scene: Scene) -> Desk:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    arne = await cast.an_agent(scene.house, scene.wallet, "arne", 3)
    (row,) = (await desk.see_queue(scene.house, astrid)).rows
    return Desk(astrid=astrid, arne=arne, ticket_id=row.ticket_id)


async def test_a_confirmation_happens_wholly_or_not_at_all(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)

    await everything_or_nothing(
        scene.house,
        lambda: accounts.confirm_freeze(
            scene.house,
            scene.wallet,
            cast.OLGA,
            version=1,
            done=(Done.SESSIONS,),
            by=cast.THE_WALLET,
        ),
    )


async def test_proposal_and_release_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, desk_ = scene.house, await _at_the_desk(scene)

    def propose() -> Awaitable[None]:
        reason = ReleaseReason.OWNER_SAFE
        return tickets.propose_release(house, desk_.ticket_id, reason=reason, by=desk_.astrid)

    async def pending() -> ProposalId:
        seen = await desk.see_ticket(house, desk_.ticket_id, desk_.arne)
        assert seen.proposal is not None
        return seen.proposal.proposal_id

    await everything_or_nothing(
        house, lambda: tickets.reach_owner(house, desk_.ticket_id, by=desk_.astrid)
    )
    await proving.proved(house, scene.wallet, desk_.ticket_id, desk_.astrid)
    await everything_or_nothing(house, propose)
    first = await pending()
    await everything_or_nothing(
        house, lambda: tickets.reject_release(house, desk_.ticket_id, first, by=desk_.arne)
    )
    await propose()
    second = await pending()
    await everything_or_nothing(
        house, lambda: tickets.approve_release(house, desk_.ticket_id, second, by=desk_.arne)
    )

    account = await cast.the_account(house, scene.wallet, scene.carl.account_id)
    assert not account.is_frozen
