"""A safety ticket goes from one trained agent to another; closed, those who saw it find it."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import func, select, update

from domain.access import Role
from domain.ids import AgentId, TicketId
from domain.refusals import CannotTakeTicket, ChangedMeanwhile, LevelTooLow, NotFound, TicketClosed
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import agents, desk, handing_over, next_ticket, presence, safety
from service.operations.agents import SignedIn
from service.operations.agents_by_hand import Changes, change
from service.operations.house import House
from service.operations.journal import seal_journal
from service.operations.journal_page import Sought, see_journal
from service.storage import load
from service.storage.queue import Asked, View
from service.storage.tables import agents as agents_table
from service.storage.tables import deliveries
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests.desks import Case, a_case, a_safety_ticket, an_agent, tickets_like

pytestmark = pytest.mark.anyio
SUR = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
WORDS = "She wants to be called after six."


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


@pytest.fixture
async def bea(house: House, wallet: Wallet) -> SignedIn:
    return await trained(house, wallet, "bea")


async def trained(
    house: House, wallet: Wallet, login: str, *, own: tuple[str, ...] = (), role: Role = Role.AGENT
) -> SignedIn:
    found = await an_agent(house, wallet, login, level=1, own=own, role=role)
    async with house.engine.begin() as db:
        theirs = agents_table.c.login == login
        await db.execute(update(agents_table).where(theirs).values(trained_for_safety=True))
    opened = await agents.sign_in(
        house, login=login, password=cast.PASSWORD, code=await found.code()
    )
    return await agents.signed_in(house, opened.cookie)


async def the_ticket(house: House, wallet: Wallet, ticket_id: TicketId) -> Ticket:
    async with house.engine.connect() as db:
        return await load.ticket(db, wallet.id, ticket_id)


async def handed(
    house: House, ticket_id: TicketId, to: AgentId | None, by: SignedIn, note: str = ""
) -> None:
    """By a page that is as new as can be."""
    async with house.engine.connect() as db:
        this = ticket_rows.c.id == ticket_id
        seen = await db.scalar(select(ticket_rows.c.row_version).where(this)) or 0
    await safety.hand_over(house, ticket_id, to, note=note, by=by, seen=seen)


async def rows(house: House, by: SignedIn, view: View) -> list[TicketId]:
    return [one.ticket_id for one in (await desk.see_queue(house, by, Asked(view=view))).rows]


async def test_it_is_handed_to_a_colleague_with_a_note_and_back_to_the_queue(
    house: House, case: Case, sofia: SignedIn, bea: SignedIn
) -> None:
    ticket_id = await a_safety_ticket(house, case)
    assert await next_ticket.take(house, sofia) == ticket_id
    seen = await safety.see(house, ticket_id, by=sofia)
    assert (seen.is_mine, seen.assigned_to) == (True, "Sofia")
    assert [(one.name, one.on_shift) for one in seen.colleagues] == [("Bea", True)]

    await handed(house, ticket_id, bea.agent.id, sofia, WORDS)

    seen = await safety.see(house, ticket_id, by=bea)
    assert (seen.is_mine, seen.assigned_to) == (True, "Bea")
    assert [(one.words, one.noted_by) for one in seen.notes] == [(WORDS, "Sofia")]
    assert await rows(house, bea, View.MINE) == [ticket_id]
    # It is served to nobody else now.
    assert await rows(house, sofia, View.NEXT) == [case.ticket_id]
    await presence.leave(house, ticket_id, sofia)
    assert await next_ticket.take(house, bea) == ticket_id

    await handed(house, ticket_id, None, bea)
    await presence.leave(house, ticket_id, bea)

    assert (await the_ticket(house, case.wallet, ticket_id)).assigned_to is None
    assert ticket_id in await rows(house, sofia, View.NEXT)


async def test_only_whoever_may_see_this_very_ticket_is_offered_it_and_gets_it(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn, bea: SignedIn
) -> None:
    ticket_id = await a_safety_ticket(house, case)
    other = await cast.a_wallet(house, SUR)
    await trained(house, case.wallet, "olga", own=("olga-1@correo.example",))
    await trained(house, case.wallet, "carl", own=("carl@correo.example",))
    await trained(house, case.wallet, "otto", role=Role.OFFICER)
    await trained(house, other, "sam")
    names = [one.name for one in (await safety.see(house, ticket_id, by=sofia)).colleagues]
    assert names == ["Bea"]
    async with house.engine.connect() as db:
        everyone = {one.login: one.id for one in await load.every_agent(db)}

    said: set[tuple[type, tuple[object, ...]]] = set()
    for login in ("astrid", "olga", "carl", "otto", "sam"):
        with pytest.raises(CannotTakeTicket) as refused:
            await handed(house, ticket_id, everyone[login], sofia, WORDS)
        said.add((refused.type, refused.value.args))
    # An id of nobody says the same.
    with pytest.raises(CannotTakeTicket) as nobody:
        await handed(house, ticket_id, AgentId(case.account.id), sofia, WORDS)
    assert said == {(nobody.type, nobody.value.args)}
    seen = await safety.see(house, ticket_id, by=sofia)
    assert (seen.assigned_to, seen.notes) == ("", ())
    assert astrid.agent.id == everyone["astrid"]
    await handed(house, ticket_id, bea.agent.id, sofia)
    assert (await safety.see(house, ticket_id, by=sofia)).assigned_to == "Bea"


async def test_whoever_is_not_trained_can_hand_over_nothing_and_learns_nothing(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn, bea: SignedIn
) -> None:
    async def all_that_she_sees() -> Any:
        views = [view for view in View if view is not View.SAFETY]
        seen = [await desk.see_queue(house, astrid, Asked(view=view)) for view in views]
        ticket = await desk.see_ticket(house, case.ticket_id, astrid)
        return (
            [replace(one, now=None, snapshot="") for one in seen],
            (ticket.timeline, ticket.work, ticket.ticket),
        )

    async def told() -> int:
        async with house.engine.connect() as db:
            return await db.scalar(select(func.count()).select_from(deliveries)) or 0

    ticket_id = await a_safety_ticket(house, case)
    before, told_before = await all_that_she_sees(), await told()

    await handed(house, ticket_id, bea.agent.id, sofia, WORDS)

    assert await all_that_she_sees() == before
    assert await told() == told_before
    for to in (bea.agent.id, astrid.agent.id, None, AgentId(case.account.id)):
        with pytest.raises(NotFound):
            await safety.hand_over(house, ticket_id, to, note=WORDS, by=astrid, seen=1)
        # Nor does what is done about a loss take hold of it, for whoever is trained neither.
        for one in (astrid, sofia):
            with pytest.raises(NotFound):
                await handing_over.hand_over(house, ticket_id, to, by=one, seen=1)
    await seal_journal(house)
    record = await see_journal(house, Sought(event="ticket-handed-over"), astrid)
    assert record.entries == ()
    assert (await the_ticket(house, case.wallet, ticket_id)).assigned_to == bea.agent.id
    # Both sides: to whoever is trained for it the record shows it.
    supervisor = replace(astrid, agent=replace(astrid.agent, trained_for_safety=True))
    (line,) = (await see_journal(house, Sought(event="ticket-handed-over"), supervisor)).entries
    assert line.line is not None


async def test_an_older_page_an_auditor_and_a_closed_ticket_are_refused(
    house: House, case: Case, sofia: SignedIn, bea: SignedIn
) -> None:
    ticket_id = await a_safety_ticket(house, case)
    old = (await the_ticket(house, case.wallet, ticket_id)).row_version
    await handed(house, ticket_id, sofia.agent.id, bea)
    with pytest.raises(ChangedMeanwhile):
        await safety.hand_over(house, ticket_id, bea.agent.id, note=WORDS, by=bea, seen=old)
    auditor = replace(sofia, agent=replace(sofia.agent, role=Role.AUDITOR))
    with pytest.raises(LevelTooLow):
        await handed(house, ticket_id, None, auditor, WORDS)
    assert (await safety.see(house, ticket_id, by=auditor)).colleagues == ()
    await safety.close(house, ticket_id, by=sofia)

    with pytest.raises(TicketClosed):
        await handed(house, ticket_id, bea.agent.id, sofia, WORDS)
    seen = await safety.see(house, ticket_id, by=sofia)
    assert (seen.notes, seen.colleagues, seen.cannot_hand_over) == ((), (), "ticket-closed")


async def test_whose_training_was_taken_away_does_not_hold_it_back_from_the_others(
    house: House, case: Case, sofia: SignedIn, bea: SignedIn
) -> None:
    ticket_id = await a_safety_ticket(house, case)
    await handed(house, ticket_id, sofia.agent.id, bea)
    assert ticket_id not in await rows(house, bea, View.NEXT)

    await change(house, "sofia", Changes(trained_for_safety=False))

    assert ticket_id in await rows(house, bea, View.NEXT)
    with pytest.raises(CannotTakeTicket):
        await handed(house, ticket_id, sofia.agent.id, bea)


# Closed ------------------------------------------------------------------------------------------


async def test_closed_it_is_found_by_those_who_would_see_it_open_and_by_nobody_else(
    house: House, case: Case, astrid: SignedIn, sofia: SignedIn
) -> None:
    now = await cast.now(house)
    (loss,) = await tickets_like(
        house, case, {"stage": "released", "closed_at": now - timedelta(hours=1)}
    )
    only = replace(sofia, agent=replace(sofia.agent, serves_losses=False))
    olga = await trained(house, case.wallet, "olga", own=("olga-1@correo.example",))
    foreign = await trained(house, await cast.a_wallet(house, SUR), "sam")

    async def all_that_she_sees() -> Any:
        seen = [await desk.see_queue(house, astrid, Asked(view=view)) for view in View]
        return [replace(one, now=None, snapshot="") for one in seen]

    before = await all_that_she_sees()
    ticket_id = await a_safety_ticket(house, case)
    await safety.close(house, ticket_id, by=sofia)

    assert await rows(house, sofia, View.CLOSED) == [ticket_id, loss]
    assert await rows(house, only, View.CLOSED) == [ticket_id]
    assert await rows(house, sofia, View.SAFETY) == []
    assert ticket_id not in await rows(house, olga, View.CLOSED)
    assert await rows(house, foreign, View.CLOSED) == []
    assert await all_that_she_sees() == before
    assert await rows(house, astrid, View.CLOSED) == [loss]
    # What was done on it is said beside it, and the page with its notes opens.
    row = (await desk.see_queue(house, sofia, Asked(view=View.CLOSED))).rows[0]
    assert row.last is not None
    assert row.last.event == "safety-ticket-closed"
    assert not (await safety.see(house, ticket_id, by=sofia)).ticket.is_open


async def test_closed_ones_of_both_kinds_come_page_by_page_in_one_order(
    house: House, case: Case, sofia: SignedIn
) -> None:
    now = await cast.now(house)
    made = await tickets_like(
        house,
        case,
        *(
            {
                "kind": "safety" if number % 3 == 0 else "loss",
                "stage": "closed" if number % 3 == 0 else "released",
                "closed_at": now - timedelta(minutes=number // 2),
            }
            for number in range(60)
        ),
    )

    first = await desk.see_queue(house, sofia, Asked(view=View.CLOSED))
    second = await desk.see_queue(house, sofia, Asked(view=View.CLOSED, after=first.after))

    found = [*first.rows, *second.rows]
    assert (len(first.rows), len(second.rows), second.after) == (50, 10, None)
    assert {one.ticket_id for one in found} == set(made)
    ends = [one.closed_at for one in found if one.closed_at is not None]
    assert ends == sorted(ends, reverse=True)
    assert View.CLOSED not in first.counts
    async with house.engine.connect() as db:
        closed = ticket_rows.c.closed_at.isnot(None)
        assert await db.scalar(select(func.count()).where(closed)) == 60
