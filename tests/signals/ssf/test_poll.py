"""Poll delivery: handed out until acknowledged, one event of an account after the other."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from litestar import Litestar
from sqlalchemy import event

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations.house import House
from tests import people as cast
from tests.signals import scene
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import Ssf, event_of

pytestmark = pytest.mark.anyio


@pytest.fixture
async def stream(ssf: Ssf) -> dict[str, Any]:
    return await ssf.stream(signing_algorithm="ES256")


async def _happens(
    house: House, norte: Wallet, worker: Engines, *accounts: Account, many: int = 1
) -> None:
    now = await cast.now(house)
    for account in accounts:
        await scene.happened(house, norte, scene.a_history(account.id, many, now))
    await worker.queue()


async def test_what_is_not_acknowledged_comes_again_in_the_same_bytes(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    await _happens(house, norte, worker, olgas)

    first = await ssf.poll(stream)
    again = await ssf.poll(stream)

    assert len(first) == 2
    assert first == again
    assert [row.attempts for row in await scene.stored_signals(house)] == [2, 2]

    one, two = first
    assert list(await ssf.poll(stream, ack=[one])) == [two]
    assert await ssf.poll(stream, ack=[two]) == {}
    # Acknowledged again: nothing changes.
    assert await ssf.poll(stream, ack=[one, two]) == {}
    assert {row.state for row in await scene.stored_signals(house)} == {"sent"}


async def test_released_waits_until_frozen_was_taken(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    await _happens(house, norte, worker, olgas, many=3)
    versions: list[set[int]] = []
    got: dict[str, str] = {}
    while got := await ssf.poll(stream, ack=list(got)):
        claims = [await ssf.verified(token, stream) for token in got.values()]
        versions.append({event_of(one)["version"] for one in claims})

    assert versions == [{1}, {2}, {3}]


async def test_no_more_come_than_were_asked_for_and_it_is_said_that_there_are(
    house: House, norte: Wallet, ssf: Ssf, worker: Engines, stream: dict[str, Any]
) -> None:
    await _happens(house, norte, worker, *await scene.some_accounts(house, norte, 3))

    async def asked(most: int, **body: object) -> tuple[int, bool]:
        answer = (await ssf.ask(stream, maxEvents=most, **body)).json()
        return len(answer["sets"]), answer["moreAvailable"]

    assert await asked(0) == (0, True)
    assert await asked(5) == (5, True)
    assert await asked(6) == (6, False)
    assert await asked(10**6) == (6, False)
    five = await ssf.poll(stream, maxEvents=5)
    assert await asked(0, ack=list(five)) == (0, True)
    assert await asked(5) == (1, False)


async def test_garbage_acknowledgements_change_nothing(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    other: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    beside = await other.stream()
    await _happens(house, norte, worker, olgas)
    rows = await scene.stored_signals(house)
    mine = await ssf.poll(stream)
    # Of another stream; never handed out; nothing at all.
    of_others = [str(row.id) for row in rows if str(row.stream_id) == beside["stream_id"]]
    garbage = [*of_others, str(uuid4()), "", "../..", "a\u0000b", "x" * 255, "💥"]

    error = {"err": "invalid_key", "description": "a\u0000b"}
    assert await ssf.poll(stream, ack=garbage, setErrs=dict.fromkeys(garbage, error)) == mine
    assert len(await other.poll(beside)) == 2

    # Another client cannot acknowledge there either.
    assert (await other.ask(stream, ack=list(mine))).status_code == 404
    assert await ssf.poll(stream) == mine


async def test_what_was_not_handed_out_cannot_be_acknowledged(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    await _happens(house, norte, worker, olgas)
    guessed = [str(row.id) for row in await scene.stored_signals(house)]

    assert len(await ssf.poll(stream, ack=guessed)) == 2


REFUSALS = {
    "invalid_request": "invalid_request",
    "invalid_key": "invalid_key",
    "invalid_issuer": "invalid_issuer",
    "invalid_audience": "invalid_audience",
    "authentication_failed": "authentication_failed",
    "access_denied": "access_denied",
    "invalid_state": "invalid_state",
    "anything they like, +54 9 11": "invalid_request",
}


async def test_what_was_refused_is_not_handed_out_again(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    await _happens(house, norte, worker, olgas, many=2 * len(REFUSALS))

    for err, kept in REFUSALS.items():
        refused, taken = await ssf.poll(stream)
        left = await ssf.poll(stream, ack=[taken], setErrs={refused: {"err": err}})
        assert await ssf.told(stream, left) == ["account-enabled"]
        await ssf.poll(stream, ack=list(left))
        rows = {str(row.id): row for row in await scene.stored_signals(house)}
        assert (rows[refused].state, rows[refused].last_error) == ("refused", kept)


async def test_two_who_ask_at_once_get_the_same_bytes(
    house: House, norte: Wallet, ssf: Ssf, worker: Engines, stream: dict[str, Any]
) -> None:
    await _happens(house, norte, worker, *await scene.some_accounts(house, norte, 5))

    one, two, three = await asyncio.gather(*(ssf.poll(stream) for _ in range(3)))

    assert len(one) == 10
    assert one == two == three


async def test_whoever_waits_is_answered_when_something_comes(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    stream: dict[str, Any],
) -> None:
    waiting = [asyncio.create_task(ssf.ask(stream, returnImmediately=False)) for _ in range(2)]
    done, _ = await asyncio.wait(waiting, timeout=0.5)
    assert not done

    await _happens(house, norte, worker, olgas)

    first, second = [task.result().json() for task in await _ended(waiting)]
    assert len(first["sets"]) == 2
    assert first == second


async def test_while_somebody_waits_no_connection_is_held(
    app: Litestar, house: House, ssf: Ssf, stream: dict[str, Any]
) -> None:
    open_now = 0

    def taken(*_: object) -> None:
        nonlocal open_now
        open_now += 1

    def given_back(*_: object) -> None:
        nonlocal open_now
        open_now -= 1

    async def most_in_a_second() -> int:
        most = 0
        for _ in range(100):
            most = max(most, open_now)
            await asyncio.wait(waiting, timeout=0.01)
        return most

    pool = app.state.house.engine.sync_engine
    event.listen(pool, "checkout", taken)
    event.listen(pool, "checkin", given_back)
    waiting = [asyncio.create_task(ssf.ask(stream, returnImmediately=False)) for _ in range(8)]
    # They begin to wait when they have found nothing, each in its turn.
    async with asyncio.timeout(20):
        while await most_in_a_second() > 1:
            pass

    assert not any(task.done() for task in waiting)
    await ssf.status(stream, "paused")
    assert all(task.result().json()["sets"] for task in await _ended(waiting))


async def test_who_asks_for_too_much_at_once_is_answered_at_once(
    ssf: Ssf, stream: dict[str, Any]
) -> None:
    waiting = [asyncio.create_task(ssf.ask(stream, returnImmediately=False)) for _ in range(9)]

    done, left = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)

    assert [task.result().json() for task in done] == [{"sets": {}, "moreAvailable": False}]
    # And a stream that ends meanwhile is no more.
    await ssf.call("DELETE", f"/ssf/streams?stream_id={stream['stream_id']}")
    assert {task.result().status_code for task in await _ended(list(left))} == {404}


async def test_a_process_that_ends_lets_nobody_wait(
    app: Litestar, ssf: Ssf, stream: dict[str, Any]
) -> None:
    waiting = [asyncio.create_task(ssf.ask(stream, returnImmediately=False))]
    await asyncio.wait(waiting, timeout=0.5)

    await app.state.polling.close()

    (task,) = await _ended(waiting)
    assert task.result().json() == {"sets": {}, "moreAvailable": False}


async def test_a_stream_that_is_pushed_to_cannot_be_polled(ssf: Ssf) -> None:
    pushed = await ssf.pushed("https://desk.example/events")

    answer = await ssf.call("POST", f"/ssf/poll/{pushed['stream_id']}", {})

    assert answer.status_code == 404


async def _ended(
    waiting: list[asyncio.Task[Any]],
) -> list[asyncio.Task[Any]]:
    """All of them, long before the thirty seconds are over."""
    done, late = await asyncio.wait(waiting, timeout=25)
    assert not late
    return [task for task in waiting if task in done]
