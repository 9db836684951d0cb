"""The rows of the limits: the statement does what the rule says, also when many ask at once."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from domain import limits as rules
from domain.limits import API_CALLS, SENT_FROM_NETWORK, Rate
from domain.reports import Way
from domain.wallets import THE_INSTALLATION
from service.embedded import Cluster
from service.operations import housekeeping
from service.operations.house import House
from service.operations.limits import subject_of
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage import limits as rows
from service.storage.limits import Subject
from service.storage.tables import limits
from tests import people as cast
from tests.clocks import stand_still

pytestmark = pytest.mark.anyio
NETWORK = b"203.0.113.0/24"


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    """As in several web processes: many connections that wait for one another."""
    engine = create_async_engine(database_url, pool_size=25, max_overflow=0, pool_timeout=60)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


def row(house: House, counted: bytes = NETWORK) -> Subject:
    return subject_of(house.keys, THE_INSTALLATION, SENT_FROM_NETWORK, counted)


async def arrival_of(house: House, of: Subject) -> object:
    async with house.engine.connect() as db:
        return await db.scalar(select(limits.c.arrival).where(limits.c.subject == of.subject))


@pytest.fixture
async def standing_clock(cluster: Cluster, database: str) -> None:
    """In this house time moves only when the test moves it."""
    await stand_still(cluster, database)


@pytest.mark.parametrize("seed", range(4))
async def test_the_statement_does_what_the_rule_says(
    house: House, standing_clock: None, seed: int
) -> None:
    chance = random.Random(seed)
    rate = Rate(chance.randint(1, 5), timedelta(seconds=chance.randint(1, 90)))
    of, arrival = row(house), None
    ends = set[bool]()
    for _ in range(80):
        await cast.move_clock(house, chance.random() * 2 * rate.each)
        expected = rules.take(arrival, rate, now=await cast.now(house))
        async with house.engine.begin() as db:
            allowed, left = await rows.take(db, of, rate)
        assert (allowed, left) == (expected.allowed, expected.left)
        arrival = expected.arrival
        ends.add(allowed)

    assert ends == {True, False}


async def test_fifty_at_once_never_exceed_the_burst(house: House) -> None:
    rate = Rate(7, timedelta(hours=1))

    async def one() -> bool:
        async with house.engine.begin() as db:
            allowed, _ = await rows.take(db, row(house), rate)
            return allowed

    ends = await asyncio.gather(*(one() for _ in range(50)))

    assert ends.count(True) == 7
    async with house.engine.connect() as db:
        assert (await rows.see(db, row(house), rate)).remaining == 0


async def test_what_is_rolled_back_was_not_taken(house: House) -> None:
    rate = Rate(1, timedelta(hours=1))
    async with house.engine.connect() as db:
        allowed, _ = await rows.take(db, row(house), rate)
        assert allowed
        await db.rollback()

    assert await arrival_of(house, row(house)) is None


async def test_what_is_given_back_can_be_taken_again(house: House) -> None:
    rate = Rate(2, timedelta(hours=1))
    async with house.engine.begin() as db:
        assert [(await rows.take(db, row(house), rate))[0] for _ in range(3)] == [True, True, False]
        await rows.give_back(db, row(house), rate)
        assert [(await rows.take(db, row(house), rate))[0] for _ in range(2)] == [True, False]
        assert await rows.forget(db, row(house))
        assert not await rows.forget(db, row(house))
        assert (await rows.see(db, row(house), rate)).remaining == 2


async def test_rows_tell_nobody_and_every_part_of_the_key_counts(house: House) -> None:
    other = await cast.a_wallet(house)
    subjects = [
        subject_of(house.keys, THE_INSTALLATION, SENT_FROM_NETWORK, NETWORK),
        subject_of(house.keys, THE_INSTALLATION, SENT_FROM_NETWORK, NETWORK, way=Way.ADDRESS),
        subject_of(house.keys, THE_INSTALLATION, SENT_FROM_NETWORK, NETWORK, b""),
        subject_of(house.keys, THE_INSTALLATION, SENT_FROM_NETWORK, b"198.51.100.0/24"),
        subject_of(house.keys, THE_INSTALLATION, API_CALLS, NETWORK),
        subject_of(house.keys, other.id, SENT_FROM_NETWORK, NETWORK),
    ]

    assert len({of.subject for of in subjects}) == len(subjects)
    assert all(NETWORK not in of.subject and len(of.subject) == 32 for of in subjects)


async def test_a_row_whose_time_has_come_is_swept_and_no_other(house: House) -> None:
    rate = Rate(3, timedelta(hours=1))
    async with house.engine.begin() as db:
        await rows.take(db, row(house), rate)
        for _ in range(2):
            await rows.take(db, row(house, b"2001:db8::/48"), rate)
    await cast.move_clock(house, timedelta(minutes=90))

    await housekeeping.sweep(house)

    async with house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(limits)) == 1
        assert (await rows.see(db, row(house, b"2001:db8::/48"), rate)).remaining == 2


async def test_the_table_keeps_one_row_per_key(house: House) -> None:
    of = row(house)
    values = {
        "wallet_id": of.wallet_id,
        "name": of.name,
        "subject": of.subject,
        "arrival": await cast.now(house),
    }
    async with house.engine.begin() as db:
        await db.execute(insert(limits).values(values))
    with pytest.raises(Exception, match="limits_pkey"):
        async with house.engine.begin() as db:
            await db.execute(insert(limits).values(values))
