import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from notifications.clock import clock
from notifications.dispatch import WAKE, dispatch_waiting
from notifications.tables import deliveries, outbox
from tests.notifications import cast
from tests.notifications.address_book import AddressBook
from tests.notifications.cast import (
    CARL,
    CLEO,
    CODE,
    NORTE,
    OLGAS,
    OLGAS_MAIL,
    OLGAS_PHONE,
    TOKEN,
    promise,
    stored_deliveries,
    stored_promise,
)

pytestmark = pytest.mark.anyio


async def rows_of(engine: AsyncEngine) -> set[tuple[str, str, UUID, str]]:
    return {
        (row["event"], row["role"], row["address_id"], row["channel"])
        for row in await stored_deliveries(engine)
    }


async def test_a_promise_becomes_a_delivery_for_each_listener_and_address(
    engine: AsyncEngine,
) -> None:
    outbox_id = await promise(engine, cast.invited(), secret=TOKEN)

    assert await dispatch_waiting(engine, AddressBook(), limit=10) == 1

    assert await rows_of(engine) == {
        ("contact-invited", "contact", CARL, "email"),
        ("contact-invited", "owner", OLGAS_MAIL, "email"),
        ("contact-invited", "owner", OLGAS_PHONE, "sms"),
    }
    told = await stored_promise(engine, outbox_id)
    assert told.dispatched_at is not None
    assert told.secret is not None
    for row in await stored_deliveries(engine):
        assert (row["wallet_id"], row["account_id"], row["state"]) == (NORTE, OLGAS, "due")
        assert row["contact_id"] == (CARL if row["role"] == "contact" else None)
        stale_at = cast.invited().lapses_at if row["role"] == "contact" else None
        assert row["useful_until"] == stale_at


async def test_a_release_is_told_to_the_owner_and_to_whoever_reported(engine: AsyncEngine) -> None:
    await promise(engine, cast.released())
    await dispatch_waiting(engine, AddressBook(), limit=10)

    assert await rows_of(engine) == {
        ("account-released", "owner", OLGAS_MAIL, "email"),
        ("account-released", "owner", OLGAS_PHONE, "sms"),
        ("account-released", "contact", CARL, "email"),
        ("account-released", "contact", CLEO, "sms"),
    }


async def test_an_event_nobody_hears_is_done_with(engine: AsyncEngine) -> None:
    outbox_id = await promise(engine, cast.code_asked(None), secret=CODE)

    assert await dispatch_waiting(engine, AddressBook(), limit=10) == 1

    told = await stored_promise(engine, outbox_id)
    assert told.dispatched_at is not None
    # Nobody will ever open it.
    assert told.secret is None
    assert await stored_deliveries(engine) == []


async def test_a_secret_whose_listener_is_gone_is_wiped_at_once(engine: AsyncEngine) -> None:
    book = AddressBook()
    book.erased = {CARL}
    outbox_id = await promise(engine, cast.invited(), secret=TOKEN)

    await dispatch_waiting(engine, book, limit=10)

    assert (await stored_promise(engine, outbox_id)).secret is None
    assert {role for _, role, _, _ in await rows_of(engine)} == {"owner"}


async def test_dispatching_twice_is_harmless(engine: AsyncEngine) -> None:
    outbox_id = await promise(engine, cast.frozen())
    await dispatch_waiting(engine, AddressBook(), limit=10)
    once = await stored_deliveries(engine)

    assert await dispatch_waiting(engine, AddressBook(), limit=10) == 0
    async with engine.begin() as db:
        again = update(outbox).where(outbox.c.id == outbox_id).values(dispatched_at=None)
        await db.execute(again)
    assert await dispatch_waiting(engine, AddressBook(), limit=10) == 1

    assert await stored_deliveries(engine) == once


async def test_a_whole_batch_that_cannot_be_expanded_starves_nobody(engine: AsyncEngine) -> None:
    book = AddressBook()
    book.unreadable = {OLGAS}
    for _ in range(5):
        await promise(engine, cast.frozen())
    told = await promise(engine, cast.reported())

    # Each round takes less than what cannot be expanded.
    with capture_logs():
        rounds = [await dispatch_waiting(engine, book, limit=2) for _ in range(4)]

    assert sum(rounds) == 1
    assert (await stored_promise(engine, told)).dispatched_at is not None


async def test_a_batch_is_no_larger_than_asked(engine: AsyncEngine) -> None:
    for _ in range(3):
        await promise(engine, cast.lapsed())

    taken = [await dispatch_waiting(engine, AddressBook(), limit=2) for _ in range(3)]

    assert taken == [2, 1, 0]


async def test_two_dispatchers_share_the_work(engine: AsyncEngine) -> None:
    for _ in range(20):
        await promise(engine, cast.lapsed())

    async def until_done() -> int:
        taken = 0
        while batch := await dispatch_waiting(engine, AddressBook(), limit=3):
            taken += batch
        return taken

    shares = await asyncio.gather(until_done(), until_done(), until_done())

    assert sum(shares) == 20
    assert len(await stored_deliveries(engine)) == 40


async def test_a_promise_that_cannot_be_expanded_holds_up_no_other(
    engine: AsyncEngine, later: cast.Later
) -> None:
    book = AddressBook()
    book.unreadable = {OLGAS}
    stuck = await promise(engine, cast.frozen())
    told = await promise(engine, cast.reported())

    with capture_logs() as lines:
        assert await dispatch_waiting(engine, book, limit=10) == 1

    assert (await stored_promise(engine, stuck)).dispatched_at is None
    assert (await stored_promise(engine, told)).dispatched_at is not None
    assert [line["reason"] for line in lines] == ["LookupError"]
    assert "olga@mail.example" not in str(lines)
    book.unreadable = set()
    # Not at once again: however many of them there are, the others have their turn.
    assert await dispatch_waiting(engine, book, limit=10) == 0
    await later(timedelta(minutes=5))
    assert await dispatch_waiting(engine, book, limit=10) == 1


async def test_an_event_of_a_newer_version_waits_for_the_worker_that_knows_it(
    engine: AsyncEngine,
) -> None:
    outbox_id = await promise(engine, cast.frozen())
    async with engine.begin() as db:
        newer = update(outbox).where(outbox.c.id == outbox_id).values(event="drill-began")
        await db.execute(newer)

    assert await dispatch_waiting(engine, AddressBook(), limit=10) == 0

    assert (await stored_promise(engine, outbox_id)).dispatched_at is None


async def test_other_workers_hear_that_something_is_due(engine: AsyncEngine) -> None:
    heard = asyncio.Event()

    def hear(*_: object) -> None:
        heard.set()

    async with engine.connect() as db:
        listening: Any = (await db.get_raw_connection()).driver_connection
        await listening.add_listener(WAKE, hear)
        await promise(engine, cast.frozen())
        await dispatch_waiting(engine, AddressBook(), limit=10)
        await asyncio.wait_for(heard.wait(), timeout=10)
        await listening.remove_listener(WAKE, hear)


async def test_a_delivery_is_due_at_once_by_the_databases_clock(engine: AsyncEngine) -> None:
    async with engine.begin() as db:
        before = await clock(db)
        await db.execute(delete(deliveries))
    await promise(engine, cast.lapsed())
    await dispatch_waiting(engine, AddressBook(), limit=10)

    due = [row["due_at"] for row in await stored_deliveries(engine)]
    assert all(before <= at < before + timedelta(minutes=1) for at in due)
