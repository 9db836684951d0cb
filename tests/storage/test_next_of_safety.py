"""Owners who do not feel safe: "Next" serves them to trained agents; nobody else finds a trace."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from domain.ids import TicketId
from domain.refusals import NotFound
from domain.tickets import SkipReason
from domain.wallets import Wallet
from service.operations import browsers, desk, next_ticket, presence, safety
from service.operations.agents import SignedIn
from service.operations.clocks import look_at_tickets
from service.operations.house import House
from service.storage.queue import Asked, View
from service.storage.tables import agents as agents_table
from service.storage.tables import tickets
from tests import people as cast
from tests.desks import Case, a_case, a_safety_ticket, tickets_like

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
SAFETY: dict[str, Any] = {"kind": "safety", "assigned_to": None, "assigned_at": None}


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, wallet: Wallet) -> SignedIn:
    """Not trained, and of the highest level."""
    return await cast.an_agent(house, wallet, "astrid", 4)


@pytest.fixture
async def sofia(house: House, wallet: Wallet) -> SignedIn:
    return await trained(house, wallet, "sofia")


async def trained(house: House, wallet: Wallet, login: str) -> SignedIn:
    one = await cast.an_agent(house, wallet, login, 1)
    async with house.engine.begin() as db:
        hers = agents_table.c.id == one.agent.id
        await db.execute(update(agents_table).where(hers).values(trained_for_safety=True))
    return replace(one, agent=replace(one.agent, trained_for_safety=True))


async def rows(house: House, by: SignedIn, view: View) -> list[TicketId]:
    return [one.ticket_id for one in (await desk.see_queue(house, by, Asked(view=view))).rows]


def changed(ticket_id: TicketId, **values: Any) -> Any:
    return update(tickets).where(tickets.c.id == ticket_id).values(**values)


async def test_next_serves_both_kinds_in_one_order_to_whoever_is_trained(
    house: House, case: Case, sofia: SignedIn
) -> None:
    now = await cast.now(house)
    early, late = await tickets_like(
        house,
        case,
        SAFETY | {"first_attempt_until": now - MINUTE},
        SAFETY | {"first_attempt_until": now + timedelta(hours=1)},
    )

    assert await rows(house, sofia, View.NEXT) == [early, case.ticket_id, late]
    served: list[TicketId] = []
    for _ in range(3):
        ticket_id = await next_ticket.take(house, sofia)
        assert ticket_id is not None
        served.append(ticket_id)
        await next_ticket.skip(house, ticket_id, reason=SkipReason.NO_TIME, words="", by=sofia)
    assert served == [early, case.ticket_id, late]
    assert await next_ticket.take(house, sofia) is None


async def test_whoever_serves_no_losses_is_served_safety_tickets_alone(
    house: House, case: Case, sofia: SignedIn
) -> None:
    (ticket_id,) = await tickets_like(house, case, SAFETY)
    only = replace(sofia, agent=replace(sofia.agent, serves_losses=False))

    assert await next_ticket.take(house, only) == ticket_id
    assert await rows(house, only, View.MINE) == [ticket_id]
    assert await rows(house, only, View.OPEN) == []


async def test_to_an_agent_without_the_training_no_view_count_or_name_tells_of_one(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn
) -> None:
    async def all_of_it() -> Any:
        seen = {view: await desk.see_queue(house, astrid, Asked(view=view)) for view in View}
        untold = {"now": None, "snapshot": ""}
        return {
            view: replace(one, **untold) for view, one in seen.items() if view is not View.SAFETY
        }

    before = await all_of_it()
    # The most urgent of all, and on the account of a loss ticket that she sees.
    ticket_id = await a_safety_ticket(house, case)

    assert await next_ticket.take(house, sofia) == ticket_id
    await safety.add_note(house, ticket_id, "Spoke with her.", by=sofia)
    # Both sides: to her it is there.
    assert await rows(house, sofia, View.MINE) == [ticket_id]
    assert sofia.agent.id in (await desk.see_queue(house, sofia)).assignees
    assert await all_of_it() == before
    assert await rows(house, astrid, View.SAFETY) == []
    with pytest.raises(NotFound):
        await presence.say(house, ticket_id, astrid)
    with pytest.raises(NotFound):
        await next_ticket.skip(house, ticket_id, reason=SkipReason.NO_TIME, words="", by=astrid)
    assert await next_ticket.take(house, astrid) == case.ticket_id


async def test_what_is_done_on_it_stands_on_no_other_ticket_a_safety_ticket(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn
) -> None:
    await next_ticket.take(house, astrid)
    ticket_id = await a_safety_ticket(house, case)
    before = (await desk.see_ticket(house, case.ticket_id, astrid)).timeline
    assert await next_ticket.take(house, sofia) == ticket_id
    await next_ticket.skip(house, ticket_id, reason=SkipReason.NO_TIME, words="", by=sofia)

    (row,) = (await desk.see_queue(house, astrid)).rows
    assert row.last is not None
    assert row.last.by_name == "Astrid"
    assert (await desk.see_ticket(house, case.ticket_id, astrid)).timeline == before
    # Nor what the clock concludes about it: its own deadline runs out, and hers does not.
    async with house.engine.begin() as db:
        at = await cast.now(house) - MINUTE
        await db.execute(changed(case.ticket_id, attempted_at=at))
    await cast.move_clock(house, timedelta(minutes=16))
    assert await look_at_tickets(house) == 1
    after = (await desk.see_ticket(house, case.ticket_id, astrid)).timeline
    assert [one.event for one in after] == [one.event for one in before]
    # And on the safety ticket stands nothing of the loss.
    (row,) = (await desk.see_queue(house, sofia, Asked(view=View.SAFETY))).rows
    assert row.last is not None
    assert row.last.event in {"clock-breached", "ticket-level-raised"}


async def test_passed_over_it_is_served_to_another_who_is_trained_and_to_nobody_else(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn
) -> None:
    bea = await trained(house, case.wallet, "bea")
    assert await next_ticket.take(house, astrid) == case.ticket_id
    (ticket_id,) = await tickets_like(house, case, SAFETY)
    assert await next_ticket.take(house, sofia) == ticket_id
    assert await next_ticket.take(house, bea) is None
    await next_ticket.skip(house, ticket_id, reason=SkipReason.KNOWN_TO_ME, words="", by=sofia)

    assert await next_ticket.take(house, sofia) is None
    assert await rows(house, astrid, View.NEXT) == [case.ticket_id]
    assert await next_ticket.take(house, bea) == ticket_id


async def test_written_down_it_rests_for_half_an_hour_and_the_queue_goes_on(
    house: House, case: Case, sofia: SignedIn
) -> None:
    now = await cast.now(house)
    (ticket_id,) = await tickets_like(house, case, SAFETY | {"first_attempt_until": now - MINUTE})
    assert await next_ticket.take(house, sofia) == ticket_id
    assert await next_ticket.take(house, sofia) == ticket_id
    await safety.add_note(house, ticket_id, "She wants a call in the evening.", by=sofia)

    assert await next_ticket.take(house, sofia) == case.ticket_id
    assert set(await rows(house, sofia, View.MINE)) == {ticket_id, case.ticket_id}
    await cast.move_clock(house, 29 * MINUTE)
    assert await next_ticket.take(house, sofia) == case.ticket_id
    await cast.move_clock(house, MINUTE)
    assert await next_ticket.take(house, sofia) == ticket_id


async def test_when_its_agent_has_gone_another_who_is_trained_is_served_it(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn
) -> None:
    bea = await trained(house, case.wallet, "bea")
    assert await next_ticket.take(house, astrid) == case.ticket_id
    (ticket_id,) = await tickets_like(house, case, SAFETY)
    assert await next_ticket.take(house, sofia) == ticket_id
    await presence.leave(house, ticket_id, sofia)
    assert await next_ticket.take(house, bea) is None

    for one in (astrid, sofia):
        await browsers.end(house, one.session)

    assert await next_ticket.take(house, bea) == ticket_id
    # A loss stays whose it is: a supervisor sees it and hands it on.
    await next_ticket.skip(house, ticket_id, reason=SkipReason.NO_TIME, words="", by=bea)
    await presence.leave(house, case.ticket_id, astrid)
    assert await next_ticket.take(house, bea) is None
