"""A card that may have been printed by whoever took the phone: it freezes, and proves nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from domain.refusals import NothingPending, ProofsMissing
from domain.reports import LossKind, OwnerSafe
from domain.tickets import ProofDoubt, ProofKind, ReleaseReason, Stage
from domain.wallet_reports import FreezeReason
from service.operations import desk, filing, hot_line, reports, tickets, unconfirmed, visits
from service.operations.agents import SignedIn
from service.operations.hot_line import Told
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.ticket_evidence import Missing
from service.operations.ticket_page import TicketSeen
from service.operations.visits import Draft
from service.storage import load
from service.storage.tables import contacts, proofs, recovery_codes
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case
from tests.helpless import a_card, asks_for_help, the_ticket

pytestmark = pytest.mark.anyio
A_WEEK = timedelta(days=7)
AN_HOUR = timedelta(hours=1)
A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 2)


async def seen(house: House, case: Case, by: SignedIn) -> TicketSeen:
    return await desk.see_ticket(house, case.ticket_id, by)


async def propose(house: House, case: Case, by: SignedIn) -> None:
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=by)


async def proved_by_card(house: House, case: Case, by: SignedIn, *, made_before: timedelta) -> None:
    """The card and a code from the mailbox; the second may be in the thief's hands, too."""
    await proving.card_used(house, case.wallet, case.ticket_id, made_before=made_before)
    await proving.code_entered(house, case.wallet, case.ticket_id, by)
    await proving.looked_through(house, case.wallet, case.ticket_id, by)


async def cleo_says_it_was_gone(
    house: House,
    case: Case,
    *,
    before: timedelta,
    safe: OwnerSafe = OwnerSafe.UNKNOWN,
    counts: bool = True,
) -> None:
    """Her report joins, and the phone was gone that long before the ticket was opened. Or it counts
    for nothing, because she is suspended."""
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    visit = await cast.a_verified_visit(house, case.wallet, case.cleos_link)
    said = Draft(
        contact_id=case.cleo.id,
        kind=LossKind.STOLEN,
        noticed_at=ticket.opened_at - before,
        safe=safe,
    )
    await reports.save(house, case.wallet, visit, said)
    visit = await visits.current(house, visit)
    file = filing.file_report if counts else unconfirmed.file_unconfirmed
    await file(house, case.wallet, visit, key="button")


async def test_a_card_of_a_week_before_the_loss_counts(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proved_by_card(house, case, astrid, made_before=A_WEEK)

    page = await seen(house, case, astrid)
    assert [one.doubt for one in page.proofs] == [None, None]
    assert page.ticket.stage is Stage.PROVED
    await propose(house, case, astrid)


async def test_a_younger_card_is_recorded_with_its_reason_and_releases_nothing(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proved_by_card(house, case, astrid, made_before=A_WEEK - A_MOMENT)

    page = await seen(house, case, astrid)
    card = page.proofs[0]
    assert (card.kind, card.doubt) == (ProofKind.RECOVERY_CARD, ProofDoubt.CARD_TOO_NEW)
    assert card.card_made_at == page.ticket.opened_at - A_WEEK + A_MOMENT
    assert (page.proofs_are_enough, page.ticket.stage) == (False, Stage.OPENED)
    assert page.evidence.missing[0] is Missing.OUT_OF_REACH
    assert page.cannot.propose == "proofs-missing"
    with pytest.raises(ProofsMissing):
        await propose(house, case, astrid)
    # What nobody has who holds the phone makes up for it.
    await proving.reproved(house, case.wallet, case.ticket_id)
    await proving.looked_through(house, case.wallet, case.ticket_id, astrid)
    await propose(house, case, astrid)


async def test_a_report_of_an_earlier_loss_takes_its_worth_from_a_card_even_once_proposed(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proved_by_card(house, case, astrid, made_before=A_WEEK + AN_HOUR)
    await propose(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)

    await cleo_says_it_was_gone(house, case, before=AN_HOUR + A_MOMENT)

    page = await seen(house, case, arne)
    assert page.proofs[0].doubt is ProofDoubt.CARD_TOO_NEW
    # The stage is what the evidence says, and what was proposed on more of it is void.
    assert (page.ticket.stage, page.ticket.owner_is_verified) == (Stage.OPENED, False)
    assert page.proposal is None
    assert {"proposal-voided", "proofs-fell-short"} <= {one.event for one in page.timeline}
    with pytest.raises(NothingPending):
        await tickets.approve_release(house, case.ticket_id, waits, by=arne)
    with pytest.raises(ProofsMissing):
        await propose(house, case, astrid)
    assert (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_a_report_that_takes_nothing_from_the_proofs_leaves_stage_and_proposal(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proved_by_card(house, case, astrid, made_before=A_WEEK + AN_HOUR)
    await propose(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)

    await cleo_says_it_was_gone(house, case, before=AN_HOUR)

    page = await seen(house, case, arne)
    assert (page.ticket.stage, page.proofs_are_enough) == (Stage.PROPOSED, True)
    await tickets.approve_release(house, case.ticket_id, waits, by=arne)
    assert not (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_what_fell_short_is_proved_anew_by_what_nobody_has_who_holds_the_phone(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proved_by_card(house, case, astrid, made_before=A_WEEK + AN_HOUR)
    await tickets.reach_owner(house, case.ticket_id, by=astrid)
    await cleo_says_it_was_gone(house, case, before=2 * AN_HOUR)
    assert (await seen(house, case, astrid)).ticket.stage is Stage.OWNER_REACHED

    await proving.reproved(house, case.wallet, case.ticket_id)

    page = await seen(house, case, astrid)
    assert (page.ticket.stage, page.ticket.owner_is_verified) == (Stage.PROVED, True)


async def test_in_danger_what_waits_is_voided_once(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proved_by_card(house, case, astrid, made_before=A_WEEK + AN_HOUR)
    await propose(house, case, astrid)

    await cleo_says_it_was_gone(house, case, before=2 * AN_HOUR, safe=OwnerSafe.NO)

    page = await seen(house, case, astrid)
    assert (page.ticket.stage, page.ticket.danger, page.proposal) == (Stage.OPENED, True, None)
    events = [one.event for one in page.timeline]
    assert (events.count("proposal-voided"), events.count("proofs-fell-short")) == (1, 1)


async def test_the_wallet_s_own_report_and_one_that_freezes_nothing_do_the_same(
    house: House, case: Case, astrid: SignedIn
) -> None:
    caller = await deciding.a_caller(house, case.wallet)
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)
    for number, in_danger in enumerate((False, True)):
        await proved_by_card(house, case, astrid, made_before=A_WEEK + (number + 1) * AN_HOUR)
        assert (await seen(house, case, astrid)).ticket.stage is Stage.PROVED
        await propose(house, case, astrid)
        told = Told(
            reason=FreezeReason.STOLEN,
            noticed_at=ticket.opened_at - (number + 1) * AN_HOUR - A_MOMENT,
            in_danger=in_danger,
        )
        request = Request(
            wallet_id=case.wallet.id,
            caller=str(caller.client_id),
            route="freeze",
            key=str(number),
            body=b"",
        )

        await hot_line.freeze(
            house,
            case.wallet,
            case.account.subject,
            told,
            client_id=caller.client_id,
            request=request,
        )

        page = await seen(house, case, astrid)
        assert (page.ticket.stage, page.proposal) == (Stage.OPENED, None)


async def test_a_report_that_does_not_count_just_now_takes_its_worth_from_a_card_too(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proved_by_card(house, case, astrid, made_before=A_WEEK + AN_HOUR)
    await propose(house, case, astrid)
    async with house.engine.begin() as db:
        hers = contacts.c.id == case.cleo.id
        await db.execute(update(contacts).where(hers).values(status="suspended"))

    await cleo_says_it_was_gone(house, case, before=2 * AN_HOUR, counts=False)

    page = await seen(house, case, astrid)
    assert (page.ticket.stage, page.proposal) == (Stage.OPENED, None)


async def test_a_card_made_after_the_phone_was_gone_says_so(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proving.card_used(house, case.wallet, case.ticket_id, made_before=AN_HOUR)
    await cleo_says_it_was_gone(house, case, before=2 * AN_HOUR)

    assert (await seen(house, case, astrid)).proofs[0].doubt is ProofDoubt.CARD_AFTER_LOSS


async def test_the_thief_s_own_card_freezes_at_once_and_proves_nothing(house: House) -> None:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "the phone")
    codes = await a_card(house, wallet, await cast.at_her_pages(house, wallet, phone))
    made_at = await cast.now(house)
    await cast.move_clock(house, AN_HOUR)

    await asks_for_help(house, wallet, codes[0])

    assert (await cast.the_account(house, wallet, account.id)).is_frozen
    ticket = await the_ticket(house, wallet, account.id)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    await proving.code_entered(house, wallet, ticket.id, astrid)
    page = await desk.see_ticket(house, ticket.id, astrid)
    assert (page.ticket.stage, page.proofs_are_enough) == (Stage.OPENED, False)
    card = page.proofs[0]
    assert card.card_made_at is not None
    assert made_at - AN_HOUR < card.card_made_at <= made_at
    assert card.doubt is ProofDoubt.CARD_TOO_NEW


async def test_the_age_of_a_card_is_kept_with_its_proof_and_with_no_other(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
    now = await cast.now(house)

    with pytest.raises(IntegrityError, match="proofs_card_check"):
        async with house.engine.begin() as db:
            await db.execute(update(proofs).values(card_made_at=now))
    await proving.card_used(house, case.wallet, case.ticket_id)
    # The account gets a new card after its release; what the old one's proof was worth stays said.
    async with house.engine.begin() as db:
        await db.execute(delete(recovery_codes))
    async with house.engine.connect() as db:
        stored = await load.proofs_of(db, case.wallet.id, case.ticket_id)
    assert [one.card_made_at is not None for one in stored] == [False, True]
