"""The small program for gateways that check JWTs by themselves, against the real Resguardo."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from typing import Any, Final

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from msgspec import Struct
from msgspec.structs import replace

from docs.gateways.jwt.freeze_state import CLOCKS_DIFFER, TIMEOUT, FreezeStates, survives
from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.settings import Settings
from service.storage.values import Scope
from tests import people as cast
from tests.gateways import programs
from tests.gateways.recipes import PAGES
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio
KEY: Final = ECKey.generate_key("P-256")
CLIENT: Final = "jwt-edge"
FROZEN_AT: Final = 1_800_000_000


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    settings: Settings
    secret: str
    ends: ExitStack

    @property
    def port(self) -> int:
        return int(self.wallet.origin.rpartition(":")[2])

    def states(self, *, max_age: float = 0, secret: str | None = None) -> FreezeStates:
        states = FreezeStates(self.wallet.origin, CLIENT, secret or self.secret, max_age=max_age)
        self.ends.callback(states.close)
        return states

    async def claims(self, **other: object) -> dict[str, Any]:
        """Of a token that was signed by the wallet and verified by its gateway."""
        now = int((await cast.now(self.house)).timestamp())
        token = jwt.encode(
            {"alg": "ES256"},
            {"sub": cast.OLGA, "auth_time": now, "iat": now, "exp": now + 900, **other},
            KEY,
        )
        return jwt.decode(token, KEY).claims


@pytest.fixture
async def scene(house: House, settings: Settings) -> AsyncIterator[Scene]:
    origin = f"http://localhost:{programs.ports(1)[0]}"
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=origin))
    await cast.olga(house, wallet)
    secret = await clients.add_client(house, wallet.id, CLIENT, (Scope.ACCOUNTS,))
    with ExitStack() as ends:
        yield Scene(house=house, wallet=wallet, settings=settings, secret=secret, ends=ends)


async def freeze(scene: Scene) -> None:
    session = await cast.a_session(scene.house, scene.wallet, "what-she-had")
    pages = await cast.at_her_pages(scene.house, scene.wallet, session)
    carl, link = await cast.a_contact(scene.house, scene.wallet, pages)
    await cast.a_report(scene.house, scene.wallet, carl, link)


async def test_a_good_token_opens_nothing_from_the_freeze_on_also_after_the_release(
    scene: Scene,
) -> None:
    with serving(environment_of(scene.settings, scene.port)):
        each_time, now_and_then = scene.states(), scene.states(max_age=3600)
        before = await scene.claims()
        assert each_time.allow(before)
        assert now_and_then.allow(before)

        await freeze(scene)

        assert not each_time.allow(before)
        # For as long as an answer is kept, nothing changes.
        assert now_and_then.allow(before)
        # A sign-in of somebody who has the password, too.
        assert not each_time.allow(await scene.claims())

        await cast.released(scene.house, scene.wallet)

        assert not each_time.allow(before)
        refreshed = before | {"iat": before["iat"] + 3600, "exp": before["exp"] + 3600}
        assert not each_time.allow(refreshed)
        assert each_time.allow(await scene.claims(auth_time=before["auth_time"] + 600))


async def test_without_a_clear_answer_nobody_passes(scene: Scene) -> None:
    states, claims = scene.states(), await scene.claims()
    assert not states.allow(claims)
    with serving(environment_of(scene.settings, scene.port)):
        assert states.allow(claims)
        assert not states.allow(claims | {"sub": "never-told-of"})
        assert not states.allow(claims | {"auth_time": "yesterday"})
        assert not states.allow({"sub": claims["sub"]})
        assert not scene.states(secret="a wrong secret").allow(claims)
        # By hand, as its page says.
        assert by_hand(scene, cast.OLGA) == (0, "passes\n")
        assert by_hand(scene, "never-told-of") == (1, "is refused\n")
        assert states.allow(claims)
    assert not states.allow(claims)


async def test_silence_is_no_permission(scene: Scene) -> None:
    claims = await scene.claims()
    with socket.create_server(("127.0.0.1", scene.port)):
        began = time.monotonic()
        assert not scene.states().allow(claims)
    # On a busy machine there is some turn to wait for.
    assert time.monotonic() - began < 4 * TIMEOUT


def by_hand(scene: Scene, subject: str) -> tuple[int, str]:
    program = [sys.executable, str(PAGES / "jwt" / "freeze_state.py")]
    who = {"RESGUARDO_CLIENT": CLIENT, "RESGUARDO_SECRET": scene.secret}
    done = subprocess.run(
        [*program, scene.wallet.origin, subject, str(int(time.time()))],
        env={**os.environ, **who},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("state", "signed_in_at", "passes"),
    [
        ("active", FROZEN_AT, False),
        # A clock that is ahead makes a sign-in of before look like one of after.
        ("active", FROZEN_AT + CLOCKS_DIFFER, False),
        ("active", FROZEN_AT + CLOCKS_DIFFER + 1, True),
        ("frozen", FROZEN_AT + 3600, False),
        ("closed", FROZEN_AT + 3600, False),
    ],
)
def test_what_was_signed_in_before_the_last_freeze_stays_void(
    state: str, signed_in_at: float, passes: bool
) -> None:
    told = {"state": state, "sessions_void_before": "2027-01-15T08:00:00Z"}
    assert survives(told, signed_in_at) is passes


def test_an_account_that_never_was_frozen_asks_for_no_instant() -> None:
    assert survives({"state": "active", "sessions_void_before": None}, 0)
