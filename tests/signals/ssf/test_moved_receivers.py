"""A receiver moves, or is spoken to in another way: what waited is told at once."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.accounts import Account
from domain.wallets import Wallet
from notifications import retry
from service.operations import webhooks
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.webhooks import EndpointChange, MadeSecret
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Receiver, a_receiver, always
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import PUSH, RISC, Ssf, event_of

pytestmark = pytest.mark.anyio

ONE_KIND = {"events_requested": [f"{RISC}account-disabled", f"{RISC}account-enabled"]}


async def _in_vain(
    house: House, norte: Wallet, olgas: Account, worker: Engines, *, times: int
) -> None:
    """A freeze that was tried so often that the next try is hours away."""
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])
    for _ in range(times):
        await worker.work()
        await scene.bring_forward(house)
    await worker.work()


async def _change(ssf: Ssf, stream: dict[str, Any], **delivery: object) -> None:
    told = {"stream_id": stream["stream_id"], "delivery": delivery}
    answer = await ssf.call("PATCH", "/ssf/streams", told)
    assert answer.status_code == 200, answer.text


async def test_a_webhook_endpoint_that_moves_is_told_at_once(
    *,
    house: House,
    norte: Wallet,
    caller: Caller,
    olgas: Account,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    receiver.answering = always(500)
    await _in_vain(house, norte, olgas, worker, times=10)
    async with a_receiver() as moved:
        change = EndpointChange(url=moved.url)
        key = hooked.endpoint.id
        await webhooks.change_endpoint(house, norte, caller, key, change, loopback=True)

        assert await worker.work() == 1

        assert moved.told() == [("account.frozen", 1)]


async def test_a_stream_that_moves_or_is_spoken_to_otherwise_is_told_at_once(
    *, house: House, norte: Wallet, olgas: Account, ssf: Ssf, receiver: Receiver, worker: Engines
) -> None:
    receiver.answering = always(401)
    stream = await ssf.pushed(receiver.url, **ONE_KIND)
    await _in_vain(house, norte, olgas, worker, times=10)
    assert await worker.work() == 0

    header = {"authorization_header": "Bearer the-right-one"}
    await _change(ssf, stream, method=PUSH, endpoint_url=receiver.url, **header)
    receiver.heard.clear()
    await worker.work()
    assert [one.headers["authorization"] for one in receiver.heard] == ["Bearer the-right-one"]

    async with a_receiver(always(202)) as moved:
        await _change(ssf, stream, method=PUSH, endpoint_url=moved.url)
        assert await worker.work() == 1
        assert len(moved.heard) == 1
    (row,) = await scene.stored_signals(house)
    assert row.state == "sent"


async def test_what_was_handed_out_often_is_sent_when_the_stream_is_pushed_to(
    *, house: House, norte: Wallet, olgas: Account, ssf: Ssf, receiver: Receiver, worker: Engines
) -> None:
    receiver.answering = always(202)
    stream = await ssf.stream(**ONE_KIND)
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, await cast.now(house))])
    await worker.queue()
    for _ in range(retry.TRIES + 1):
        assert len(await ssf.poll(stream)) == 1

    await _change(ssf, stream, method=PUSH, endpoint_url=receiver.url)
    assert await worker.work() == 1

    assert len(receiver.heard) == 1
    (row,) = await scene.stored_signals(house)
    assert (row.state, row.attempts) == ("sent", 1)


async def test_what_was_given_up_on_is_told_once_the_stream_flows_again(
    house: House, norte: Wallet, ssf: Ssf, receiver: Receiver, worker: Engines
) -> None:
    """Paused and enabled by hand; what something later overtook stays where it is."""
    receiver.answering = always(500)
    stream = await ssf.pushed(receiver.url, **ONE_KIND)
    olgas, other = await scene.some_accounts(house, norte, 2)
    now = await cast.now(house)
    await scene.happened(
        house, norte, [scene.frozen(olgas.id, 1, now), scene.frozen(other.id, 3, now)]
    )
    # A receiver that is away is asked for one at a time.
    for _ in range(2 * retry.TRIES):
        await worker.work()
        await cast.move_clock(house, timedelta(days=2))
        await scene.bring_forward(house)
    assert {row.state for row in await scene.stored_signals(house)} == {"parked"}
    receiver.answering = always(202)
    await scene.happened(house, norte, [scene.released(other.id, 4, await cast.now(house))])
    await worker.work()
    receiver.heard.clear()

    asked = await ssf.backend.ask_token(grant_type="client_credentials")
    renewed = Ssf(replace(ssf.backend, token=asked.json()["access_token"]))
    await renewed.status(stream, "paused")
    await renewed.status(stream, "enabled")
    await worker.work()

    claims = [await renewed.verified(one.body.decode(), stream) for one in receiver.heard]
    told = [one for one in claims if one["sub_id"]["format"] == "iss_sub"]
    assert [event_of(one)["version"] for one in told] == [1]
