"""A report that says the owner is not safe: what waits, what is shown, what has to be asked."""

from collections.abc import Awaitable, Callable
from itertools import count

import pytest
from msgspec import Struct
from sqlalchemy import select

from domain.accounts import Account, Display
from domain.contacts import Contact
from domain.refusals import ChangedMeanwhile, DuressNotAsked, NothingPending, OwnerNotFree
from domain.reports import LossKind, OwnerSafe
from domain.tickets import Duress, ReleaseReason, Stage, Ticket
from domain.wallets import Wallet
from notifications.channels import Channels
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import accounts, danger, desk, filing, reports, tickets, visits
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.visits import Draft
from service.storage.directory import HouseDirectory
from service.storage.tables import deliveries
from tests import people as cast
from tests import proving
from tests.fault.power_cuts import power_cut_at, what_is_stored
from tests.helpless import the_ticket

pytestmark = pytest.mark.anyio
NO, YES, UNKNOWN = OwnerSafe.NO, OwnerSafe.YES, OwnerSafe.UNKNOWN


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    account: Account
    carl: tuple[Contact, str]
    cleo: tuple[Contact, str]
    astrid: SignedIn
    arne: SignedIn

    async def report(self, who: tuple[Contact, str], safe: OwnerSafe) -> None:
        contact, link = who
        visit = await cast.a_verified_visit(self.house, self.wallet, link)
        said = Draft(contact_id=contact.id, kind=LossKind.STOLEN, safe=safe)
        await reports.save(self.house, self.wallet, visit, said)
        visit = await visits.current(self.house, visit)
        await filing.file_report(self.house, self.wallet, visit, key="button")

    async def ticket(self) -> Ticket:
        return await the_ticket(self.house, self.wallet, self.account.id)

    async def stored(self) -> Account:
        return await cast.the_account(self.house, self.wallet, self.account.id)

    async def answer(self, answer: Duress) -> None:
        seen = (await self.ticket()).row_version
        await danger.answer_duress(
            self.house, (await self.ticket()).id, answer, by=self.astrid, seen=seen
        )

    async def propose(self) -> None:
        await tickets.propose_release(
            self.house, (await self.ticket()).id, reason=ReleaseReason.OWNER_SAFE, by=self.astrid
        )

    async def prove(self) -> None:
        await proving.proved(self.house, self.wallet, (await self.ticket()).id, self.astrid)

    async def let_go(self) -> None:
        seen = await self.ticket()
        await danger.let_notices_go(self.house, seen.id, by=self.astrid, seen=seen.row_version)

    async def deliver(self) -> None:
        """What a worker does until nothing is due. No carrier stands behind it, so what it tries
        to send is parked."""
        directory = HouseDirectory(self.house.keys)
        while await dispatch_waiting(self.house.engine, directory, limit=100):
            pass
        while await send_due(self.house.engine, directory, Channels(), most_at_once=10):
            pass

    async def notices(self, event: str = "account-frozen") -> set[str]:
        """The states of the messages to the owner about this."""
        async with self.house.engine.connect() as db:
            to_her = (deliveries.c.event == event) & (deliveries.c.role == "owner")
            return set((await db.scalars(select(deliveries.c.state).where(to_her))).all())


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    return Scene(
        house=house,
        wallet=wallet,
        account=account,
        carl=await cast.a_contact(house, wallet, pages, "Carl"),
        cleo=await cast.a_contact(house, wallet, pages, "Cleo"),
        astrid=await cast.an_agent(house, wallet, "astrid", 2),
        arne=await cast.an_agent(house, wallet, "arne", 3),
    )


@pytest.mark.parametrize("safe", [YES, UNKNOWN])
async def test_without_danger_everything_is_as_ever(scene: Scene, safe: OwnerSafe) -> None:
    await scene.report(scene.carl, safe)
    await scene.deliver()

    assert not (await scene.ticket()).danger
    assert (await scene.stored()).display is Display.PLAIN
    assert await scene.notices() == {"parked"}
    await scene.prove()
    await scene.propose()


async def test_in_danger_the_display_is_neutral_from_the_first_instant(scene: Scene) -> None:
    await scene.report(scene.carl, NO)

    state = await accounts.freeze_state(scene.house, scene.wallet, cast.OLGA)
    assert (state.display, state.version) == (Display.NEUTRAL, 1)
    assert (await scene.ticket()).danger


async def test_a_second_report_can_raise_the_danger(scene: Scene) -> None:
    await scene.report(scene.carl, YES)
    assert (await scene.stored()).display is Display.PLAIN

    await scene.report(scene.cleo, NO)

    assert (await scene.ticket()).danger
    account = await scene.stored()
    assert (account.display, account.version) == (Display.NEUTRAL, 1)


async def test_a_second_report_that_knows_nothing_does_not_lower_it(scene: Scene) -> None:
    await scene.report(scene.carl, NO)
    await scene.report(scene.cleo, YES)

    assert (await scene.ticket()).danger
    assert (await scene.stored()).display is Display.NEUTRAL


async def test_notices_to_the_owner_wait_until_an_agent_lets_them_go(scene: Scene) -> None:
    await scene.report(scene.carl, NO)
    await scene.deliver()
    assert await scene.notices() == {"held"}

    await scene.let_go()
    assert await scene.notices() == {"due"}
    await scene.deliver()

    assert await scene.notices() == {"parked"}


async def test_what_was_due_already_waits_when_the_danger_is_said_later(scene: Scene) -> None:
    await scene.report(scene.carl, UNKNOWN)
    directory = HouseDirectory(scene.house.keys)
    while await dispatch_waiting(scene.house.engine, directory, limit=100):
        pass
    assert await scene.notices() == {"due"}

    await scene.report(scene.cleo, NO)
    await scene.deliver()

    assert await scene.notices() == {"held"}


async def test_a_reporter_is_written_to_all_the_same(scene: Scene) -> None:
    await scene.report(scene.carl, NO)
    await scene.deliver()

    async with scene.house.engine.connect() as db:
        receipt = (deliveries.c.event == "loss-reported") & (deliveries.c.role == "contact")
        states = (await db.scalars(select(deliveries.c.state).where(receipt))).all()
    assert states == ["parked"]


async def test_after_the_release_the_old_notice_is_dropped_and_the_new_one_goes(
    scene: Scene,
) -> None:
    await scene.report(scene.carl, NO)
    await scene.deliver()
    await scene.prove()
    await scene.answer(Duress.FREE)
    await scene.propose()
    seen = await desk.see_ticket(scene.house, (await scene.ticket()).id, scene.arne)
    assert seen.proposal is not None

    await tickets.approve_release(
        scene.house, seen.ticket.id, seen.proposal.proposal_id, by=scene.arne
    )
    await scene.deliver()

    assert await scene.notices() == {"pointless"}
    assert await scene.notices("account-released") == {"parked"}
    assert (await scene.stored()).display is Display.PLAIN


async def test_a_release_needs_the_owner_asked_alone_and_free(scene: Scene) -> None:
    await scene.report(scene.carl, NO)
    await scene.prove()
    with pytest.raises(DuressNotAsked):
        await scene.propose()
    await scene.answer(Duress.NOT_FREE)
    with pytest.raises(OwnerNotFree):
        await scene.propose()

    await scene.answer(Duress.FREE)
    await scene.propose()


async def test_danger_said_after_the_proposal_voids_it(scene: Scene) -> None:
    await scene.report(scene.carl, UNKNOWN)
    await scene.prove()
    await scene.propose()
    ticket = await scene.ticket()
    seen = await desk.see_ticket(scene.house, ticket.id, scene.arne)
    assert seen.proposal is not None

    await scene.report(scene.cleo, NO)

    after = await desk.see_ticket(scene.house, ticket.id, scene.arne)
    assert after.proposal is None
    assert after.ticket.stage is Stage.PROVED
    with pytest.raises(NothingPending):
        await tickets.approve_release(
            scene.house, ticket.id, seen.proposal.proposal_id, by=scene.arne
        )
    assert (await scene.stored()).is_frozen


async def test_an_answer_to_a_page_that_is_old_by_now_is_not_taken(scene: Scene) -> None:
    await scene.report(scene.carl, NO)
    seen = (await scene.ticket()).row_version
    await scene.report(scene.cleo, NO)
    ticket = await scene.ticket()

    with pytest.raises(ChangedMeanwhile):
        await danger.answer_duress(scene.house, ticket.id, Duress.FREE, by=scene.astrid, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        await danger.let_notices_go(scene.house, ticket.id, by=scene.astrid, seen=seen)

    assert await scene.ticket() == ticket


Act = Callable[[], Awaitable[object]]


async def everything_or_nothing(house: House, act: Act) -> None:
    before = await what_is_stored(house)
    for step in count(1):
        with power_cut_at(house.engine, step) as cut:
            await act()
        if not cut.happened:
            assert await what_is_stored(house) != before
            return
        assert await what_is_stored(house) == before, f"half done at statement {step}"


async def test_reports_of_danger_answers_and_notices_happen_wholly_or_not_at_all(
    scene: Scene,
) -> None:
    await scene.report(scene.carl, UNKNOWN)
    await scene.deliver()
    await scene.prove()
    await scene.propose()
    contact, link = scene.cleo
    visit = await cast.a_verified_visit(scene.house, scene.wallet, link)
    said = Draft(contact_id=contact.id, kind=LossKind.STOLEN, safe=NO)
    await reports.save(scene.house, scene.wallet, visit, said)
    visit = await visits.current(scene.house, visit)

    await everything_or_nothing(
        scene.house,
        lambda: filing.file_report(scene.house, scene.wallet, visit, key="second"),
    )
    ticket = await scene.ticket()
    await everything_or_nothing(
        scene.house,
        lambda: danger.answer_duress(
            scene.house, ticket.id, Duress.FREE, by=scene.astrid, seen=ticket.row_version
        ),
    )
    ticket = await scene.ticket()
    await everything_or_nothing(
        scene.house,
        lambda: danger.let_notices_go(
            scene.house, ticket.id, by=scene.astrid, seen=ticket.row_version
        ),
    )
