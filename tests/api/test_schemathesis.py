"""Every operation of the OpenAPI document, asked in thousands of ways a person would not think of.

schemathesis reads the document from the served application and sends what it allows and what it
forbids; what comes back must be what the document says. `schemathesis.toml` has the exclusions.
"""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import httpx
import pytest
from msgspec.structs import replace

from domain.limits import API_CALLS, OWNER_CALLS
from domain.wallets import Wallet
from service.operations.house import House
from service.settings import Settings
from service.storage import limits
from tests import people as cast
from tests.api import known
from tests.api.backends import Backend
from tests.api.identity import Identity, Olga, trusts
from tests.demos import ROOT
from tests.ports import free_port
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio

PHASES: Final = ("Examples", "Coverage", "Fuzzing")
# Of the document's links, in the few steps that there is time for.
ENOUGH: Final = 10
CONFIGURATION: Final = Path(__file__).with_name("schemathesis.toml")
# Longer than it takes: the wallet's word for how long a sign-in is a strong one.
_LASTS: Final = 2**32


@pytest.fixture
async def wallet(house: House, identity: Identity) -> Wallet:
    origin = f"http://localhost:{free_port()}"
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=origin))
    return await trusts(house, wallet, identity)


# Some minute on two busy cores; far above it, like everywhere.
@pytest.mark.timeout(500)
async def test_nothing_is_found(
    house: House, settings: Settings, wallet: Wallet, identity: Identity, tmp_path: Path
) -> None:
    found = dict(await known.people(house, wallet))
    port = int(wallet.origin.rpartition(":")[2])
    async with httpx.AsyncClient(base_url=wallet.origin) as http:
        with serving(environment_of(settings, port)):
            backend = await known.backend(house, wallet, http)
            found |= await known.receivers(backend)
            _write(tmp_path, found)
            olga = Olga(http=http, house=house, identity=identity)
            told = {**os.environ, **_things(found), **await _secrets(wallet, backend, olga)}
            async with _never_too_many(house, wallet):
                done = await asyncio.to_thread(_run, tmp_path, wallet, told, PHASES)
                await _make_room(backend, olga, told["KEPT"])
                walked = await asyncio.to_thread(_run, tmp_path, wallet, told, ("Stateful",))

    # What it sent stands here only when it found something.
    for one in (done, walked):
        assert one.returncode == 0, one.stdout + one.stderr
    _all_was_asked(done.stdout)
    _links_were_walked(walked.stdout)


def _run(
    folder: Path, wallet: Wallet, told: Mapping[str, str], phases: Sequence[str]
) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-W", "error", "-m", "schemathesis.cli"]
    program += ["--config-file", str(folder / CONFIGURATION.name), "run", "--no-color"]
    program += ["--phases", ",".join(phases).lower()]
    return subprocess.run(
        [*program, "--checks", "all", f"{wallet.origin}/schema/openapi.json"],
        cwd=folder,
        env=told,
        capture_output=True,
        text=True,
        check=False,
    )


def _all_was_asked(said: str) -> None:
    asked = re.search(r"Selected: (\d+)/\1\n\s+Tested: \1\n", said)
    assert asked is not None
    assert int(asked[1]) > 50
    for phase in PHASES:
        assert f"✅ {phase}\n" in said


def _links_were_walked(said: str) -> None:
    """Chance chooses which; that each of them leads on is shown by `test_links.py`."""
    assert "✅ Stateful\n" in said
    walked = re.search(r"API Links: +(\d+) covered / (\d+) selected / \2 total\n", said)
    assert walked is not None, said
    assert int(walked[1]) >= ENOUGH, said


async def _make_room(backend: Backend, olga: Olga, kept: str) -> None:
    """What the phases before made would leave none for what is made, read, changed and ended."""
    for one in (await backend.call("GET", "/ssf/streams")).json():
        if one["stream_id"] not in kept:
            await backend.call("DELETE", f"/ssf/streams?stream_id={one['stream_id']}")
    for one in (await backend.call("GET", "/v1/webhook-endpoints?limit=100")).json()["items"]:
        if one["id"] not in kept:
            await backend.call("DELETE", f"/v1/webhook-endpoints/{one['id']}")
    for one in (await olga.asks()).json()["items"]:
        if one["id"] not in kept:
            await olga.asks(f"/v1/me/contacts/{one['id']}", method="DELETE")


def _write(folder: Path, found: known.Values) -> None:
    """The configuration, and beside it what there is to be found."""
    shutil.copy(CONFIGURATION, folder)
    for name, values in found.items():
        (folder / f"{name}.dict").write_text("".join(f'"{value}"\n' for value in values))


def _things(found: known.Values) -> dict[str, str]:
    """What the hooks keep, and what may end instead."""
    kept = (cast.OLGA, known.FROZEN, *found["sessions"], *found["streams"], *found["endpoints"])
    *contacts, spare = found["contacts"]
    return {
        "KEPT": " ".join((*kept, *contacts)),
        "FROZEN": known.FROZEN,
        "OTHERS": " ".join(known.OTHERS),
        "SPARE_CONTACT": spare,
    }


async def _secrets(wallet: Wallet, backend: Backend, olga: Olga) -> dict[str, str]:
    return {
        # The hooks are a module of the tests.
        "PYTHONPATH": str(ROOT),
        "ORIGIN": wallet.origin,
        "CLIENT": backend.client_id,
        "SECRET": backend.secret,
        "TOKEN": backend.token,
        "SESSION": known.TOKEN,
        "OWNER": await olga.token(exp=_LASTS),
        "FROZEN_OWNER": await olga.token(sub=known.FROZEN, exp=_LASTS),
    }


@asynccontextmanager
async def _never_too_many(house: House, wallet: Wallet) -> AsyncGenerator[None]:
    """As the operator's `limits reset` does: what callers have used up is given back at once."""

    async def give_back() -> None:
        while True:
            async with house.engine.begin() as db:
                for limit in (API_CALLS, OWNER_CALLS):
                    await limits.forget_all(db, wallet.id, limit.name)
            await asyncio.sleep(0.2)

    giving = asyncio.create_task(give_back())
    try:
        yield
    finally:
        giving.cancel()
        with suppress(asyncio.CancelledError):
            await giving
