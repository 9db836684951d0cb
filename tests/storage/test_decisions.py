"""Two people decide, whoever stands where meanwhile: on real rows, by the operations."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from domain.client_mistakes import LeftOut, MistakeStatus
from domain.refusals import (
    Involved,
    LevelTooLow,
    NotFound,
    NotPicked,
    OwnDecision,
    OwnProposal,
    TicketClosed,
    WordsMissing,
)
from domain.reports import LossKind
from domain.tickets import Finding, KeepReason, ProposalStatus, ReleaseReason, Stage, ToBring
from service.operations import (
    client_mistakes,
    desk,
    keeping_frozen,
    mistakes_seen,
    mistakes_undone,
    picking,
    purging,
    release_reviews,
    tickets,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load
from service.storage.tables import proposals
from service.storage.tables import release_reviews as release_rows
from tests import deciding, proving
from tests import people as cast
from tests.desks import Case, a_case, proposed

pytestmark = pytest.mark.anyio
QUARTER = timedelta(minutes=15)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


async def approvers(house: House, case: Case, *names: str) -> dict[str, SignedIn]:
    return {name: await cast.an_agent(house, case.wallet, name, 3) for name in names}


async def approve(house: House, case: Case, by: SignedIn) -> None:
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)
    await tickets.approve_release(house, case.ticket_id, waits, by=by)


async def test_with_three_others_on_shift_only_the_one_who_was_picked_approves(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 3)
    others = await approvers(house, case, "arne", "bea", "dan")
    await proposed(house, case, astrid)
    waits = await deciding.what_waits(house, case.wallet, case.ticket_id)

    assert waits.approver_id in {one.agent.id for one in others.values()}
    for one in (astrid, *others.values()):
        if one.agent.id != waits.approver_id:
            with pytest.raises(OwnProposal if one is astrid else NotPicked):
                await approve(house, case, one)
    (picked,) = [one for one in others.values() if one.agent.id == waits.approver_id]
    seen = (await desk.see_ticket(house, case.ticket_id, picked)).decision.picked
    assert seen is not None
    assert seen.is_me
    await approve(house, case, picked)
    assert not (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_a_desk_of_two_works(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)
    assert (await deciding.what_waits(house, case.wallet, case.ticket_id)).approver_id is None

    await approve(house, case, arne)

    assert not (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_picks_are_spread_and_never_fall_on_who_proposed(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 3)
    others = await approvers(house, case, "arne", "bea", "dan", "eva")
    ids = {one.agent.id for one in others.values()}
    await proposed(house, case, astrid)
    waits = await deciding.what_waits(house, case.wallet, case.ticket_id)
    ticket = await deciding.the_ticket(house, case.wallet, case.ticket_id)

    async with house.engine.connect() as db:
        drawn = [
            (await picking.pick(db, case.wallet, ticket, waits, now=ticket.opened_at)).value
            for _ in range(60)
        ]
    assert {one.approver_id for one in drawn} == ids - {waits.approver_id}
    async with house.engine.connect() as db:
        could = await picking.candidates(
            db, ticket, proposed_by=astrid.agent.id, now=await cast.now(house)
        )
    assert set(could) == ids


@pytest.mark.usefixtures("clock_stands")
async def test_who_does_not_answer_is_passed_over_after_fifteen_minutes_and_not_before(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    others = await approvers(house, case, "arne", "bea", "dan")
    await proposed(house, case, astrid)
    first = await deciding.what_waits(house, case.wallet, case.ticket_id)

    await cast.move_clock(house, QUARTER - A_SECOND)
    assert await picking.pick_again(house) == 0
    await cast.move_clock(house, A_SECOND)
    (picked,) = [one for one in others.values() if one.agent.id == first.approver_id]
    with pytest.raises(NotPicked):
        await approve(house, case, picked)
    assert await picking.pick_again(house) == 1
    assert await picking.pick_again(house) == 0
    second = await deciding.what_waits(house, case.wallet, case.ticket_id)
    assert second.approver_id not in {first.approver_id, astrid.agent.id}
    assert second.passed_over == (first.approver_id,)


async def test_who_goes_home_is_passed_over_and_with_two_left_either_may(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    others = await approvers(house, case, "arne", "bea", "dan")
    await proposed(house, case, astrid)
    first = await deciding.what_waits(house, case.wallet, case.ticket_id)
    (picked,) = [one for one in others.values() if one.agent.id == first.approver_id]

    await deciding.goes_home(house, picked)
    assert await picking.pick_again(house) == 1

    assert (await deciding.what_waits(house, case.wallet, case.ticket_id)).approver_id is None
    left = next(one for one in others.values() if one is not picked)
    await approve(house, case, left)


async def test_a_level_that_was_lowered_meanwhile_counts_as_it_is_now(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)

    # `arne` is what his page was made with.
    await deciding.is_demoted(house, arne, level=2)
    with pytest.raises(LevelTooLow):
        await approve(house, case, arne)
    with pytest.raises(LevelTooLow):
        await keeping_frozen.review(house, case.ticket_id, keeps=True, by=arne)
    assert (await cast.the_account(house, case.wallet, case.account.id)).is_frozen


async def test_the_database_itself_lets_nobody_decide_who_may_not(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    ines = await cast.an_agent(house, case.wallet, "ines", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)
    now = await cast.now(house)

    async def decided_by(agent: SignedIn) -> None:
        async with house.engine.begin() as db:
            await db.execute(
                update(proposals)
                .where(proposals.c.id == waits)
                .values(
                    status=ProposalStatus.APPROVED.value,
                    decided_by=agent.agent.id,
                    decided_at=now,
                )
            )

    with pytest.raises(IntegrityError, match="may not decide"):
        await decided_by(ines)
    with pytest.raises(IntegrityError, match="two_people"):
        await decided_by(astrid)
    await decided_by(arne)


async def test_kept_frozen_told_in_general_terms_and_sent_back_by_a_third(
    house: House, case: Case
) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 4)
    arne = await cast.an_agent(house, case.wallet, "arne", 4)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    ticket = case.ticket_id
    await keeping_frozen.propose(
        house,
        ticket,
        reason=KeepReason.SIGNS_OF_FRAUD,
        to_bring=(ToBring.POLICE_REPORT, ToBring.IDENTITY_DOCUMENT),
        by=astrid,
    )
    waits = await deciding.its_id(house, case.wallet, ticket)
    await keeping_frozen.approve(house, ticket, waits, by=arne)

    kept = (await desk.see_ticket(house, ticket, sofia)).decision.kept
    assert kept is not None
    assert (kept.reason, kept.cannot_review) == ("signs-of-fraud", None)
    assert kept.to_bring == (ToBring.IDENTITY_DOCUMENT, ToBring.POLICE_REPORT)
    assert (await deciding.the_ticket(house, case.wallet, ticket)).stage is Stage.KEPT_FROZEN
    for one_of_the_two in (astrid, arne):
        with pytest.raises(OwnDecision):
            await keeping_frozen.review(house, ticket, keeps=True, by=one_of_the_two)
    await keeping_frozen.review(house, ticket, keeps=False, by=sofia)
    assert (await deciding.the_ticket(house, case.wallet, ticket)).stage is Stage.OPENED
    # The whole way is open again.
    await proving.proved(house, case.wallet, ticket, astrid)
    assert (await deciding.the_ticket(house, case.wallet, ticket)).stage is Stage.PROVED


async def test_a_drawn_release_is_looked_at_by_somebody_uninvolved(
    house: House, case: Case
) -> None:
    await deciding.every_release_is_drawn(house, case.wallet)
    astrid = await cast.an_agent(house, case.wallet, "astrid", 3)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)
    await approve(house, case, arne)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)

    (row,) = (await release_reviews.see(house, sofia)).rows
    assert (row.reference, row.cannot) == (case.reference, None)
    for involved in (astrid, arne):
        with pytest.raises(Involved):
            await release_reviews.find(
                house, case.ticket_id, row.review.id, Finding.IN_ORDER, "", by=involved
            )
    for nothing in ("", " \n\u200b"):
        with pytest.raises(WordsMissing):
            await release_reviews.find(
                house, case.ticket_id, row.review.id, Finding.NOT_IN_ORDER, nothing, by=sofia
            )
    (row,) = (await release_reviews.see(house, sofia)).rows
    assert row.review.finding is None
    await release_reviews.find(
        house, case.ticket_id, row.review.id, Finding.NOT_IN_ORDER, "no call back", by=sofia
    )
    (found,) = (await release_reviews.see(house, arne)).rows
    assert (found.review.finding, found.words) == (Finding.NOT_IN_ORDER, "no call back")
    assert found.reviewed_by == "Sofia"


# What one client froze --------------------------------------------------------------------------


async def test_a_client_s_freezes_are_undone_but_never_one_a_contact_joined(house: House) -> None:
    wallet = await cast.a_wallet(house)
    caller = await deciding.a_caller(house, wallet)
    case = await a_case(house, wallet, "olga")
    made = [await deciding.frozen_by(house, wallet, caller, name) for name in ("otto", "ole")]
    await deciding.frozen_by(house, wallet, caller, "olga")
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    bea = await cast.an_agent(house, wallet, "bea", 4)
    window = await deciding.the_window(house, caller)

    preview = await mistakes_seen.preview(house, window, by=sofia)
    assert preview.undone == 2
    why = {one.ticket_id: one.left_out for one in preview.freezes}
    assert why[case.ticket_id] is LeftOut.CONTACT_JOINED
    mistake_id = await deciding.mistake_proposed(house, caller, sofia)
    with pytest.raises(OwnProposal):
        await client_mistakes.approve(house, mistake_id, by=sofia)
    await client_mistakes.approve(house, mistake_id, by=bea)
    # Killed after the first account, it goes on with the second.
    mistake, members = await deciding.the_mistake(house, wallet, mistake_id)
    first = next(one for one in members if one.done_at is None)
    assert await mistakes_undone.undo(house, mistake, first)
    assert not await mistakes_undone.undo(house, mistake, first)
    assert not await mistakes_undone.finish(house, mistake)
    assert await mistakes_undone.carry_on(house) == 1

    mistake, _ = await deciding.the_mistake(house, wallet, mistake_id)
    assert mistake.status is MistakeStatus.DONE
    for one in made:
        stage = (await deciding.the_ticket(house, wallet, one.ticket_id)).stage
        assert stage is Stage.RELEASED
    assert (await deciding.the_ticket(house, wallet, case.ticket_id)).is_open
    seen = await mistakes_seen.see(house, mistake_id, by=bea)
    assert (seen.released, seen.waiting) == (2, 0)


async def test_a_contact_who_joins_after_the_preview_keeps_it_frozen(house: House) -> None:
    wallet = await cast.a_wallet(house)
    caller = await deciding.a_caller(house, wallet)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    await deciding.frozen_by(house, wallet, caller, cast.OLGA)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    bea = await cast.an_agent(house, wallet, "bea", 4)
    mistake_id = await deciding.mistake_proposed(house, caller, sofia)

    await cast.a_report(house, wallet, carl, link, LossKind.LOST)
    await client_mistakes.approve(house, mistake_id, by=bea)
    await mistakes_undone.carry_on(house)

    mistake, (member,) = await deciding.the_mistake(house, wallet, mistake_id)
    assert (mistake.status, member.left_out) == (MistakeStatus.DONE, LeftOut.CONTACT_JOINED)
    assert (await cast.the_account(house, wallet, account.id)).is_frozen


async def test_only_supervisors_of_the_wallet_see_it(house: House) -> None:
    wallet = await cast.a_wallet(house)
    caller = await deciding.a_caller(house, wallet)
    await deciding.frozen_by(house, wallet, caller, "otto")
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    window = await deciding.the_window(house, caller)
    mistake_id = await deciding.mistake_proposed(house, caller, sofia)

    with pytest.raises(LevelTooLow):
        await mistakes_seen.preview(house, window, by=arne)
    with pytest.raises(LevelTooLow):
        await client_mistakes.approve(house, mistake_id, by=arne)
    async with house.engine.connect() as db:
        with pytest.raises(NotFound):
            await load.client_mistake(db, (), mistake_id)


async def test_two_approvals_one_after_the_other_release_once(house: House, case: Case) -> None:
    astrid = await cast.an_agent(house, case.wallet, "astrid", 2)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)
    await tickets.approve_release(house, case.ticket_id, waits, by=arne)

    with pytest.raises(TicketClosed):
        await tickets.approve_release(house, case.ticket_id, waits, by=arne)


async def test_the_words_of_a_no_and_of_a_review_go_with_the_ticket_s(
    house: House, case: Case
) -> None:
    wallet = await deciding.every_release_is_drawn(house, case.wallet)
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    arne = await cast.an_agent(house, wallet, "arne", 3)
    sofia = await cast.an_agent(house, wallet, "sofia", 4)
    await proposed(house, case, astrid)
    first = await deciding.its_id(house, wallet, case.ticket_id)
    await tickets.reject_release(house, case.ticket_id, first, by=arne, words="call her sister")
    no = (await desk.see_ticket(house, case.ticket_id, astrid)).decision.rejected
    assert no is not None
    assert (no.by, no.words) == ("Arne", "call her sister")
    await tickets.propose_release(house, case.ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)
    await approve(house, case, arne)
    (row,) = (await release_reviews.see(house, sofia)).rows
    await release_reviews.find(
        house, case.ticket_id, row.review.id, Finding.NOT_IN_ORDER, "her sister", by=sofia
    )

    await purging.forget_ticket(house, wallet, case.ticket_id, case.account.id)

    async with house.engine.connect() as db:
        assert set(await db.scalars(select(proposals.c.reject_words))) == {None}
        assert set(await db.scalars(select(release_rows.c.words))) == {None}
