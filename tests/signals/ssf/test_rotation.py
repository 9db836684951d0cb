"""A signing key is rotated while tokens wait: nothing that was promised becomes unreadable."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from shutil import copytree

import jwt
import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.accounts import Account
from domain.wallets import Wallet
from service.app import create_app
from service.operations.house import House
from service.security import keys
from service.settings import Settings
from tests import people as cast
from tests.signals import scene
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import Ssf

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys_of_this_test(tmp_path: Path, keys_folder: Path) -> Path:
    """Its own: others' keys are not to be rotated."""
    return copytree(keys_folder, tmp_path / "keys")


@pytest.fixture
async def app(settings: Settings, keys_of_this_test: Path) -> AsyncIterator[Litestar]:
    app = create_app(replace(settings, keys=keys_of_this_test))
    async with app.lifespan():
        yield app


async def test_a_key_is_rotated_with_a_backlog(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    keys_of_this_test: Path,
) -> None:
    stream = await ssf.stream(signing_algorithm="ES256")
    now = await cast.now(house)

    async def happens(version: int) -> None:
        event = (scene.frozen if version % 2 else scene.released)(olgas.id, version, now)
        await scene.happened(house, norte, [event])
        await worker.queue()

    def signers(sets: dict[str, str]) -> set[str]:
        return {jwt.get_unverified_header(token)["kid"] for token in sets.values()}

    (old,) = [key["kid"] for key in await ssf.keys() if key["alg"] == "ES256"]
    await happens(1)
    await happens(2)
    frozen = await ssf.poll(stream)
    assert signers(frozen) == {old}

    new = keys.rotate(keys_of_this_test, "signing-es256").id
    # Published at once, by a process that was running already, and not used yet.
    assert {new, old} <= {key["kid"] for key in await ssf.keys()}
    assert await ssf.poll(stream) == frozen
    released = await ssf.poll(stream, ack=list(frozen))
    assert signers(released) == {old}

    await cast.move_clock(house, timedelta(hours=24, minutes=1))
    # What was signed is sent as it was signed, and can still be verified.
    backend = ssf.backend
    token = (await backend.ask_token(grant_type="client_credentials")).json()["access_token"]
    later = Ssf(replace(backend, token=token))
    assert await later.poll(stream) == released
    assert await later.told(stream, released) == ["account-enabled"]

    await happens(3)
    frozen = await later.poll(stream, ack=list(released))
    assert signers(frozen) == {new}
    assert await later.told(stream, frozen) == ["session-revoked", "account-disabled"]
