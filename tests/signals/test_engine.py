"""The engine: order, leases, two workers, receivers that hang, and a kill."""

import asyncio
import time
from collections import defaultdict
from itertools import count

import pytest
from aiohttp import web

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import webhooks
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.webhooks import EndpointChange, MadeSecret
from service.storage import leasing
from service.storage.values import StreamStatus
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Heard, Receiver, a_receiver, always
from tests.signals.scene import Engines, an_engine

pytestmark = pytest.mark.anyio


async def test_order_is_kept_for_each_account_with_a_receiver_that_fails_now_and_then(
    house: House, norte: Wallet, hooked: MadeSecret, receiver: Receiver
) -> None:
    """Two workers, and every fifth request fails."""
    accounts = await scene.some_accounts(house, norte, 5)
    now = await cast.now(house)
    turns = count(1)

    async def moody(_: Heard, __: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if next(turns) % 5 == 0 else 200)

    receiver.answering = moody
    for account in accounts:
        await scene.happened(house, norte, scene.a_history(account.id, 8, now))

    async with an_engine(house) as one, an_engine(house) as other:
        for _ in range(60):
            await asyncio.gather(one.work(), other.work())
            if all(row.state == "sent" for row in await scene.stored_signals(house)):
                break
            await scene.bring_forward(house)

    told: dict[str, list[int]] = defaultdict(list)
    for heard in receiver.heard:
        data = heard.told["data"]
        # A failed one comes again; what is new comes in order.
        if data["version"] not in told[data["subject"]]:
            told[data["subject"]].append(data["version"])
    assert [told[account.subject] for account in accounts] == [list(range(1, 9))] * 5
    assert {row.state for row in await scene.stored_signals(house)} == {"sent"}


async def test_two_engines_at_once_send_each_signal_once(
    house: House, norte: Wallet, hooked: MadeSecret, receiver: Receiver
) -> None:
    accounts = await scene.some_accounts(house, norte, 20)
    now = await cast.now(house)
    for account in accounts:
        await scene.happened(house, norte, scene.a_history(account.id, 4, now))

    async with an_engine(house) as one, an_engine(house) as other:
        sent = await asyncio.gather(one.work(), other.work())
        # Whoever was second finished before the first had queued everything.
        rest = await one.work()

    assert sum(sent) + rest == len(receiver.heard) == 80
    assert set(receiver.times.values()) == {1}


async def test_a_receiver_that_hangs_delays_no_other(
    house: House, norte: Wallet, caller: Caller, receiver: Receiver
) -> None:
    accounts = await scene.some_accounts(house, norte, 10)
    ended = asyncio.Event()

    async def hangs(_: Heard, __: web.Request) -> web.StreamResponse:
        await ended.wait()
        return web.Response()

    async with a_receiver(hangs) as silent, an_engine(house) as worker:
        await scene.an_endpoint(house, norte, caller, silent.url)
        await scene.an_endpoint(house, norte, caller, receiver.url)
        now = await cast.now(house)
        for account in accounts:
            await scene.happened(house, norte, scene.a_history(account.id, 2, now))
        stop = asyncio.Event()
        await worker.queue()
        running = asyncio.create_task(worker.engine.run(stop))
        async with asyncio.timeout(60):
            for one, many in ((receiver, 20), (silent, 10)):
                while len(one.heard) < many:
                    one.came.clear()
                    await one.came.wait()
        # Each account's first is still on its way there.
        assert (silent.open, len(silent.heard)) == (10, 10)
        stop.set()
        ended.set()
        await running


async def test_a_paused_endpoint_hears_everything_in_order_once_enabled(
    *,
    house: House,
    norte: Wallet,
    caller: Caller,
    olgas: Account,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    async def set_to(status: StreamStatus) -> None:
        change = EndpointChange(status=status)
        key = hooked.endpoint.id
        await webhooks.change_endpoint(house, norte, caller, key, change, loopback=True)

    await set_to(StreamStatus.PAUSED)
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, await cast.now(house)))
    assert await worker.work() == 0
    await set_to(StreamStatus.ENABLED)
    assert await worker.work() == 2

    assert receiver.told() == [("account.frozen", 1), ("account.released", 2)]


async def test_killed_between_sending_and_recording_the_same_bytes_come_again(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, await cast.now(house)))
    killed = asyncio.Event()

    async def sees_it_die(_: Heard, __: web.Request) -> web.StreamResponse:
        await killed.wait()
        return web.Response()

    receiver.answering = sees_it_die
    async with an_engine(house) as worker:
        await worker.queue()
        doomed = asyncio.create_task(worker.engine.drain())
        await receiver.came.wait()
        doomed.cancel()
        for task in asyncio.all_tasks():
            if "_deliver" in repr(task.get_coro()):
                task.cancel()
        await asyncio.sleep(0)
    killed.set()
    receiver.answering = always(200)

    async with an_engine(house) as heir:
        assert await heir.work() == 0
        await scene.let_leases_run_out(house)
        assert await heir.work() == 2

    first, again, _ = receiver.heard
    assert (first.id, first.body) == (again.id, again.body)
    assert [row.attempts for row in await scene.stored_signals(house)] == [2, 1]


async def test_whose_lease_ran_out_records_nothing(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, worker: Engines
) -> None:
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])
    await worker.queue()
    async with house.engine.begin() as db:
        (slow,) = await leasing.lease(db, {}, most_of_each=16)
    await scene.let_leases_run_out(house)
    async with house.engine.begin() as db:
        (heir,) = await leasing.lease(db, {}, most_of_each=16)
        late = leasing.Record(
            id=slow.signal.id, lease_token=slow.lease_token, state=slow.signal.state, error="late"
        )
        assert await leasing.record(db, [late]) == set()

    assert heir.lease_token != slow.lease_token
    (row,) = await scene.stored_signals(house)
    assert (row.last_error, row.lease_token) == (None, heir.lease_token)


async def test_events_are_told_as_they_are_named(
    *,
    house: House,
    norte: Wallet,
    caller: Caller,
    olgas: Account,
    receiver: Receiver,
    worker: Engines,
) -> None:
    made = await scene.an_endpoint(house, norte, caller, receiver.url)
    change = EndpointChange(events=(webhooks.EventType.ACCOUNT_RELEASED,))
    await webhooks.change_endpoint(house, norte, caller, made.endpoint.id, change, loopback=True)
    await scene.happened(house, norte, scene.a_history(olgas.id, 4, await cast.now(house)))

    await worker.work()

    assert receiver.told() == [("account.released", 2), ("account.released", 4)]


async def test_a_backlog_drains_quickly_and_in_order(
    house: House, norte: Wallet, hooked: MadeSecret, receiver: Receiver, worker: Engines
) -> None:
    """The worst backlog there is: few accounts, so that almost nothing in it may be sent yet."""
    accounts = await scene.some_accounts(house, norte, 20)
    now = await cast.now(house)
    for account in accounts:
        await scene.happened(house, norte, scene.a_history(account.id, 50, now))
    while await worker.queue():
        pass

    began = time.monotonic()
    assert await worker.engine.drain() == 1000

    # Some seconds; one statement for each that is not due yet would take minutes.
    assert time.monotonic() - began < 60
    for account in accounts:
        told = [one.told["data"]["version"] for one in receiver.heard if _is_of(one, account)]
        assert told == list(range(1, 51))


def _is_of(heard: Heard, account: Account) -> bool:
    return heard.told["data"]["subject"] == account.subject
