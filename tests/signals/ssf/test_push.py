"""Push delivery: what a receiver answers, and what follows from it."""

import json

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations.house import House
from service.operations.receivers import Delivered, Gone, Later, Outcome, Refused
from service.security.keys import KeyRing
from service.signals.ssf import Push
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Answering, Heard, Receiver, always
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import PUSH, RISC, Ssf

pytestmark = pytest.mark.anyio

ONE_KIND = {"events_requested": [f"{RISC}account-disabled", f"{RISC}account-enabled"]}


def says(err: str) -> Answering:
    """A refusal as RFC 8935 has it."""

    async def answer(_: Heard, __: web.Request) -> web.StreamResponse:
        return web.json_response({"err": err, "description": "in their words"}, status=400)

    return answer


async def _happens(house: House, norte: Wallet, account: Account, many: int = 1) -> None:
    now = await cast.now(house)
    await scene.happened(house, norte, scene.a_history(account.id, many, now))


async def test_what_was_refused_is_never_sent_again_unchanged(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
) -> None:
    await ssf.pushed(receiver.url, **ONE_KIND)
    refusals = [f"invalid_{what}" for what in ("request", "key", "issuer", "audience", "state")]
    with capture_logs() as said:
        for err in refusals:
            receiver.answering = says(err)
            await _happens(house, norte, olgas)
            await worker.work()
    await scene.bring_forward(house)
    receiver.answering = always(202)
    await _happens(house, norte, olgas)
    await worker.work()

    # Nobody is told of it by sending again: somebody has to look.
    alarms = [one["error"] for one in said if one["log_level"] == "error"]
    assert alarms == refusals

    *refused, last = await scene.stored_signals(house)
    assert [(row.state, row.last_error, row.attempts) for row in refused] == [
        ("refused", err, 1) for err in refusals
    ]
    assert last.state == "sent"
    assert len(receiver.heard) == len(refusals) + 1


@pytest.mark.parametrize("err", ["authentication_failed", "access_denied"])
async def test_a_receiver_that_does_not_know_us_yet_is_asked_again(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
    err: str,
) -> None:
    stream = await ssf.pushed(receiver.url, **ONE_KIND)
    receiver.answering = says(err)
    await _happens(house, norte, olgas)
    await worker.work()

    (row,) = await scene.stored_signals(house)
    assert (row.state, row.last_error) == ("due", err)
    receiver.answering = always(202)
    await scene.bring_forward(house)
    await worker.work()

    first, second = receiver.heard
    assert first.body == second.body
    assert await ssf.verified(second.body.decode(), stream)
    (row,) = await scene.stored_signals(house)
    assert (row.state, row.attempts) == ("sent", 2)


def test_each_answer_has_one_meaning(keys: KeyRing) -> None:
    push = Push(keys.signing)

    def judged(status: int, body: bytes = b"", **headers: str) -> Outcome:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return push.judge(status, named, body)

    assert judged(202) == Delivered()
    assert judged(202, b"thanks") == Delivered()
    for status in (200, 204, 301, 307, 400, 401, 403, 404, 408, 409, 413, 429, 500, 503):
        assert judged(status) == Later(error=f"status-{status}")
    assert judged(410) == Gone()
    deep = b'{"more": %b%b}' % (b"[" * 30_000, b"]" * 30_000)
    for body in (b"{", b"[]", b'{"err": 5}', b"\xff", b'{"error": "invalid_key"}', deep):
        assert judged(400, body) == Later(error="status-400")
    unheard = json.dumps({"err": "invalid_moon phase +54"}).encode()
    assert judged(400, unheard) == Refused(error="invalid_request")
    waits = judged(429, retry_after="120")
    assert isinstance(waits, Later)
    assert waits.retry_after is not None
    assert waits.retry_after.total_seconds() == 120


async def test_what_the_receiver_gave_us_goes_along(
    *, house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines, receiver: Receiver
) -> None:
    receiver.answering = always(202)
    await ssf.stream(
        delivery={
            "method": "urn:ietf:rfc:8935",
            "endpoint_url": receiver.url,
            "authorization_header": "Bearer of-theirs",
        },
        **ONE_KIND,
    )
    await _happens(house, norte, olgas)
    await worker.work()

    (heard,) = receiver.heard
    assert heard.headers["authorization"] == "Bearer of-theirs"
    assert heard.headers["content-type"] == "application/secevent+jwt"
    assert heard.headers["accept"] == "application/json"


async def test_what_they_gave_us_stays_while_the_host_does_unless_it_is_named(
    *, house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines, receiver: Receiver
) -> None:
    """It is never shown: whoever writes back what was read could not name it."""
    receiver.answering = always(202)
    given = {"authorization_header": "Bearer of-theirs"}
    here, beside = receiver.url, f"{receiver.url}/2"
    elsewhere = receiver.url.replace("127.0.0.1", "localhost")
    made = await ssf.stream(delivery={"method": PUSH, "endpoint_url": here, **given}, **ONE_KIND)

    async def sent_along(method: str, url: str, **more: object) -> str | None:
        delivery = {"method": PUSH, "endpoint_url": url, **more}
        told = {"stream_id": made["stream_id"], "delivery": delivery}
        assert (await ssf.call(method, "/ssf/streams", told)).status_code == 200
        await _happens(house, norte, olgas)
        await worker.work()
        return receiver.heard[-1].headers.get("authorization")

    assert await sent_along("PATCH", beside) == "Bearer of-theirs"
    assert await sent_along("PATCH", beside, authorization_header=None) is None
    assert await sent_along("PATCH", here, **given) == "Bearer of-theirs"
    assert await sent_along("PATCH", elsewhere) is None
    assert await sent_along("PATCH", elsewhere, **given) == "Bearer of-theirs"
    assert await sent_along("PUT", elsewhere) is None


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_whoever_is_killed_between_sending_and_recording_sends_the_same_bytes(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    receiver: Receiver,
    algorithm: str,
) -> None:
    """The receiver has it, and nobody wrote that down: an answerless connection is as good."""

    async def cut(_: Heard, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    await ssf.pushed(receiver.url, signing_algorithm=algorithm, **ONE_KIND)
    receiver.answering = cut
    await _happens(house, norte, olgas, many=2)
    await worker.work()
    receiver.answering = always(202)
    await scene.bring_forward(house)
    await worker.work()

    first, second, released = receiver.heard
    assert first.body == second.body
    assert released.body != second.body
