"""Whoever watches the queue hears who else looks at a ticket: of those that they see alone."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import update

from service.operations import presence
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.watching import Watching
from service.storage.tables import agents as agents_table
from tests import people as cast
from tests.desks import Case, tickets_like
from tests.storage.test_watching import (
    a_page,
    astrid,
    case,
    heard,
    house,
    in_silence,
    process,
    wallet,
    watched,
)

__all__ = ["astrid", "case", "house", "process", "wallet"]

pytestmark = pytest.mark.anyio


async def test_who_looks_is_told_as_they_come_and_go(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    bea = await cast.an_agent(house, case.wallet, "bea", 1)
    here = case.ticket_id
    await presence.say(house, here, arne)
    page = await a_page(house, astrid)
    async with watched(process, astrid, page) as (stream, first):
        # Whatever the page shows, this is how it is.
        assert (first.looking, first.looking_is_all) == ({here: ("Arne",)}, True)
        await presence.say(house, here, bea)
        told = await heard(stream)
        assert (told.looking, told.looking_is_all) == ({here: ("Arne", "Bea")}, False)
        assert told.tickets == {}
        await presence.leave(house, here, arne)
        assert (await heard(stream)).looking == {here: ("Bea",)}
        # A heartbeat and one's own eyes are no news.
        await presence.say(house, here, bea)
        await presence.say(house, here, astrid)
        assert await in_silence(stream)
    async with watched(process, arne, page) as (stream, first):
        # What is half a second old may be told first; what has come since follows it.
        is_old = first.looking == {here: ("Bea",)}
        told = await heard(stream) if is_old else first
        assert told.looking == {here: ("Astrid", "Bea")}


async def test_whoever_is_not_heard_of_for_45_seconds_is_told_to_be_gone(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    await presence.say(house, case.ticket_id, arne)
    page = await a_page(house, astrid)
    async with watched(process, astrid, page) as (stream, first):
        assert first.looking == {case.ticket_id: ("Arne",)}
        # Nobody writes anything: the time alone does it.
        await cast.move_clock(house, timedelta(seconds=45))
        assert (await heard(stream)).looking == {case.ticket_id: ()}
    async with watched(process, astrid, page) as (_, first):
        assert (first.looking, first.looking_is_all) == ({}, True)


async def test_who_looks_at_a_ticket_is_told_to_nobody_who_does_not_see_it(
    house: House, case: Case, astrid: SignedIn, process: Watching
) -> None:
    sur = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur")
    )
    stranger = await cast.an_agent(house, sur, "stranger", 4)
    sofia = await cast.an_agent(house, case.wallet, "sofia", 2)
    bea = await cast.an_agent(house, case.wallet, "bea", 2)
    async with house.engine.begin() as db:
        both = agents_table.c.id.in_([sofia.agent.id, bea.agent.id])
        await db.execute(update(agents_table).where(both).values(trained_for_safety=True))
    (safety,) = await tickets_like(house, case, {"kind": "safety"})
    sofia = replace(sofia, agent=replace(sofia.agent, trained_for_safety=True))
    page = await a_page(house, astrid)
    async with (
        watched(process, astrid, page) as (untold, first),
        watched(process, bea, page) as (told, _),
    ):
        await presence.say(house, safety, sofia)
        assert (await heard(told)).looking == {safety: ("Sofia",)}
        assert await in_silence(untold)
        assert first.looking == {}
    await presence.say(house, case.ticket_id, sofia)
    async with (
        watched(process, astrid, page) as (told, first),
        watched(process, stranger, page) as (untold, nothing),
    ):
        # What is half a second old may be told first; what has come since follows it.
        told_of = first.looking or (await heard(told)).looking
        assert told_of == {case.ticket_id: ("Sofia",)}
        assert nothing.looking == {}
        assert await in_silence(untold)
    async with watched(process, bea, page) as (_, first):
        assert first.looking == {safety: ("Sofia",), case.ticket_id: ("Sofia",)}
