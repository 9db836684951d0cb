"""Judging reports, objecting to them, rehearsing them: cut at every statement."""

from datetime import timedelta
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy import text, update

from domain.challenges import Purpose
from domain.contacts import ACTIVE, SUSPENDED, StaysSuspended
from domain.ids import VerdictId
from domain.policy import ContactPolicy, Policy
from domain.recovery import GoodTime, Voice
from domain.reports import LossKind, LossReport, Outcome
from domain.safety import Wish
from domain.sign_ins import SignIn
from domain.tickets import CloseReason, ReleaseReason, TriedWay
from service.operations import (
    cleared_devices,
    desk,
    disputes,
    drills,
    hints,
    outcomes,
    page_links,
    reinstating,
    reports,
    safety,
    tickets,
    unconfirmed,
    visits,
    wallets,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.owners import Owner
from service.operations.page_links import AskedLink
from service.operations.visits import Draft
from service.operations.wallets import OwnersIssuer
from service.storage import load
from service.storage.tables import contacts as contacts_table
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests import proving
from tests.fault.power_cuts import everything_or_nothing
from tests.forgetting import Scene, a_scene

pytestmark = pytest.mark.anyio
A_MOMENT: Final = timedelta(minutes=5)
STRONG: Final = cast.NORTE.strong_acr[0]
SAID: Final = hints.Said(
    number="011 4321-1234", language="es", good_time=GoodTime.ANY, voice=Voice.CALL
)
WISH: Final = Wish(voice=Voice.CALL, good_time=GoodTime.MORNING, words="it is Carl")


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def _reported(scene: Scene) -> LossReport:
    return await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)


async def _agents(scene: Scene) -> tuple[SignedIn, SignedIn]:
    """Who proposes, and who approves."""
    house, wallet = scene.house, scene.wallet
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    return astrid, await cast.an_agent(house, wallet, "arne", 3)


async def _proved(scene: Scene, report: LossReport, by: SignedIn) -> None:
    await proving.proved(scene.house, scene.wallet, report.ticket_id, by)


async def _pending(scene: Scene, report: LossReport) -> VerdictId:
    async with scene.house.engine.connect() as db:
        pending = await load.pending_verdict(db, scene.wallet.id, report.id)
    assert pending is not None
    return pending.id


async def _counted_before(scene: Scene) -> None:
    """Carl's address was found to have reported falsely once before."""
    async with scene.house.engine.begin() as db:
        await db.execute(
            text("INSERT INTO false_reports VALUES (gen_random_uuid(), :w, :a, :i, :at, 1)"),
            {
                "w": scene.wallet.id,
                "a": scene.account.id,
                "i": scene.carl.address_index,
                "at": await cast.now(scene.house) - timedelta(days=10),
            },
        )


async def _suspended(scene: Scene) -> None:
    async with scene.house.engine.begin() as db:
        this = contacts_table.c.id == scene.carl.id
        await db.execute(update(contacts_table).where(this).values(status=SUSPENDED))


async def test_a_report_is_judged_wholly_or_not_at_all(scene: Scene) -> None:
    """Asked, heard, said to be false, refused, said again and confirmed; then taken back on."""
    house = scene.house
    report = await _reported(scene)
    ticket_id, report_id = report.ticket_id, report.id
    astrid, arne = await _agents(scene)
    await _counted_before(scene)
    await _proved(scene, report, astrid)
    await everything_or_nothing(
        house, lambda: outcomes.ask_reporter(house, ticket_id, report_id, by=astrid)
    )
    await everything_or_nothing(
        house, lambda: outcomes.hear_reporter(house, ticket_id, report_id, by=astrid)
    )
    await everything_or_nothing(
        house, lambda: outcomes.decide(house, ticket_id, report_id, Outcome.FALSE, by=astrid)
    )
    first = await _pending(scene, report)
    await everything_or_nothing(
        house, lambda: outcomes.reject_false(house, ticket_id, report_id, first, by=arne)
    )
    await outcomes.decide(house, ticket_id, report_id, Outcome.FALSE, by=astrid)
    second = await _pending(scene, report)
    await everything_or_nothing(
        house, lambda: outcomes.confirm_false(house, ticket_id, report_id, second, by=arne)
    )
    assert (await scene.contact()).status is SUSPENDED
    await tickets.propose_release(house, ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    seen = (await desk.see_ticket(house, ticket_id, arne)).proposal
    assert seen is not None
    await tickets.approve_release(house, ticket_id, seen.proposal_id, by=arne)
    carl = scene.carl.id
    await everything_or_nothing(
        house, lambda: reinstating.propose(house, ticket_id, carl, by=astrid)
    )
    await everything_or_nothing(
        house,
        lambda: reinstating.reject(house, ticket_id, carl, StaysSuspended.TOO_EARLY, by=arne),
    )
    await reinstating.propose(house, ticket_id, carl, by=astrid)
    await everything_or_nothing(house, lambda: reinstating.confirm(house, ticket_id, carl, by=arne))
    assert (await scene.contact()).status is ACTIVE


async def test_a_dispute_and_a_call_back_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await _reported(scene)
    await scene.later(A_MOMENT)
    sign_in = SignIn(at=await cast.now(house), acr=STRONG)
    asked = AskedLink(
        purpose=LinkPurpose.DISPUTE, session_id=None, auth_time=await cast.now(house), acr=STRONG
    )
    link = await page_links.make_page_link(house, wallet, cast.OLGA, asked)
    page = (await page_links.enter(house, wallet, link.url.partition("once=")[2])).session
    await everything_or_nothing(
        house,
        lambda: disputes.dispute_on_page(house, wallet, page, note="I have it", key="button"),
    )
    account = await cast.the_account(house, wallet, scene.account.id)
    owner = Owner(account_id=account.id, epoch=account.epoch, may_manage=True, sign_in=sign_in)
    await everything_or_nothing(house, lambda: hints.leave_for(house, wallet, owner, SAID))


async def test_an_unconfirmed_report_is_filed_and_laid_aside_wholly_or_not_at_all(
    scene: Scene,
) -> None:
    house, wallet = scene.house, scene.wallet
    await _suspended(scene)
    visit = await cast.a_verified_visit(house, wallet, scene.link)
    said = Draft(contact_id=scene.carl.id, kind=LossKind.STOLEN, note="at the station")
    await reports.save(house, wallet, visit, said)
    await everything_or_nothing(
        house, lambda: unconfirmed.file_unconfirmed(house, wallet, visit, key="button")
    )
    (ticket_id,) = await scene.ticket_ids()
    astrid, arne = await _agents(scene)
    await everything_or_nothing(
        house, lambda: unconfirmed.note_attempt(house, ticket_id, way=TriedWay.EMAIL, by=astrid)
    )
    await scene.later(timedelta(minutes=30))
    await unconfirmed.note_attempt(house, ticket_id, way=TriedWay.OTHER_NUMBER, by=arne)
    await scene.later(timedelta(minutes=30))
    async with house.engine.connect() as db:
        seen = (await load.ticket(db, wallet.id, ticket_id)).row_version

    await everything_or_nothing(
        house,
        lambda: unconfirmed.close(
            house, ticket_id, reason=CloseReason.NOT_REACHED, by=astrid, seen=seen
        ),
    )


async def test_a_device_is_back_in_hand_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    report = await _reported(scene)
    await scene.later(A_MOMENT)
    await cast.released(house, wallet)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    async with house.engine.connect() as db:
        (device,) = await load.devices_of(db, wallet.id, scene.account.id)

    await everything_or_nothing(
        house, lambda: cleared_devices.clear(house, report.ticket_id, device.id, by=sofia)
    )


async def test_a_contact_s_own_rehearsal_begins_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet, carl = scene.house, scene.wallet, scene.carl.id
    session = await scene.in_his_space()
    await everything_or_nothing(
        house, lambda: drills.start_by_contact(house, wallet, session, carl, key="one")
    )


async def test_a_rehearsal_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(
        house,
        lambda: drills.start_by_owner(house, wallet, scene.pages, scene.carl.id, key="one"),
    )
    token = await cast.told_secret(house, wallet, "drill-begun")
    await everything_or_nothing(house, lambda: drills.open_link(house, wallet, token))
    rehearsing = await _rehearsing(scene, token)
    await everything_or_nothing(house, lambda: drills.finish(house, wallet, rehearsing))
    await everything_or_nothing(house, lambda: drills.make_real(house, wallet, rehearsing))


async def _rehearsing(scene: Scene, token: str) -> BrowserSession:
    house, wallet = scene.house, scene.wallet
    opened = await drills.open_link(house, wallet, token)
    assert opened.session.purpose == Purpose.DRILL.value
    await visits.ask_code(house, wallet, opened.session)
    code = await cast.told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, opened.session, code)
    session = await visits.session_of(house, wallet, str(cookie))
    said = Draft(contact_id=scene.carl.id, kind=LossKind.LOST, note="just trying")
    await reports.save(house, wallet, session, said)
    return await visits.current(house, session)


async def test_safety_is_seen_to_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(
        house, lambda: safety.ask(house, wallet, scene.pages, WISH, key="one")
    )
    (ticket_id,) = await scene.ticket_ids()
    signed_in = await cast.an_agent(house, wallet, "astrid", 1)
    by = replace(signed_in, agent=replace(signed_in.agent, trained_for_safety=True))
    await everything_or_nothing(
        house, lambda: safety.add_note(house, ticket_id, "called, all said", by=by)
    )
    await everything_or_nothing(
        house, lambda: safety.remove_contact(house, ticket_id, scene.carl.id, by=by)
    )
    await everything_or_nothing(house, lambda: safety.close(house, ticket_id, by=by))


async def test_another_issuer_is_believed_wholly_or_not_at_all(scene: Scene) -> None:
    said = OwnersIssuer(issuer="https://id.norte.example", audience="resguardo")

    await everything_or_nothing(
        scene.house, lambda: wallets.change_issuer(scene.house, scene.wallet.origin, said)
    )
    numbers = Policy(contacts=ContactPolicy(most=4))
    await everything_or_nothing(
        scene.house, lambda: wallets.change_policy(scene.house, scene.wallet.origin, numbers)
    )
