"""The queue in the database: its order, its pages, its views, and who sees what of it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import insert, text

from domain.ids import TicketId
from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import desk, picking, presence, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.queue import Deadline, Queue
from service.security.tokens import new_id
from service.storage.queue import MOST_ON_A_PAGE, Asked, View
from service.storage.tables import agent_addresses
from tests import people as cast
from tests.clocks import stop_clock
from tests.desks import Case, a_case, proposed, tickets_like

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# In nothing different.
LIKE: dict[str, Any] = {}


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, wallet: Wallet) -> SignedIn:
    return await cast.an_agent(house, wallet, "astrid", 2)


async def seen(house: House, by: SignedIn, view: View = View.OPEN, **asked: Any) -> list[TicketId]:
    queue = await desk.see_queue(house, by, Asked(view=view, **asked))
    return [row.ticket_id for row in queue.rows]


async def test_breached_first_then_time_left_then_boost_then_age(
    house: House, case: Case, astrid: SignedIn
) -> None:
    now = await cast.now(house)
    later = now + 3 * HOUR
    old, young, boosted, late = await tickets_like(
        house,
        case,
        {"attempted_at": now, "decision_until": later, "opened_at": now - 2 * HOUR},
        {"attempted_at": now, "decision_until": later, "opened_at": now - HOUR},
        {"attempted_at": now, "decision_until": later, "opened_at": now, "boost": 3},
        {"first_attempt_until": now - MINUTE},
    )

    assert await seen(house, astrid) == [late, case.ticket_id, boosted, old, young]


async def test_pages_of_fifty_name_every_ticket_once_also_where_instants_are_equal(
    house: House, case: Case, astrid: SignedIn
) -> None:
    # All but the ids are the same: nothing else can tell where one page ends.
    made = await tickets_like(house, case, *[LIKE] * (2 * MOST_ON_A_PAGE))
    found: list[TicketId] = []
    after, pages = None, 0
    while after is not None or not pages:
        queue: Queue = await desk.see_queue(house, astrid, Asked(after=after))
        found += [row.ticket_id for row in queue.rows]
        after, pages = queue.after, pages + 1

    assert pages == 3
    assert len(found) == len(set(found)) == 2 * MOST_ON_A_PAGE + 1
    assert set(found) == {case.ticket_id, *made}


async def test_a_ticket_of_several_wallets_stands_in_one_order(
    house: House, case: Case, astrid: SignedIn
) -> None:
    sur = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    await cast.move_clock(house, MINUTE)
    other = await a_case(house, sur, "olga-2")
    both = replace(astrid, agent=replace(astrid.agent, wallets=(case.wallet.id, sur.id)))

    assert await seen(house, both) == [case.ticket_id, other.ticket_id]
    assert await seen(house, both, wallets=(sur.id,)) == [other.ticket_id]
    assert await seen(house, astrid) == [case.ticket_id]
    assert await seen(house, astrid, wallets=(sur.id,)) == []


async def test_each_view_holds_what_it_says(house: House, case: Case, astrid: SignedIn) -> None:
    now = await cast.now(house)
    calm = {"attempted_at": now, "owner_reached_at": now, "decision_until": now + 3 * HOUR}
    theirs = astrid.agent.id
    mine, paused, proposed_one, breaching, long_ago, just_not = await tickets_like(
        house,
        case,
        {**calm, "assigned_to": theirs},
        {**calm, "assigned_to": theirs, "paused_until": now + HOUR, "pause_reason": "owner"},
        {**calm, "stage": Stage.PROPOSED, "proposed_at": now},
        {**calm, "decision_until": now + 14 * MINUTE},
        {**calm, "opened_at": now - 25 * HOUR, "frozen_at": now - 25 * HOUR},
        {**calm, "decision_until": now + 16 * MINUTE, "frozen_at": now - 23 * HOUR},
    )
    (gone,) = await tickets_like(
        house, case, {**calm, "stage": Stage.RELEASED, "closed_at": now, "opened_at": now - HOUR}
    )
    first = case.ticket_id

    assert set(await seen(house, astrid, View.MINE)) == {mine, paused}
    assert set(await seen(house, astrid, View.UNASSIGNED)) == {
        *(first, proposed_one, breaching, long_ago, just_not),
    }
    assert set(await seen(house, astrid, View.WAITING)) == {first, paused}
    assert await seen(house, astrid, View.APPROVAL) == [proposed_one]
    assert set(await seen(house, astrid, View.BREACHING)) == {first, breaching}
    assert await seen(house, astrid, View.LONG) == [long_ago]
    assert await seen(house, astrid, View.CLOSED) == [gone]
    assert set(await seen(house, astrid, View.NEXT)) == {
        *(first, mine, breaching, long_ago, just_not),
    }
    assert gone not in await seen(house, astrid)
    queue = await desk.see_queue(house, astrid)
    assert queue.counts == {
        View.OPEN: 7,
        View.MINE: 2,
        View.UNASSIGNED: 5,
        View.WAITING: 2,
        View.APPROVAL: 1,
        View.BREACHING: 2,
        View.LONG: 1,
    }


async def test_counts_stop_at_a_hundred(house: House, case: Case, astrid: SignedIn) -> None:
    await tickets_like(house, case, *[LIKE] * 98)
    assert (await desk.see_queue(house, astrid)).counts[View.OPEN] == 99

    await tickets_like(house, case, *[LIKE] * 2)
    assert (await desk.see_queue(house, astrid)).counts[View.OPEN] == 100


async def test_closed_tickets_come_last_closed_first_page_by_page(
    house: House, case: Case, astrid: SignedIn
) -> None:
    now = await cast.now(house)
    closed = [
        {"stage": Stage.RELEASED, "closed_at": now + (number // 2) * MINUTE}
        for number in range(MOST_ON_A_PAGE + 10)
    ]
    made = await tickets_like(house, case, *closed)
    first = await desk.see_queue(house, astrid, Asked(view=View.CLOSED))
    second = await desk.see_queue(house, astrid, Asked(view=View.CLOSED, after=first.after))

    rows = [*first.rows, *second.rows]
    assert (len(first.rows), len(second.rows), second.after) == (MOST_ON_A_PAGE, 10, None)
    assert {row.ticket_id for row in rows} == set(made)
    ends = [row.closed_at for row in rows if row.closed_at is not None]
    assert ends == sorted(ends, reverse=True)


async def test_filters_narrow_a_view_and_combine(
    house: House, case: Case, astrid: SignedIn
) -> None:
    brazil, high, both = await tickets_like(
        house, case, {"language": "pt-BR"}, {"level": 3}, {"language": "pt-BR", "level": 3}
    )

    assert set(await seen(house, astrid, language="pt-BR")) == {brazil, both}
    assert set(await seen(house, astrid, level=3)) == {high, both}
    assert await seen(house, astrid, level=3, language="pt-BR") == [both]
    assert await seen(house, astrid, stage=Stage.PROVED) == []
    assert await seen(house, astrid, assigned_to=astrid.agent.id) == []


async def test_a_row_says_whose_it_is_who_looks_and_what_happened_last(
    house: House, case: Case, astrid: SignedIn
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await tickets.reach_owner(house, case.ticket_id, by=astrid)
    await stop_clock(house)
    await presence.say(house, case.ticket_id, arne)
    (row,) = (await desk.see_queue(house, astrid)).rows

    assert row.looking == ("Arne",)
    assert row.last is not None
    assert row.last.event == "owner-reached"
    assert row.deadline_for is Deadline.DECISION
    # Oneself is nobody else, and after 45 seconds nobody is there.
    assert (await desk.see_queue(house, arne)).rows[0].looking == ()
    await cast.move_clock(house, timedelta(seconds=44))
    assert (await desk.see_queue(house, astrid)).rows[0].looking == ("Arne",)
    await cast.move_clock(house, timedelta(seconds=1))
    assert (await desk.see_queue(house, astrid)).rows[0].looking == ()


async def test_a_proposal_may_be_decided_by_another_approver_and_not_by_whoever_made_it(
    house: House, case: Case
) -> None:
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    bea = await cast.an_agent(house, case.wallet, "bea", 2)
    await proposed(house, case, sofia)

    async def may(who: SignedIn) -> bool:
        (row,) = (await desk.see_queue(house, who, Asked(view=View.APPROVAL))).rows
        return row.may_decide

    assert [await may(who) for who in (sofia, arne, bea)] == [False, True, False]


async def test_where_an_approver_was_picked_it_is_theirs_and_others_see_for_whom_it_waits(
    house: House, case: Case
) -> None:
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    could = {
        name: await cast.an_agent(house, case.wallet, name, 3) for name in ("arne", "bea", "cora")
    }
    await proposed(house, case, sofia)

    async def turn() -> dict[str, tuple[bool, str | None]]:
        found: dict[str, tuple[bool, str | None]] = {}
        for name, who in {**could, "sofia": sofia}.items():
            (row,) = (await desk.see_queue(house, who, Asked(view=View.APPROVAL))).rows
            found[name] = (row.may_decide, row.waits_for)
        return found

    first = next(name for name, (may, _) in (await turn()).items() if may)
    others = (False, first.capitalize())
    nobody = dict.fromkeys((*could, "sofia"), (False, None))
    assert await turn() == dict.fromkeys(nobody, others) | {first: (True, None)}
    # Their time is over, and nobody else is picked yet: it is nobody's.
    await cast.move_clock(house, 15 * MINUTE)
    assert await turn() == nobody
    assert await picking.pick_again(house) == 1
    second = next(name for name, (may, _) in (await turn()).items() if may)
    assert second != first
    others = (False, second.capitalize())
    assert await turn() == dict.fromkeys(nobody, others) | {second: (True, None)}


async def test_an_agents_own_ticket_is_in_no_view_and_no_count(
    house: House, case: Case, astrid: SignedIn
) -> None:
    assert await seen(house, astrid) == [case.ticket_id]
    async with house.engine.begin() as db:
        index = await db.scalar(
            text("select address_index from account_addresses where account_id = :a limit 1"),
            {"a": case.account.id},
        )
        own = {"id": new_id(), "agent_id": astrid.agent.id, "wallet_id": case.wallet.id}
        await db.execute(
            insert(agent_addresses).values(
                **own, address_index=index, added_at=await cast.now(house)
            )
        )

    queue = await desk.see_queue(house, astrid)
    assert queue.rows == ()
    assert set(queue.counts.values()) == {0}


async def test_the_last_event_of_a_ticket_never_tells_that_an_owner_does_not_feel_safe(
    house: House, case: Case, astrid: SignedIn
) -> None:
    async with house.engine.begin() as db:
        at = await cast.now(house)
        await db.execute(
            text(
                "insert into journal (id, wallet_id, at, account_id, entry) values"
                " (gen_random_uuid(), :w, :at, :a, :entry)"
            ),
            {
                "w": case.wallet.id,
                "a": case.account.id,
                "at": at,
                "entry": '{"by":{"kind":"owner"},"what":{"event":"safety-asked"}}',
            },
        )
    (row,) = (await desk.see_queue(house, astrid)).rows

    assert row.last is not None
    assert row.last.event != "safety-asked"
