"""What "Next" serves, and to whom; what passing over leaves; two who ask at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.access import Role
from domain.ids import TicketId
from domain.refusals import LevelTooLow, NotFound, WordsMissing
from domain.tickets import SkipReason, Stage
from domain.wallets import Wallet
from service.operations import desk, next_ticket, presence
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage import forgetting, load
from service.storage.queue import Asked, View
from service.storage.tables import journal, presences, skips
from tests import people as cast
from tests.desks import Case, a_case, tickets_like

pytestmark = pytest.mark.anyio
MINUTE = timedelta(minutes=1)
LIKE: dict[str, Any] = {}


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
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, wallet: Wallet) -> SignedIn:
    return await cast.an_agent(house, wallet, "astrid", 2)


@pytest.fixture
async def arne(house: House, wallet: Wallet) -> SignedIn:
    return await cast.an_agent(house, wallet, "arne", 3)


async def of_agent(house: House, case: Case, ticket_id: TicketId | None) -> Any:
    assert ticket_id is not None
    async with house.engine.connect() as db:
        return (await load.ticket(db, case.wallet.id, ticket_id)).assigned_to


async def test_next_assigns_the_most_urgent_and_is_seen_to_look_at_it(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    now = await cast.now(house)
    (urgent,) = await tickets_like(house, case, {"first_attempt_until": now - MINUTE})

    assert await next_ticket.take(house, astrid) == urgent
    assert await of_agent(house, case, urgent) == astrid.agent.id
    rows = {row.ticket_id: row for row in (await desk.see_queue(house, arne)).rows}
    assert (rows[urgent].assigned_to, rows[urgent].looking) == ("Astrid", ("Astrid",))
    async with house.engine.connect() as db:
        entries = (await db.scalars(select(journal.c.entry))).all()
    assert sum("ticket-assigned" in entry for entry in entries) == 1
    # It is hers until she is done with it or passes it over.
    assert await next_ticket.take(house, astrid) == urgent
    assert await next_ticket.take(house, arne) == case.ticket_id


@pytest.mark.parametrize("many", [1, 2, 6])
async def test_agents_who_ask_at_the_same_time_are_served_as_many_tickets(
    house: House, case: Case, many: int
) -> None:
    await tickets_like(house, case, *[LIKE] * (many - 1))
    who = [await cast.an_agent(house, case.wallet, f"agent-{n}", 2) for n in range(6)]

    served = await asyncio.gather(*(next_ticket.take(house, one) for one in who))

    found = [one for one in served if one is not None]
    assert len(found) == len(set(found))
    # One of them may come away with nothing while another holds the last: never two with the same.
    assert 1 <= len(found) <= many
    assert len(found) == many or many < len(who)


async def test_nothing_left_is_said_and_changes_nothing(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    assert await next_ticket.take(house, arne) == case.ticket_id

    assert await next_ticket.take(house, astrid) is None


@pytest.mark.parametrize(
    "differs",
    [
        {"paused_until": timedelta(hours=1), "pause_reason": "carrier"},
        {"stage": Stage.PROPOSED},
        {"language": "pt-BR"},
        {"closed_at": timedelta(0), "stage": Stage.RELEASED},
    ],
)
async def test_next_serves_nothing_that_waits_is_decided_or_cannot_be_spoken_about(
    house: House, case: Case, astrid: SignedIn, differs: dict[str, Any]
) -> None:
    now = await cast.now(house)
    said = {k: now + v if isinstance(v, timedelta) else v for k, v in differs.items()}
    await tickets_like(house, case, {**said, "first_attempt_until": now - MINUTE})
    speaks = replace(astrid, agent=replace(astrid.agent, speaks=("es", "en")))

    assert await next_ticket.take(house, speaks) == case.ticket_id


async def test_whoever_said_no_language_speaks_all(
    house: House, case: Case, astrid: SignedIn
) -> None:
    now = await cast.now(house)
    urgent = {"language": "pt-BR", "first_attempt_until": now - MINUTE}
    (other,) = await tickets_like(house, case, urgent)

    assert await next_ticket.take(house, astrid) == other


async def test_a_ticket_somebody_looks_at_is_served_to_nobody_else_for_45_seconds(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    await presence.say(house, case.ticket_id, arne)
    assert await next_ticket.take(house, astrid) is None

    await cast.move_clock(house, timedelta(seconds=45))
    assert await next_ticket.take(house, astrid) == case.ticket_id


async def test_a_closed_page_is_no_presence_any_more(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    await presence.say(house, case.ticket_id, arne)
    assert (await presence.say(house, case.ticket_id, astrid)).others == ("Arne",)
    await presence.leave(house, case.ticket_id, arne)

    assert (await presence.say(house, case.ticket_id, astrid)).others == ()


async def test_an_auditor_who_reads_keeps_a_ticket_from_nobody_and_takes_none(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    auditor = replace(arne, agent=replace(arne.agent, role=Role.AUDITOR))
    await presence.say(house, case.ticket_id, auditor)
    for role in (Role.AUDITOR, Role.OFFICER):
        with pytest.raises(LevelTooLow):
            await next_ticket.take(house, replace(arne, agent=replace(arne.agent, role=role)))

    assert await next_ticket.take(house, astrid) == case.ticket_id


async def test_presence_outside_one_s_sight_is_not_said(house: House, case: Case) -> None:
    sur = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    stranger = await cast.an_agent(house, sur, "stranger", 4)
    with pytest.raises(NotFound):
        await presence.say(house, case.ticket_id, stranger)

    assert await next_ticket.take(house, stranger) is None
    async with house.engine.connect() as db:
        assert (await db.execute(select(presences))).all() == []


async def test_passed_over_it_is_anothers_and_comes_back_after_half_an_hour(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    await next_ticket.take(house, astrid)
    await next_ticket.skip(
        house, case.ticket_id, reason=SkipReason.OTHER, words=" Ella es mi vecina\u202e ", by=astrid
    )

    assert await of_agent(house, case, case.ticket_id) is None
    await cast.move_clock(house, timedelta(minutes=29))
    assert await next_ticket.take(house, astrid) is None
    assert (await desk.see_queue(house, astrid, Asked(view=View.NEXT))).rows == ()
    await cast.move_clock(house, MINUTE)
    assert await next_ticket.take(house, astrid) == case.ticket_id


async def test_who_passes_over_leaves_the_way_free_at_once(
    house: House, case: Case, astrid: SignedIn, arne: SignedIn
) -> None:
    await next_ticket.take(house, astrid)
    await next_ticket.skip(house, case.ticket_id, reason=SkipReason.NO_TIME, words="", by=astrid)

    assert await next_ticket.take(house, arne) == case.ticket_id


async def test_a_reason_that_says_nothing_needs_words_and_nothing_happens_without(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await next_ticket.take(house, astrid)
    with pytest.raises(WordsMissing):
        await next_ticket.skip(
            house, case.ticket_id, reason=SkipReason.OTHER, words=" \u202e ", by=astrid
        )

    assert await of_agent(house, case, case.ticket_id) == astrid.agent.id


async def test_what_was_written_is_sealed_and_goes_with_the_ticket_s_words(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await next_ticket.skip(
        house, case.ticket_id, reason=SkipReason.OTHER, words="mi vecina", by=astrid
    )
    async with house.engine.begin() as db:
        said = await db.scalar(select(skips.c.said))
        assert said is not None
        assert b"vecina" not in said
        assert "vecina" not in str((await db.execute(text("select entry from journal"))).all())
        assert await forgetting.forget_ticket(db, case.wallet.id, case.ticket_id)
        assert (await db.execute(select(skips.c.reason, skips.c.said))).all() == [("other", None)]
