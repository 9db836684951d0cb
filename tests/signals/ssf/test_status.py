"""Paused is kept, disabled is not; and a verification says that it arrives."""

from datetime import timedelta

import pytest

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations.house import House
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Receiver, always
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import POLL, Ssf, event_of, name_of

pytestmark = pytest.mark.anyio

A_FREEZE = ["session-revoked", "account-disabled"]


async def _freezes(
    house: House, norte: Wallet, account: Account, worker: Engines, version: int = 1
) -> None:
    event = scene.frozen(account.id, version, await cast.now(house))
    await scene.happened(house, norte, [event])
    await worker.work()


async def test_what_happens_during_a_pause_is_told_in_order_afterwards(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    assert await ssf.status(stream, "paused", reason="moving house") == {
        "stream_id": stream["stream_id"],
        "status": "paused",
        "reason": "moving house",
    }
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, now))
    await worker.work()

    # Only that it is paused is said meanwhile.
    (token,) = (paused := await ssf.poll(stream)).values()
    claims = await ssf.verified(token, stream)
    assert event_of(claims) == {"status": "paused", "reason": "moving house"}
    assert await ssf.poll(stream, ack=list(paused)) == {}

    await ssf.status(stream, "enabled")
    got = await ssf.all(stream)
    names = await ssf.told(stream, got)
    assert [name for name in names if name != "stream-updated"] == [*A_FREEZE, "account-enabled"]


async def test_what_happens_while_disabled_is_not_kept(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    await _freezes(house, norte, olgas, worker)
    await ssf.status(stream, "disabled")
    await _freezes(house, norte, olgas, worker, 3)

    assert await ssf.told(stream, await ssf.all(stream)) == ["stream-updated"]

    await ssf.status(stream, "enabled")
    await _freezes(house, norte, olgas, worker, 5)
    got = await ssf.all(stream)
    versions = [
        event_of(claims)["version"]
        for token in got.values()
        if name_of(claims := await ssf.verified(token, stream)) != "stream-updated"
    ]
    assert versions == [5, 5]


async def test_a_stream_that_is_pushed_to_hears_that_it_was_stopped(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
) -> None:
    receiver.answering = always(202)
    stream = await ssf.pushed(receiver.url)
    await ssf.status(stream, "paused")
    await _freezes(house, norte, olgas, worker)

    assert await _heard(ssf, stream, receiver) == ["stream-updated"]

    await ssf.status(stream, "enabled")
    await worker.work()
    assert sorted(await _heard(ssf, stream, receiver)) == sorted(
        ["stream-updated", *A_FREEZE, "stream-updated"]
    )


async def _gone(
    house: House, norte: Wallet, olgas: Account, worker: Engines, receiver: Receiver
) -> None:
    """Freezes and releases are under way when the receiver says that it is no more."""
    receiver.answering = always(410)
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, now))
    await worker.work()
    receiver.heard.clear()
    # Nobody is asked again for what was under way, nor told what happens now.
    await cast.move_clock(house, timedelta(minutes=30))
    await _freezes(house, norte, olgas, worker, 3)
    assert receiver.heard == []


async def test_a_receiver_that_was_gone_finds_all_of_it_when_it_is_back(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
) -> None:
    """SSF 1.0, section 8.1.5: of a status that it sets on its own the transmitter tells."""
    stream = await ssf.pushed(receiver.url)
    await _gone(house, norte, olgas, worker, receiver)
    answer = await ssf.call("GET", f"/ssf/status?stream_id={stream['stream_id']}")
    assert (answer.json()["status"], answer.json()["reason"]) == ("paused", "gone")

    receiver.answering = always(202)
    await ssf.status(stream, "enabled")
    await worker.work()
    await _freezes(house, norte, olgas, worker, 5)

    told = [await ssf.verified(heard.body.decode(), stream) for heard in receiver.heard]
    of_the_stream = [event_of(claims) for claims in told if name_of(claims) == "stream-updated"]
    assert of_the_stream == [{"status": "paused", "reason": "gone"}, {"status": "enabled"}]
    # Said by a proxy, 410 must cost no freeze: what came before and meanwhile is told in order.
    of_the_account = [event_of(claims) for claims in told if name_of(claims) != "stream-updated"]
    assert [event["version"] for event in of_the_account] == [1, 1, 2, 3, 3, 5, 5]


async def test_a_receiver_that_asks_instead_finds_there_that_it_was_stopped(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
) -> None:
    pushed = await ssf.pushed(receiver.url)
    await _gone(house, norte, olgas, worker, receiver)

    told = {"stream_id": pushed["stream_id"], "delivery": {"method": POLL}}
    stream = (await ssf.call("PATCH", "/ssf/streams", told)).json()
    got = await ssf.all(stream)

    (token,) = got.values()
    claims = await ssf.verified(token, stream)
    assert name_of(claims) == "stream-updated"
    assert event_of(claims) == {"status": "paused", "reason": "gone"}


async def _heard(ssf: Ssf, stream: dict[str, object], receiver: Receiver) -> list[str]:
    return [name_of(await ssf.verified(heard.body.decode(), stream)) for heard in receiver.heard]


async def test_the_same_status_again_is_no_news(ssf: Ssf) -> None:
    stream = await ssf.stream()

    await ssf.status(stream, "enabled", reason="still")

    assert await ssf.poll(stream) == {}
    answer = await ssf.call("GET", f"/ssf/status?stream_id={stream['stream_id']}")
    assert answer.json()["reason"] == "still"


@pytest.mark.parametrize("state", ["VGhpcyBp", "", "ñ 🛰", None])
async def test_a_verification_repeats_its_state(ssf: Ssf, state: str | None) -> None:
    stream = await ssf.stream()
    told = {"stream_id": stream["stream_id"]} | ({} if state is None else {"state": state})

    answer = await ssf.call("POST", "/ssf/verify", told)

    assert (answer.status_code, answer.content) == (204, b"")
    (token,) = (await ssf.poll(stream)).values()
    claims = await ssf.verified(token, stream)
    assert name_of(claims) == "verification"
    assert event_of(claims) == ({} if state is None else {"state": state})
    assert claims["sub_id"] == {"format": "opaque", "id": stream["stream_id"]}


async def test_verifications_are_thirty_seconds_apart(house: House, ssf: Ssf) -> None:
    stream = await ssf.stream()
    told = {"stream_id": stream["stream_id"]}
    await ssf.call("POST", "/ssf/verify", told)

    refused = await ssf.call("POST", "/ssf/verify", told)
    assert refused.status_code == 429
    wait = int(refused.headers["retry-after"])
    assert 0 < wait <= stream["min_verification_interval"]

    await cast.move_clock(house, timedelta(seconds=wait))
    assert (await ssf.call("POST", "/ssf/verify", told)).status_code == 204
