"""Receivers that fail in every way there is: nothing is lost, and nobody else waits."""

from datetime import timedelta

import pytest
from aiohttp import web

from domain.accounts import Account
from domain.wallets import Wallet
from notifications import retry
from service.operations.house import House
from service.operations.webhooks import MadeSecret
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Heard, Receiver, a_receiver, always
from tests.signals.scene import Engines, an_engine

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("status", "error"),
    [(301, "status-301"), (404, "status-404"), (429, "status-429"), (500, "status-500")],
)
async def test_any_other_answer_is_a_failure_and_is_tried_again(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
    status: int,
    error: str,
) -> None:
    async with a_receiver() as elsewhere:
        receiver.answering = always(status, Location=elsewhere.url)
        await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])
        assert await worker.work() == 1
        # No redirect is followed.
        assert elsewhere.heard == []
    (row,) = await scene.stored_signals(house)
    assert (row.state, row.last_error, row.status_code) == ("due", error, status)
    assert row.due_at > row.queued_at
    receiver.answering = always(200)
    await scene.bring_forward(house)

    assert await worker.work() == 1

    (row,) = await scene.stored_signals(house)
    assert (row.state, row.attempts, row.last_error) == ("sent", 2, None)
    first, second = receiver.heard
    assert (first.id, first.body) == (second.id, second.body)


async def test_who_asks_to_be_left_alone_is_left_alone_that_long(
    house: House,
    norte: Wallet,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    first, second = await scene.some_accounts(house, norte, 2)
    receiver.answering = always(429, Retry_After="120")
    now = await cast.now(house)
    await scene.happened(house, norte, [scene.frozen(first.id, 1, now)])
    await worker.work()
    receiver.answering = always(200)
    # Another account's signal has not failed, but its receiver is the same.
    await scene.happened(house, norte, [scene.frozen(second.id, 1, now)])

    await cast.move_clock(house, timedelta(seconds=115))
    assert await worker.work() == 0
    await cast.move_clock(house, timedelta(seconds=10))
    assert await worker.work() == 2


async def test_after_failures_in_a_row_one_probe_goes_out_and_then_everything(
    house: House, norte: Wallet, hooked: MadeSecret, receiver: Receiver, worker: Engines
) -> None:
    accounts = await scene.some_accounts(house, norte, 30)
    receiver.answering = always(503)
    now = await cast.now(house)
    await scene.happened(house, norte, [scene.frozen(one.id, 1, now) for one in accounts])

    await worker.work()
    tried = len(receiver.heard)
    assert tried <= 16
    assert (await scene.stored_stream(house)).rests_until is not None
    assert await worker.work() == 0
    for _ in range(3):
        await cast.move_clock(house, timedelta(seconds=80))
        assert await worker.work() == 1
    receiver.answering = always(200)
    assert await worker.work() == 0
    await cast.move_clock(house, timedelta(seconds=80))

    # The probe, and then all the others, those that failed before among them.
    assert await worker.work() == 30

    assert {row.state for row in await scene.stored_signals(house)} == {"sent"}
    stream = await scene.stored_stream(house)
    assert (stream.failures, stream.failing_since, stream.rests_until) == (0, None, None)


async def test_five_hundreds_for_a_day_lose_nothing(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    receiver.answering = always(500)
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, now))

    async with an_engine(house) as worker:
        for _ in range(24):
            await worker.work()
            await cast.move_clock(house, timedelta(hours=1))
        receiver.answering = always(200)
        await cast.move_clock(house, timedelta(days=1))
        await worker.work()
        await worker.work()

    assert receiver.told()[-2:] == [("account.frozen", 1), ("account.released", 2)]
    assert {row.state for row in await scene.stored_signals(house)} == {"sent"}


async def test_after_the_last_try_it_is_parked_and_the_next_of_the_account_goes(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    async def refuses_the_freeze(heard: Heard, _: web.Request) -> web.StreamResponse:
        return web.Response(status=500 if heard.told["type"] == "account.frozen" else 200)

    receiver.answering = refuses_the_freeze
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, now))

    async with an_engine(house) as worker:
        for _ in range(retry.TRIES + 1):
            await worker.work()
            await cast.move_clock(house, timedelta(days=2))

    first, second = await scene.stored_signals(house)
    assert (first.state, first.attempts) == ("parked", retry.TRIES)
    assert second.state == "sent"


async def test_a_410_disables_and_parks_the_rest(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    receiver.answering = always(410)
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(olgas.id, 3, now))

    async with an_engine(house) as worker:
        await worker.work()
        stream = await scene.stored_stream(house)
        assert (stream.status, stream.status_reason) == ("disabled", "gone")
        states = [row.state for row in await scene.stored_signals(house)]
        assert states == ["refused", "parked", "parked"]
        # What happens while it is disabled is not kept for it.
        await scene.happened(house, norte, [scene.frozen(olgas.id, 9, now)])
        await worker.work()

    assert len(receiver.heard) == 1
    assert len(await scene.stored_signals(house)) == 3


async def test_an_answer_that_never_ends_is_cut(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    sent: list[int] = []

    async def a_gigabyte(_: Heard, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=200, headers={"Content-Length": str(2**30)})
        await answer.prepare(request)
        for number in range(2**10):
            await answer.write(bytes(2**20))
            sent.append(number)
        return answer

    receiver.answering = a_gigabyte
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])

    async with an_engine(house) as worker:
        await worker.work()

    (row,) = await scene.stored_signals(house)
    assert (row.state, row.status_code) == ("sent", 200)
    assert len(sent) < 64


async def test_an_answer_that_breaks_off_is_none(
    house: House, norte: Wallet, olgas: Account, hooked: MadeSecret, receiver: Receiver
) -> None:
    async def breaks_off(_: Heard, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(status=200, headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return answer

    receiver.answering = breaks_off
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])

    async with an_engine(house) as worker:
        await worker.work()
        (row,) = await scene.stored_signals(house)
        assert (row.state, row.last_error) == ("due", "no-answer-ClientPayloadError")
        receiver.answering = always(200)
        await scene.bring_forward(house)
        await worker.work()

    assert list(receiver.times.values()) == [2]
