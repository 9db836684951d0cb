"""Reports that freeze nothing, the owner's objection, outcomes and what follows, rehearsals, and
owners who do not feel safe: as they are stored, and with whom they meet.
"""

from datetime import timedelta
from itertools import count

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select, text, update

from domain.accounts import Account
from domain.challenges import Purpose
from domain.contacts import Contact, ContactStatus
from domain.events import Actor, ActorKind
from domain.outcomes import Consequence
from domain.recovery import GoodTime, Voice
from domain.refusals import (
    AccountIsFrozen,
    LinkNotValid,
    MayNotReport,
    NotFound,
    OwnerNotTried,
    PageExpired,
    ReporterNotHeard,
    SignInVoid,
    StrongSignInNeeded,
    TooSoon,
)
from domain.reports import DECIDED, LossKind, LossReport, Outcome
from domain.safety import Wish
from domain.sign_ins import SignIn
from domain.tickets import CloseReason, Stage, Ticket, TriedWay
from domain.wallets import Wallet
from service.operations import (
    desk,
    disputes,
    drills,
    filing,
    outcomes,
    page_links,
    reports,
    safety,
    tickets,
    timeline,
    unconfirmed,
    visits,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.operations.visits import Draft
from service.storage import load
from service.storage.queue import Asked, View
from service.storage.rows import every
from service.storage.tables import contacts as contacts_table
from service.storage.tables import drills as drills_table
from service.storage.tables import outbox
from service.storage.tables import tickets as tickets_table
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests import proving
from tests.fault.power_cuts import power_cut_at, what_is_stored

pytestmark = pytest.mark.anyio
STRONG = cast.NORTE.strong_acr[0]


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    account: Account
    pages: BrowserSession
    carl: Contact
    link: str

    async def is_frozen(self) -> bool:
        return (await cast.the_account(self.house, self.wallet, self.account.id)).is_frozen

    async def suspended(self) -> None:
        await self.change_carl(status="suspended")

    async def change_carl(self, **values: object) -> None:
        async with self.house.engine.begin() as db:
            this = contacts_table.c.id == self.carl.id
            await db.execute(update(contacts_table).where(this).values(**values))

    async def telling(self) -> BrowserSession:
        """Carl has told everything, and stands before the button."""
        visit = await cast.a_verified_visit(self.house, self.wallet, self.link)
        said = Draft(contact_id=self.carl.id, kind=LossKind.STOLEN, note="at the station")
        await reports.save(self.house, self.wallet, visit, said)
        return await visits.current(self.house, visit)

    async def only_heard(self, key: str = "button") -> LossReport:
        visit = await self.telling()
        return await unconfirmed.file_unconfirmed(self.house, self.wallet, visit, key=key)

    async def reported(self) -> LossReport:
        return await cast.a_report(self.house, self.wallet, self.carl, self.link)

    async def ticket(self) -> Ticket:
        (found,) = await self.tickets()
        return found

    async def tickets(self) -> tuple[Ticket, ...]:
        async with self.house.engine.connect() as db:
            return await every(db, select(tickets_table).order_by(tickets_table.c.id), Ticket)

    async def report(self, report: LossReport) -> LossReport:
        async with self.house.engine.connect() as db:
            return await load.report(db, self.wallet.id, report.id)

    async def contact(self) -> Contact:
        async with self.house.engine.connect() as db:
            return await load.contact(db, self.wallet.id, self.carl.id)

    async def agent(self, login: str, level: int, *, trained: bool = False) -> SignedIn:
        signed_in = await cast.an_agent(self.house, self.wallet, login, level)
        agent = replace(signed_in.agent, trained_for_safety=trained)
        return replace(signed_in, agent=agent)

    async def events(self) -> list[str]:
        async with self.house.engine.connect() as db:
            return list(await db.scalars(select(outbox.c.event).order_by(outbox.c.id)))


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    return Scene(house=house, wallet=wallet, account=account, pages=pages, carl=carl, link=link)


# Reports that freeze nothing ------------------------------------------------------------------


async def test_a_suspended_contact_opens_an_unconfirmed_ticket_and_freezes_nothing(
    scene: Scene,
) -> None:
    await scene.suspended()
    report = await scene.only_heard()

    assert report.unconfirmed
    assert not await scene.is_frozen()
    ticket = await scene.ticket()
    assert (ticket.unconfirmed, ticket.id) == (True, report.ticket_id)
    assert "unconfirmed-loss-reported" in await scene.events()
    assert "loss-reported" not in await scene.events()
    visit = await visits.current(scene.house, await scene.telling())
    assert visit.report_id is None


async def test_pressed_twice_it_is_one_and_its_receipt_says_that_nothing_was_stopped(
    scene: Scene,
) -> None:
    await scene.suspended()
    visit = await scene.telling()
    for _ in range(2):
        await unconfirmed.file_unconfirmed(scene.house, scene.wallet, visit, key="button")

    visit = await visits.current(scene.house, visit)
    receipt = await reports.see_receipt(scene.house, scene.wallet, visit)
    assert receipt.unconfirmed
    assert (await scene.ticket()).boost == 0


async def test_whoever_can_freeze_or_is_nobody_is_not_filed_this_way(scene: Scene) -> None:
    visit = await scene.telling()
    with pytest.raises(MayNotReport):
        await unconfirmed.file_unconfirmed(scene.house, scene.wallet, visit, key="button")
    await scene.suspended()
    with pytest.raises(MayNotReport):
        await filing.file_report(scene.house, scene.wallet, visit, key="button")
    assert await scene.tickets() == ()


async def test_it_happens_wholly_or_not_at_all(scene: Scene) -> None:
    await scene.suspended()
    visit = await scene.telling()
    before = await what_is_stored(scene.house)
    step = 0
    for step in count(1):
        with power_cut_at(scene.house.engine, step) as cut:
            await unconfirmed.file_unconfirmed(scene.house, scene.wallet, visit, key="button")
        if not cut.happened:
            break
        assert await what_is_stored(scene.house) == before, f"half done at statement {step}"
    assert step > 6


async def test_nobody_is_frozen_out_of_a_hint_and_it_can_be_laid_aside(scene: Scene) -> None:
    await scene.suspended()
    await scene.only_heard()
    ticket = await scene.ticket()
    astrid = await scene.agent("astrid", 2)

    async def closing(reason: CloseReason) -> None:
        seen = (await scene.ticket()).row_version
        await unconfirmed.close(scene.house, ticket.id, reason=reason, by=astrid, seen=seen)

    for _ in range(2):
        with pytest.raises(OwnerNotTried):
            await closing(CloseReason.NOT_REACHED)
        await unconfirmed.note_attempt(scene.house, ticket.id, way=TriedWay.OTHER_NUMBER, by=astrid)
        await cast.move_clock(scene.house, timedelta(minutes=30))
    await closing(CloseReason.NOT_REACHED)

    closed = await scene.ticket()
    assert (closed.stage, closed.closed_reason) == (Stage.CLOSED, "not-reached")
    assert "unconfirmed-ticket-closed" in await scene.events()


async def test_what_a_freeze_has_confirmed_is_never_laid_aside(scene: Scene) -> None:
    await scene.suspended()
    await scene.only_heard()
    await scene.change_carl(status="active")
    await cast.move_clock(scene.house, timedelta(minutes=5))
    await scene.reported()
    ticket = await scene.ticket()
    assert not ticket.unconfirmed
    astrid = await scene.agent("astrid", 2)
    await tickets.reach_owner(scene.house, ticket.id, by=astrid)
    seen = (await scene.ticket()).row_version

    with pytest.raises(AccountIsFrozen):
        await unconfirmed.close(
            scene.house, ticket.id, reason=CloseReason.NOTHING_LOST, by=astrid, seen=seen
        )


# Disputes -------------------------------------------------------------------------------------


async def _dispute(scene: Scene, sign_in: SignIn, key: str = "one") -> disputes.Disputed:
    return await disputes.dispute(
        scene.house,
        scene.wallet,
        scene.account.id,
        sign_in=sign_in,
        note="I have my phone",
        caller="olga",
        key=key,
    )


async def test_a_dispute_moves_the_ticket_up_once_and_nobody_is_told(scene: Scene) -> None:
    await scene.reported()
    await cast.move_clock(scene.house, timedelta(minutes=1))
    told = [e for e in await scene.events() if e != "reports-disputed"]
    sign_in = SignIn(at=await cast.now(scene.house), acr=STRONG)
    first = await _dispute(scene, sign_in)
    assert await _dispute(scene, sign_in) == first

    ticket = await scene.ticket()
    assert (ticket.boost, await scene.is_frozen()) == (1, True)
    assert [e for e in await scene.events() if e != "reports-disputed"] == told
    async with scene.house.engine.connect() as db:
        (stored,) = await load.disputes_of(db, scene.wallet.id, ticket.id)
    assert not stored.without_effect
    assert stored.note is not None
    assert b"phone" not in stored.note


async def test_in_danger_the_answer_is_the_same_and_nothing_moves(scene: Scene) -> None:
    await scene.reported()
    async with scene.house.engine.begin() as db:
        await db.execute(text("UPDATE tickets SET danger = true"))
    await cast.move_clock(scene.house, timedelta(minutes=1))

    await _dispute(scene, SignIn(at=await cast.now(scene.house), acr=STRONG))

    ticket = await scene.ticket()
    assert ticket.boost == 0
    async with scene.house.engine.connect() as db:
        (stored,) = await load.disputes_of(db, scene.wallet.id, ticket.id)
    assert stored.without_effect


async def test_a_dispute_needs_a_strong_sign_in_later_than_the_freeze(scene: Scene) -> None:
    before = await cast.now(scene.house)
    await scene.reported()
    await cast.move_clock(scene.house, timedelta(minutes=1))
    with pytest.raises(SignInVoid):
        await _dispute(scene, SignIn(at=before, acr=STRONG))
    with pytest.raises(StrongSignInNeeded):
        await _dispute(scene, SignIn(at=await cast.now(scene.house), acr="urn:norte:pin"))


async def test_a_page_link_to_dispute_opens_while_frozen_and_nothing_else(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    before = await cast.now(house)
    await scene.reported()
    await cast.move_clock(house, timedelta(minutes=1))
    asked = AskedLink(
        purpose=LinkPurpose.DISPUTE, session_id=None, auth_time=await cast.now(house), acr=STRONG
    )
    with pytest.raises(SignInVoid):
        await page_links.make_page_link(house, wallet, cast.OLGA, replace(asked, auth_time=before))
    with pytest.raises(AccountIsFrozen):
        await page_links.make_page_link(
            house, wallet, cast.OLGA, replace(asked, purpose=LinkPurpose.VIEW)
        )
    link = await page_links.make_page_link(house, wallet, cast.OLGA, asked)
    opened = await page_links.enter(house, wallet, link.url.partition("once=")[2])
    here = await page_links.owner_session(house, wallet.id, opened.cookie)

    await disputes.dispute_on_page(house, wallet, here, note="", key="button")

    assert (await scene.ticket()).boost == 1
    with pytest.raises(PageExpired):
        await disputes.dispute_on_page(house, wallet, scene.pages, note="", key="button")


# Outcomes -------------------------------------------------------------------------------------


async def _proved(scene: Scene, report: LossReport, by: SignedIn) -> None:
    await proving.proved(scene.house, scene.wallet, report.ticket_id, by)


async def _judged_false(
    scene: Scene, report: LossReport, astrid: SignedIn, arne: SignedIn
) -> Consequence:
    house, ticket_id = scene.house, report.ticket_id
    await _proved(scene, report, astrid)
    await outcomes.hear_reporter(house, ticket_id, report.id, by=astrid)
    await outcomes.decide(house, ticket_id, report.id, Outcome.FALSE, by=astrid)
    async with house.engine.connect() as db:
        pending = await load.pending_verdict(db, scene.wallet.id, report.id)
    assert pending is not None
    return await outcomes.confirm_false(house, ticket_id, report.id, pending.id, by=arne)


async def test_the_first_false_report_pauses_and_the_contact_hears_of_it(scene: Scene) -> None:
    report = await scene.reported()
    astrid, arne = await scene.agent("astrid", 2), await scene.agent("arne", 3)
    await _proved(scene, report, astrid)
    with pytest.raises(ReporterNotHeard):
        await outcomes.decide(scene.house, report.ticket_id, report.id, Outcome.FALSE, by=astrid)

    assert await _judged_false(scene, report, astrid, arne) is Consequence.PAUSE

    judged = await scene.report(report)
    assert (judged.status, judged.outcome) == (DECIDED, Outcome.FALSE)
    now = await cast.now(scene.house)
    contact = await scene.contact()
    assert contact.is_paused(now)
    assert not contact.is_paused(now + timedelta(days=7))
    assert "contact-paused" in await scene.events()


async def test_the_second_within_180_days_suspends_also_under_a_new_name(scene: Scene) -> None:
    """Counting goes by a keyed hash of the address: it outlives the row of the contact."""
    report = await scene.reported()
    astrid, arne = await scene.agent("astrid", 2), await scene.agent("arne", 3)
    now = await cast.now(scene.house)
    async with scene.house.engine.begin() as db:
        for days in (180, 179):
            await db.execute(
                text("INSERT INTO false_reports VALUES (gen_random_uuid(), :w, :a, :i, :at, 1)"),
                {
                    "w": scene.wallet.id,
                    "a": scene.account.id,
                    "i": scene.carl.address_index,
                    "at": now - timedelta(days=days),
                },
            )

    assert await _judged_false(scene, report, astrid, arne) is Consequence.SUSPEND
    assert (await scene.contact()).status is ContactStatus.SUSPENDED


async def test_one_agent_says_that_it_was_a_mistake_and_nothing_follows(scene: Scene) -> None:
    report = await scene.reported()
    astrid = await scene.agent("astrid", 2)

    await outcomes.decide(scene.house, report.ticket_id, report.id, Outcome.MISTAKE, by=astrid)

    assert (await scene.report(report)).outcome is Outcome.MISTAKE
    assert (await scene.contact()).status is ContactStatus.ACTIVE


async def test_confirming_happens_wholly_or_not_at_all(scene: Scene) -> None:
    report = await scene.reported()
    astrid, arne = await scene.agent("astrid", 2), await scene.agent("arne", 3)
    house, ticket_id = scene.house, report.ticket_id
    await _proved(scene, report, astrid)
    await outcomes.ask_reporter(house, ticket_id, report.id, by=astrid)
    assert "reporter-asked" in await scene.events()
    await cast.move_clock(house, timedelta(hours=48))
    await outcomes.decide(house, ticket_id, report.id, Outcome.FALSE, by=astrid)
    async with house.engine.connect() as db:
        pending = await load.pending_verdict(db, scene.wallet.id, report.id)
    assert pending is not None
    before = await what_is_stored(house)
    step = 0
    for step in count(1):
        with power_cut_at(house.engine, step) as cut:
            await outcomes.confirm_false(house, ticket_id, report.id, pending.id, by=arne)
        if not cut.happened:
            break
        assert await what_is_stored(house) == before, f"half done at statement {step}"
    assert step > 8


async def test_a_rejected_verdict_leaves_the_report_as_it_was(scene: Scene) -> None:
    report = await scene.reported()
    astrid, arne = await scene.agent("astrid", 2), await scene.agent("arne", 3)
    house, ticket_id = scene.house, report.ticket_id
    await _proved(scene, report, astrid)
    await outcomes.hear_reporter(house, ticket_id, report.id, by=astrid)
    await outcomes.decide(house, ticket_id, report.id, Outcome.FALSE, by=astrid)
    async with house.engine.connect() as db:
        pending = await load.pending_verdict(db, scene.wallet.id, report.id)
    assert pending is not None

    await outcomes.reject_false(house, ticket_id, report.id, pending.id, by=arne)

    assert (await scene.report(report)).outcome is None
    await outcomes.decide(house, ticket_id, report.id, Outcome.REAL, by=astrid)


async def test_a_report_is_judged_on_its_own_ticket(scene: Scene) -> None:
    report = await scene.reported()
    astrid = await scene.agent("astrid", 2)
    other = replace(await scene.ticket(), id=replace(report, ticket_id=report.id).ticket_id)

    with pytest.raises(NotFound):
        await outcomes.hear_reporter(scene.house, other.id, report.id, by=astrid)


# Rehearsals -----------------------------------------------------------------------------------


async def _started(scene: Scene, key: str = "one") -> drills.Started:
    return await drills.start_by_owner(
        scene.house, scene.wallet, scene.pages, scene.carl.id, key=key
    )


async def _rehearsing(scene: Scene) -> BrowserSession:
    house, wallet = scene.house, scene.wallet
    await _started(scene)
    token = await cast.told_secret(house, wallet, "drill-begun")
    opened = await drills.open_link(house, wallet, token)
    await visits.ask_code(house, wallet, opened.session)
    code = await cast.told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, opened.session, code)
    assert isinstance(cookie, str)
    session = await visits.session_of(house, wallet, cookie)
    said = Draft(contact_id=scene.carl.id, kind=LossKind.LOST, note="just trying")
    await reports.save(house, wallet, session, said)
    return await visits.current(house, session)


async def test_a_rehearsal_goes_the_whole_way_and_stops_nothing(scene: Scene) -> None:
    session = await _rehearsing(scene)
    seen = await drills.see(scene.house, scene.wallet, session)
    assert (seen.owner_name, seen.draft.note, seen.reference) == ("Olga", "just trying", None)
    done = await drills.finish(scene.house, scene.wallet, session)
    again = await drills.finish(scene.house, scene.wallet, session)

    assert done.reference is not None
    assert done.reference.startswith("TEST-")
    assert again.reference == done.reference
    assert not await scene.is_frozen()
    assert await scene.tickets() == ()
    assert (await scene.events()).count("drill-done") == 1


async def test_a_rehearsal_s_session_files_no_report(scene: Scene) -> None:
    session = await _rehearsing(scene)

    with pytest.raises(PageExpired):
        await filing.file_report(scene.house, scene.wallet, session, key="button")


async def test_a_rehearsal_begins_once_in_30_days_whoever_begins_it(scene: Scene) -> None:
    first = await _started(scene)
    again = await _started(scene)
    assert (again.drill_id, again.token) == (first.drill_id, None)
    by = Actor(ActorKind.CONTACT, scene.carl.id)

    async def by_carl(key: str) -> None:
        await drills.start_drill(
            scene.house,
            scene.wallet,
            scene.account.id,
            scene.carl.id,
            by=by,
            caller="carl",
            key=key,
        )

    with pytest.raises(TooSoon):
        await by_carl("two")
    await cast.move_clock(scene.house, timedelta(days=30))
    await by_carl("three")
    assert first.token is not None
    with pytest.raises(LinkNotValid):
        await drills.open_link(scene.house, scene.wallet, first.token)


async def test_this_is_real_takes_along_what_was_typed_and_asks_its_own_code(
    scene: Scene,
) -> None:
    house, wallet = scene.house, scene.wallet
    session = await _rehearsing(scene)
    real = (await drills.make_real(house, wallet, session)).session

    assert (real.purpose, real.verified_at, real.drill_id) == (Purpose.REPORT.value, None, None)
    await visits.ask_code(house, wallet, real)
    code = await cast.told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, real, code)
    assert isinstance(cookie, str)
    visit = await visits.session_of(house, wallet, cookie)
    report = await filing.file_report(house, wallet, visit, key="button")
    assert (report.kind, await scene.is_frozen()) == (LossKind.LOST, True)


async def test_starting_and_finishing_happen_wholly_or_not_at_all(scene: Scene) -> None:
    async def cut_everywhere(act: object) -> None:
        before = await what_is_stored(scene.house)
        for step in count(1):
            with power_cut_at(scene.house.engine, step) as cut:
                await act()  # type: ignore[operator]
            if not cut.happened:
                return
            assert await what_is_stored(scene.house) == before, f"half done at {step}"

    await cut_everywhere(lambda: _started(scene, "cut"))
    async with scene.house.engine.begin() as db:
        await db.execute(drills_table.delete())
    session = await _rehearsing(scene)
    await cut_everywhere(lambda: drills.finish(scene.house, scene.wallet, session))


# Safety ---------------------------------------------------------------------------------------

WISH = Wish(voice=Voice.CALL, good_time=GoodTime.MORNING, words="it is Carl")


async def test_only_a_trained_agent_sees_that_somebody_does_not_feel_safe(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    for _ in range(2):
        await safety.ask(house, wallet, scene.pages, WISH, key="one")
    ticket = await scene.ticket()
    sofia = await scene.agent("sofia", 4)
    trained = await scene.agent("astrid", 1, trained=True)

    assert (await desk.see_queue(house, sofia)).rows == ()
    for hidden in (
        desk.see_ticket(house, ticket.id, sofia),
        desk.find_ticket(house, ticket.reference, sofia),
        safety.see(house, ticket.id, by=sofia),
        safety.add_note(house, ticket.id, "x", by=sofia),
        safety.remove_contact(house, ticket.id, scene.carl.id, by=sofia),
        tickets.reach_owner(house, ticket.id, by=sofia),
    ):
        with pytest.raises(NotFound):
            await hidden
    # Apart from all others, for her too.
    assert (await desk.see_queue(house, trained)).rows == ()
    (row,) = (await desk.see_queue(house, trained, Asked(view=View.SAFETY))).rows
    assert (row.ticket_id, row.kind) == (ticket.id, "safety")
    await safety.add_note(house, ticket.id, "called, all said", by=trained)
    seen = await safety.see(house, ticket.id, by=trained)
    assert [note.wish for note in seen.notes] == [WISH, None]
    assert seen.notes[1].words == "called, all said"
    assert [one.name for one in seen.people] == ["Carl"]


async def test_a_safety_removal_is_at_once_and_leaves_no_line_elsewhere(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await safety.ask(house, wallet, scene.pages, WISH, key="one")
    safety_ticket = await scene.ticket()
    report = await scene.reported()
    trained = await scene.agent("astrid", 1, trained=True)

    await safety.remove_contact(house, safety_ticket.id, scene.carl.id, by=trained)
    await safety.close(house, safety_ticket.id, by=trained)

    contact = await scene.contact()
    assert (contact.status, contact.removed_for_safety) == (ContactStatus.REMOVED, True)
    async with house.engine.connect() as db:
        loss = await load.ticket(db, wallet.id, report.ticket_id)
        told = {one.event for one in await timeline.entries_of(db, loss)}
    assert not {name for name in told if "safety" in name}
    assert {ticket.stage for ticket in await scene.tickets()} == {Stage.CLOSED, Stage.OPENED}
