"""From the outbox to signals: in order, once, and past whatever cannot be queued."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from domain.accounts import Account
from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations.house import House
from service.operations.webhooks import MadeSecret
from service.storage.tables import outbox
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Heard, Receiver
from tests.signals.scene import Engines, an_engine

pytestmark = pytest.mark.anyio


async def test_released_never_overtakes_frozen_also_when_the_freeze_cannot_be_queued(
    *,
    house: House,
    owner: AsyncEngine,
    norte: Wallet,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    """Unreadable, and refused by the table: either way its account waits, and no other."""
    unreadable, refused, fine = await scene.some_accounts(house, norte, 3)
    now = await cast.now(house)
    promised = {
        one.id: await scene.happened(house, norte, scene.a_history(one.id, 2, now))
        for one in (unreadable, refused, fine)
    }
    broken = outbox.c.id == promised[unreadable.id][0]
    async with house.engine.begin() as db:
        body = f'{{"account_id":"{unreadable.id}"}}'
        await db.execute(update(outbox).where(broken).values(body=body))
    refusing = promised[refused.id][0]
    await _alter(owner, f"ADD CONSTRAINT no CHECK (outbox_id <> '{refusing}')")

    while await worker.queue(limit=2):
        pass
    await worker.engine.drain()

    assert [one.told["data"]["subject"] for one in receiver.heard] == [fine.subject] * 2
    # What happens to them now waits as well.
    later = now + timedelta(seconds=10)
    more = [scene.frozen(one.id, 3, later) for one in (unreadable, refused, fine)]
    await scene.happened(house, norte, more)
    await worker.work()
    assert [one.told["data"]["subject"] for one in receiver.heard] == [fine.subject] * 3

    await _alter(owner, "DROP CONSTRAINT no")
    async with house.engine.begin() as db:
        mended = scene.outbox_rows_of(scene.frozen(unreadable.id, 1, now))
        await db.execute(update(outbox).where(broken).values(body=mended["body"]))
    await cast.move_clock(house, timedelta(minutes=10))
    await worker.work()

    for one in (unreadable, refused):
        told = [h.told["data"]["version"] for h in receiver.heard if _is_of(h, one)]
        assert told == [1, 2, 3]


async def test_queueing_twice_is_harmless(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, worker: Engines
) -> None:
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, await cast.now(house)))
    await worker.queue()
    once = await scene.stored_signals(house)
    async with house.engine.begin() as db:
        await db.execute(update(outbox).values(signal_waiting=outbox.c.event.like("account-%")))
    await worker.queue()

    assert await scene.stored_signals(house) == once
    assert len(once) == 2


async def test_what_is_being_dispatched_to_people_is_queued_all_the_same(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    """A promise that people's messages are being made of is locked; signals wait for none."""
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])
    async with house.engine.begin() as db, an_engine(house) as worker:
        await db.execute(text("SELECT 1 FROM outbox FOR UPDATE"))
        async with asyncio.timeout(60):
            await worker.queue()
            await worker.engine.drain()

    assert receiver.told() == [("account.frozen", 1)]


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    """Who may change tables."""
    engine = create_async_engine(cluster.url("resguardo_owner", database))
    yield engine
    await engine.dispose()


async def _alter(owner: AsyncEngine, how: str) -> None:
    async with owner.begin() as db:
        await db.execute(text(f"ALTER TABLE signals {how}"))


def _is_of(heard: Heard, account: Account) -> bool:
    return heard.told["data"]["subject"] == account.subject
