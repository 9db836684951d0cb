"""A safety ticket is handed over: wholly or not at all, and to one of two who press at once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import create_async_engine

from domain.ids import TicketId
from domain.refusals import CannotTakeTicket, ChangedMeanwhile
from domain.wallets import Wallet
from service.operations import agents_by_hand, safety
from service.operations.agents import SignedIn
from service.operations.agents_by_hand import Changes
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.tables import agents, safety_notes, tickets
from tests import people as cast
from tests.desks import a_case, a_safety_ticket
from tests.fault.power_cuts import everything_or_nothing

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in a web process: several connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=12, max_overflow=0, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def ticket_id(house: House, wallet: Wallet) -> TicketId:
    return await a_safety_ticket(house, await a_case(house, wallet))


@pytest.fixture
async def sofia(house: House, wallet: Wallet) -> SignedIn:
    return await trained(house, wallet, "sofia")


@pytest.fixture
async def bea(house: House, wallet: Wallet) -> SignedIn:
    return await trained(house, wallet, "bea")


async def trained(house: House, wallet: Wallet, login: str) -> SignedIn:
    one = await cast.an_agent(house, wallet, login, 1)
    async with house.engine.begin() as db:
        theirs = update(agents).where(agents.c.login == login)
        await db.execute(theirs.values(trained_for_safety=True))
    return replace(one, agent=replace(one.agent, trained_for_safety=True))


async def stored(house: House, ticket_id: TicketId) -> Any:
    async with house.engine.connect() as db:
        this = select(tickets.c.assigned_to, tickets.c.row_version)
        return (await db.execute(this.where(tickets.c.id == ticket_id))).one()


async def how_many_notes(house: House) -> int:
    async with house.engine.connect() as db:
        return len((await db.execute(select(safety_notes.c.id))).all())


async def test_it_is_handed_over_with_its_note_wholly_or_not_at_all(
    house: House, ticket_id: TicketId, sofia: SignedIn, bea: SignedIn
) -> None:
    seen = (await stored(house, ticket_id)).row_version

    await everything_or_nothing(
        house,
        lambda: safety.hand_over(
            house, ticket_id, bea.agent.id, note="call after six", by=sofia, seen=seen
        ),
    )

    assert (await stored(house, ticket_id)).assigned_to == bea.agent.id
    assert await how_many_notes(house) == 1


async def test_of_two_who_hand_it_over_at_once_one_does_and_the_other_is_told(
    house: House, wallet: Wallet, ticket_id: TicketId, sofia: SignedIn, bea: SignedIn
) -> None:
    dora = await trained(house, wallet, "dora")
    seen = (await stored(house, ticket_id)).row_version

    ends = await asyncio.gather(
        *(
            safety.hand_over(house, ticket_id, to.agent.id, note="hers now", by=by, seen=seen)
            for by, to in ((sofia, bea), (bea, dora))
        ),
        return_exceptions=True,
    )

    assert [type(end) for end in ends if end is not None] == [ChangedMeanwhile]
    winner = bea if ends[0] is None else dora
    assert (await stored(house, ticket_id)).assigned_to == winner.agent.id
    assert await how_many_notes(house) == 1


async def test_whose_training_is_being_taken_away_does_not_get_it(
    house: House, ticket_id: TicketId, sofia: SignedIn, bea: SignedIn
) -> None:
    """The act waits until it is known, and reads what is so then."""
    seen = (await stored(house, ticket_id)).row_version
    async with house.engine.connect() as db:
        theirs = update(agents).where(agents.c.id == bea.agent.id)
        await db.execute(theirs.values(trained_for_safety=False))
        handing = asyncio.create_task(
            safety.hand_over(house, ticket_id, bea.agent.id, by=sofia, seen=seen)
        )
        await asyncio.wait([handing], timeout=0.5)
        assert not handing.done()
        await db.commit()

    with pytest.raises(CannotTakeTicket):
        await handing
    assert (await stored(house, ticket_id)).assigned_to is None
    # And the other way round: who has it by then is passed over for it ("Next" serves it on).
    await agents_by_hand.change(house, "bea", Changes(trained_for_safety=True))
    await safety.hand_over(house, ticket_id, bea.agent.id, by=sofia, seen=seen)
    assert (await stored(house, ticket_id)).assigned_to == bea.agent.id
