"""An account that is to stay frozen: decided by two under the same clock, picks and bells as a
release, and worked on again in the wallet's own hours."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import update

from domain import tickets as rules
from domain.access import Role
from domain.on_call import RingWhy
from domain.policy import Policy
from domain.refusals import (
    ChangedMeanwhile,
    LevelTooLow,
    NothingPending,
    NotPicked,
    OwnProposal,
    Refused,
)
from domain.tickets import CheckAnswer, Clock, PauseReason, ProposalStatus, Stage, Ticket
from service.operations import agents, clocks, desk, keeping_frozen, pausing, picking, queue
from service.operations import tickets as ticket_acts
from service.operations.agents import SignedIn
from service.operations.handing_over import hand_over
from service.operations.house import House
from service.storage import load
from service.storage.queue import Asked, View
from service.storage.tables import agents as agent_rows
from tests import deciding, desks, proving
from tests import people as cast
from tests.clocks import at_half_past
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
QUARTER = timedelta(minutes=15)
HOUR = timedelta(hours=1)
A_SECOND = timedelta(seconds=1)


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 3)


async def the_ticket(house: House, case: Case) -> Ticket:
    return await deciding.the_ticket(house, case.wallet, case.ticket_id)


async def says_every_deadline(house: House, case: Case) -> bool:
    """What was written down leads to what runs."""
    ticket = await the_ticket(house, case)
    async with house.engine.connect() as db:
        events = await load.clock_events_of(db, case.wallet.id, case.ticket_id)
    return rules.recompute(ticket, events) == rules.running(ticket)


async def proposed(house: House, case: Case, by: SignedIn) -> rules.Proposal:
    return await deciding.keeping_proposed(house, case.wallet, case.ticket_id, by)


async def approved(house: House, case: Case, by: SignedIn) -> None:
    waits = await deciding.its_id(house, case.wallet, case.ticket_id)
    await keeping_frozen.approve(house, case.ticket_id, waits, by=by)


# Its clock, its bell ----------------------------------------------------------------------------


@pytest.mark.usefixtures("clock_stands")
async def test_it_waits_a_quarter_of_an_hour_and_then_the_list_is_rung(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await ticket_acts.reach_owner(house, case.ticket_id, by=astrid)
    waits = await proposed(house, case, astrid)
    assert rules.running(await the_ticket(house, case))[Clock.APPROVAL] == (
        waits.proposed_at + QUARTER
    )

    await cast.move_clock(house, waits.proposed_at + QUARTER - A_SECOND - await cast.now(house))
    await clocks.keep_clocks(house)
    assert (await desk.see_ticket(house, case.ticket_id, astrid)).clocks.rings == ()
    await cast.move_clock(house, 2 * A_SECOND)
    await clocks.keep_clocks(house)

    (ring,) = (await desk.see_ticket(house, case.ticket_id, astrid)).clocks.rings
    assert ring.why is RingWhy.NO_APPROVER
    assert (await the_ticket(house, case)).level == 2
    assert await says_every_deadline(house, case)
    # Decided, nobody is woken any more.
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await approved(house, case, arne)
    assert (await desk.see_ticket(house, case.ticket_id, astrid)).clocks.rings == ()
    await cast.move_clock(house, HOUR)
    await clocks.keep_clocks(house)
    async with house.engine.connect() as db:
        assert await load.open_rings_of(db, case.wallet.id, case.ticket_id) == ()
    assert await says_every_deadline(house, case)


async def test_the_queue_and_the_ticket_show_it_as_they_show_a_release(
    house: House, case: Case, astrid: SignedIn
) -> None:
    waits = await proposed(house, case, astrid)

    page = await desk.see_ticket(house, case.ticket_id, astrid)
    assert waits.proposed_at + QUARTER in {one.until for one in page.clocks.running}
    assert Clock.APPROVAL in {one.kind for one in page.clocks.running}
    (row,) = (await queue.see_queue(house, astrid, Asked(view=View.APPROVAL))).rows
    assert (row.ticket_id, row.stage) == (case.ticket_id, Stage.PROPOSED)


async def test_who_was_picked_and_does_not_answer_is_passed_over(
    house: House, case: Case, astrid: SignedIn
) -> None:
    others = {
        name: await cast.an_agent(house, case.wallet, name, 3) for name in ("arne", "bea", "dan")
    }
    first = await proposed(house, case, astrid)
    (picked,) = [one for one in others.values() if one.agent.id == first.approver_id]
    for one in others.values():
        if one is not picked:
            with pytest.raises(NotPicked):
                await approved(house, case, one)

    await cast.move_clock(house, QUARTER)
    with pytest.raises(NotPicked):
        await approved(house, case, picked)
    assert await picking.pick_again(house) == 1

    second = await deciding.what_waits(house, case.wallet, case.ticket_id)
    assert second.approver_id not in {first.approver_id, astrid.agent.id}
    (next_one,) = [one for one in others.values() if one.agent.id == second.approver_id]
    await approved(house, case, next_one)
    assert (await the_ticket(house, case)).stage is Stage.KEPT_FROZEN


# Never by one person ----------------------------------------------------------------------------


async def _reassigned(house: House, case: Case, by: SignedIn) -> SignedIn:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    ticket = await the_ticket(house, case)
    await hand_over(house, case.ticket_id, arne.agent.id, by=by, seen=ticket.row_version)
    return by


async def _made_officer(house: House, case: Case, by: SignedIn) -> SignedIn:
    async with house.engine.begin() as db:
        theirs = agent_rows.c.id == by.agent.id
        await db.execute(update(agent_rows).where(theirs).values(role=Role.OFFICER.value))
        return replace(by, agent=await load.agent_held(db, by.agent.id))


async def _raised(house: House, case: Case, by: SignedIn) -> SignedIn:
    await deciding.is_demoted(house, by, level=4)
    return by


@pytest.mark.parametrize("way", [_reassigned, _made_officer, _raised])
async def test_whoever_proposed_it_does_not_decide_it_by_any_way(
    house: House,
    case: Case,
    astrid: SignedIn,
    way: Callable[[House, Case, SignedIn], Awaitable[SignedIn]],
) -> None:
    waits = await proposed(house, case, astrid)

    again = await way(house, case, astrid)

    with pytest.raises(OwnProposal):
        await keeping_frozen.approve(house, case.ticket_id, waits.id, by=again)
    with pytest.raises(OwnProposal):
        await ticket_acts.reject_release(house, case.ticket_id, waits.id, by=again)
    assert (await deciding.what_waits(house, case.wallet, case.ticket_id)).is_pending


async def test_two_sign_ins_of_one_agent_are_one_person(house: House, case: Case) -> None:
    bea = await desks.an_agent(house, case.wallet, "bea", level=4)

    async def signed_in() -> SignedIn:
        opened = await agents.sign_in(
            house, login="bea", password=cast.PASSWORD, code=await bea.new_code()
        )
        return await agents.signed_in(house, opened.cookie)

    one, other = await signed_in(), await signed_in()
    assert one.session.id != other.session.id
    await proposed(house, case, one)

    with pytest.raises(OwnProposal):
        await approved(house, case, other)


async def test_a_level_that_was_lowered_meanwhile_counts_as_it_is_now(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)

    # `arne` is what his page was made with.
    await deciding.is_demoted(house, arne, level=2)

    with pytest.raises(LevelTooLow):
        await approved(house, case, arne)
    assert (await the_ticket(house, case)).stage is Stage.PROPOSED


async def test_an_officer_decides_what_an_agent_proposed_and_proposes_nothing(
    house: House, case: Case, astrid: SignedIn
) -> None:
    omar = await _made_officer(house, case, await cast.an_agent(house, case.wallet, "omar", 3))

    with pytest.raises(LevelTooLow):
        await proposed(house, case, omar)
    await proposed(house, case, astrid)
    await approved(house, case, omar)

    assert (await the_ticket(house, case)).stage is Stage.KEPT_FROZEN


# The evidence it was proposed on ----------------------------------------------------------------


async def _a_proof(house: House, case: Case, by: SignedIn) -> None:
    await proving.reproved(house, case.wallet, case.ticket_id)


async def _a_young_card(house: House, case: Case, by: SignedIn) -> None:
    """It counts for nothing, and whoever decides has to know of it."""
    await proving.card_used(house, case.wallet, case.ticket_id, made_before=HOUR)


async def _an_answer(house: House, case: Case, by: SignedIn) -> None:
    await proving.looked_through(house, case.wallet, case.ticket_id, by, CheckAnswer.NOT_BACK)


@pytest.mark.parametrize("change", [_a_proof, _a_young_card, _an_answer])
async def test_what_was_proposed_on_other_evidence_is_void(
    house: House,
    case: Case,
    astrid: SignedIn,
    change: Callable[[House, Case, SignedIn], Awaitable[None]],
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    waits = await proposed(house, case, astrid)

    await change(house, case, astrid)

    with pytest.raises(NothingPending):
        await keeping_frozen.approve(house, case.ticket_id, waits.id, by=arne)
    ticket = await the_ticket(house, case)
    assert ticket.stage is not Stage.PROPOSED
    assert Clock.APPROVAL not in rules.running(ticket)
    async with house.engine.connect() as db:
        voided = await load.last_proposal(
            db, case.wallet.id, case.ticket_id, ProposalStatus.VOID, waits.kind
        )
    assert voided is not None
    assert voided.id == waits.id
    assert await says_every_deadline(house, case)


async def test_nobody_decides_on_a_page_older_than_what_joined_since(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    waits = await proposed(house, case, astrid)
    seen = (await the_ticket(house, case)).row_version
    await cast.a_report(house, case.wallet, case.cleo, case.cleos_link)

    with pytest.raises(ChangedMeanwhile):
        await keeping_frozen.approve(house, case.ticket_id, waits.id, by=arne, seen=seen)
    with pytest.raises(Refused):
        await keeping_frozen.approve(house, case.ticket_id, waits.id, by=astrid)
    await approved(house, case, arne)


# Worked on again --------------------------------------------------------------------------------


async def a_shut_desk(house: House) -> Case:
    """It opens in six hours, by the wallet's own clock, and for six."""
    await at_half_past(house)
    zone, now = ZoneInfo(cast.NORTE.time_zone), await cast.now(house)
    told: dict[str, Any] = {
        "days": [1, 2, 3, 4, 5, 6, 7],
        "opens": f"{(now + 6 * HOUR).astimezone(zone):%H}:00",
        "shuts": f"{(now + 12 * HOUR).astimezone(zone):%H}:00",
    }
    policy = msgspec.convert({"tickets": {"release_hours": [told]}}, Policy)
    return await a_case(house, await cast.a_wallet(house, replace(cast.NORTE, policy=policy)))


async def _sent_back(house: House, case: Case, astrid: SignedIn) -> None:
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    await keeping_frozen.review(house, case.ticket_id, keeps=False, by=sofia)


async def _proved_after_all(house: House, case: Case, astrid: SignedIn) -> None:
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
    await proving.reproved(house, case.wallet, case.ticket_id)


async def _card_after_all(house: House, case: Case, astrid: SignedIn) -> None:
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)
    await proving.card_used(house, case.wallet, case.ticket_id)


async def _code_after_all(house: House, case: Case, astrid: SignedIn) -> None:
    await proving.reproved(house, case.wallet, case.ticket_id)
    await proving.code_entered(house, case.wallet, case.ticket_id, astrid)


@pytest.mark.parametrize("back", [_sent_back, _proved_after_all, _card_after_all, _code_after_all])
async def test_worked_on_again_while_the_desk_is_shut_its_time_begins_when_it_opens(
    house: House, back: Callable[[House, Case, SignedIn], Awaitable[None]]
) -> None:
    case = await a_shut_desk(house)
    astrid = await cast.an_agent(house, case.wallet, "astrid", 3)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await proposed(house, case, astrid)
    await approved(house, case, arne)
    # The same hour three days later: shut, and what was promised at the opening is long over.
    await cast.move_clock(house, timedelta(days=3))

    await back(house, case, astrid)

    ticket = await the_ticket(house, case)
    assert ticket.kept_frozen_at is None
    now = await cast.now(house)
    # Five hours at least until it opens, and four hours of open time.
    assert now + 9 * HOUR <= ticket.decision_until <= now + 10 * HOUR
    assert await says_every_deadline(house, case)


async def test_a_wait_ends_with_the_decision_and_none_of_its_rest_is_counted(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    ticket = case.ticket_id
    await pausing.pause(house, ticket, reason=PauseReason.OWNER, lasts=12 * HOUR, by=astrid)
    await proposed(house, case, astrid)
    await cast.move_clock(house, HOUR)

    await approved(house, case, arne)

    assert (await the_ticket(house, case)).paused_until is None
    assert await says_every_deadline(house, case)
    await keeping_frozen.review(house, ticket, keeps=False, by=sofia)
    now = await cast.now(house)
    assert now + 3 * HOUR < (await the_ticket(house, case)).decision_until <= now + 4 * HOUR
    assert await says_every_deadline(house, case)
