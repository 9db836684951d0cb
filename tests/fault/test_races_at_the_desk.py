"""Two agents at once on one ticket: one wins, the other is told."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.refusals import ChangedMeanwhile, Refused, TicketClosed, WrittenOften
from domain.tickets import BoostReason, CloseReason, OwnerReply
from service.operations import boosting, desk, desk_messages, handing_over, notes, unconfirmed
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.tables import accounts, outbox, ticket_messages, ticket_notes
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 2)


@pytest.fixture
async def arne(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "arne", 3)


async def all_of(*acts: Awaitable[Any]) -> list[object]:
    """Each one's end: its answer, or the refusal it raised."""
    ends = await asyncio.gather(*acts, return_exceptions=True)
    for end in ends:
        assert not isinstance(end, BaseException) or isinstance(end, Refused), end
    return list(ends)


async def test_of_two_agents_who_take_a_ticket_at_once_one_has_it(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    seen = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.row_version

    ends = await all_of(
        *(handing_over.take(house, case.ticket_id, by=by, seen=seen) for by in (astrid, arne))
    )

    assert [type(end) for end in ends if end is not None] == [ChangedMeanwhile]
    holder = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.assigned_to
    winner = (astrid, arne)[ends.index(None)]
    assert holder == winner.agent.id


async def test_a_ticket_is_not_handed_over_and_taken_at_the_same_time(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    seen = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.row_version

    ends = await all_of(
        handing_over.take(house, case.ticket_id, by=astrid, seen=seen),
        handing_over.hand_over(house, case.ticket_id, arne.agent.id, by=astrid, seen=seen),
    )

    assert [type(end) for end in ends if end is not None] == [ChangedMeanwhile]


async def test_two_who_move_it_up_from_one_page_move_it_up_once(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    seen = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.row_version
    reason = BoostReason.ATTACK_GOES_ON

    await all_of(
        *(
            boosting.boost(house, case.ticket_id, reason, by=by, seen=seen)
            for by in (astrid, arne, astrid)
        )
    )

    assert (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.boost == 1


async def test_a_note_and_the_end_of_its_ticket_at_once_leave_no_note_on_a_closed_one(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    async with house.engine.begin() as db:
        mine = ticket_rows.c.id == case.ticket_id
        hint = {"unconfirmed": True, "owner_reached_at": await cast.now(house)}
        await db.execute(update(ticket_rows).where(mine).values(**hint))
        unfrozen = {"state": "active", "frozen_at": None}
        await db.execute(update(accounts).values(**unfrozen))
    seen = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.row_version

    note, end = await all_of(
        notes.add(house, case.ticket_id, "still here?", key="one", by=astrid),
        unconfirmed.close(
            house, case.ticket_id, reason=CloseReason.NOTHING_LOST, by=arne, seen=seen
        ),
    )

    assert end is None
    async with house.engine.connect() as db:
        kept = (await db.execute(select(ticket_notes.c.noted_at))).all()
        closed_at = await db.scalar(select(ticket_rows.c.closed_at))
    if isinstance(note, TicketClosed):
        assert kept == []
    else:
        assert note is None
        assert closed_at is not None
        assert [row.noted_at <= closed_at for row in kept] == [True]


async def test_one_form_sent_many_times_at_once_is_one_note(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await all_of(
        *(notes.add(house, case.ticket_id, "once", key="one", by=astrid) for _ in range(6))
    )

    assert len((await desk.see_ticket(house, case.ticket_id, astrid)).work.notes) == 1


async def test_however_many_write_at_once_a_person_gets_three_messages_a_day(
    house: House, case: Case, astrid: SignedIn
) -> None:
    def write(key: str) -> Awaitable[None]:
        return desk_messages.write(
            house, case.ticket_id, None, OwnerReply.STILL_CHECKING, key=key, by=astrid
        )

    ends = await all_of(*(write(str(number)) for number in range(6)))

    assert [type(end) for end in ends if end is not None] == [WrittenOften] * 3
    async with house.engine.connect() as db:
        assert len((await db.execute(select(ticket_messages))).all()) == 3
        promised = select(outbox).where(outbox.c.event == "owner-written-to")
        assert len((await db.execute(promised)).all()) == 3
