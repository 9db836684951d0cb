"""About whom a stream is told, and that nobody learns from it who exists."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import housekeeping
from service.operations.house import House
from tests import people as cast
from tests.api.backends import frozen
from tests.signals import scene
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import Ssf, olga_at

pytestmark = pytest.mark.anyio


async def _happens(
    house: House, norte: Wallet, account: Account, worker: Engines, *versions: int
) -> None:
    """Odd versions freeze, even ones release."""
    now = await cast.now(house)
    await scene.happened(
        house,
        norte,
        [
            (scene.frozen if version % 2 else scene.released)(account.id, version, now)
            for version in versions
        ],
    )
    await worker.queue()


async def test_an_account_that_was_removed_is_told_about_no_more_until_it_is_added(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    removed = await ssf.choose(stream, "remove", olga_at(stream))
    assert (removed.status_code, removed.content) == (204, b"")
    await _happens(house, norte, olgas, worker, 1, 2)
    assert await ssf.poll(stream) == {}

    added = await ssf.choose(stream, "add", olga_at(stream))
    assert (added.status_code, added.content) == (200, b"")
    await _happens(house, norte, olgas, worker, 3)
    assert await ssf.told(stream, await ssf.all(stream)) == ["session-revoked", "account-disabled"]


async def test_whoever_was_told_of_a_freeze_is_told_how_it_ends(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    await _happens(house, norte, olgas, worker, 1)
    await ssf.choose(stream, "remove", olga_at(stream))
    await _happens(house, norte, olgas, worker, 2)
    assert await ssf.told(stream, await ssf.all(stream)) == [
        "session-revoked",
        "account-disabled",
        "account-enabled",
    ]

    await _happens(house, norte, olgas, worker, 3)
    assert await ssf.poll(stream) == {}


async def test_however_long_a_freeze_lasts_its_end_is_told(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    """What was sent is swept away after ninety days."""
    stream = await ssf.stream()
    await frozen(house, norte)
    await worker.queue()
    await ssf.choose(stream, "remove", olga_at(stream))
    await ssf.all(stream)
    await cast.move_clock(house, timedelta(days=100))
    await housekeeping.sweep(house)

    await _happens(house, norte, olgas, worker, 2)

    asked = await ssf.backend.ask_token(grant_type="client_credentials")
    later = Ssf(replace(ssf.backend, token=asked.json()["access_token"]))
    assert await later.told(stream, await later.all(stream)) == ["account-enabled"]


async def test_one_streams_choice_is_not_anothers(
    *, house: House, norte: Wallet, olgas: Account, ssf: Ssf, other: Ssf, worker: Engines
) -> None:
    without, beside = await ssf.stream(), await other.stream()
    await ssf.choose(without, "remove", olga_at(without))
    await _happens(house, norte, olgas, worker, 1)

    assert await ssf.poll(without) == {}
    assert len(await other.poll(beside)) == 2


UNKNOWN: list[dict[str, Any]] = [
    {"format": "iss_sub", "sub": "nobody-1"},
    {"format": "iss_sub", "iss": "https://elsewhere.example", "sub": "olga-1"},
    {"format": "iss_sub", "sub": "a\u0000b"},
    {"format": "iss_sub", "sub": "a" * 5000},
    {"format": "iss_sub", "sub": 5},
    {"format": "iss_sub"},
    {"format": "email", "email": "olga-1@correo.example"},
    {"format": "complex", "user": "olga-1"},
    {"format": "complex", "user": {"format": "complex", "user": {}}},
    {"format": "unheard-of", "x": [[[]]]},
]


async def test_who_is_unknown_has_the_same_answer(olgas: Account, ssf: Ssf) -> None:
    stream = await ssf.stream()

    for how, status in (("add", 200), ("remove", 204)):
        known = await ssf.choose(stream, how, olga_at(stream))
        assert (known.status_code, known.content) == (status, b"")
        for subject in UNKNOWN:
            ours = {"iss": stream["iss"]} if subject["format"] == "iss_sub" else {}
            unknown = await ssf.choose(stream, how, {**ours, **subject})
            assert (unknown.status_code, unknown.content) == (status, b""), subject


async def test_a_complex_subject_names_the_user(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    await ssf.choose(stream, "remove", {"format": "complex", "user": olga_at(stream)})
    await _happens(house, norte, olgas, worker, 1)

    assert await ssf.poll(stream) == {}


async def test_what_is_no_subject_is_refused(ssf: Ssf) -> None:
    stream = await ssf.stream()

    nonsense: tuple[object, ...] = ({}, {"format": 5}, {"format": ""}, "olga-1", None, [])
    for wrong in nonsense:
        for how in ("add", "remove"):
            assert (await ssf.choose(stream, how, wrong)).status_code == 400


@pytest.mark.parametrize("how", ["add", "remove"])
async def test_a_subject_may_be_nested_as_deep_as_can_be_read(ssf: Ssf, how: str) -> None:
    stream = await ssf.stream()

    async def nested(levels: int) -> int:
        subject = b'{"format": "unheard-of", "x": %b%b}' % (b"[" * levels, b"]" * levels)
        told = b'{"stream_id": "%b", "subject": %b}' % (stream["stream_id"].encode(), subject)
        path = f"/ssf/subjects:{how}"
        return (await ssf.backend.send("POST", path, told, "application/json")).status_code

    assert await nested(100) == (200 if how == "add" else 204)
    assert await nested(30_000) == 400
