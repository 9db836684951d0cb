"""How long a freeze takes to reach the doors: each recipe of `docs/gateways`, by real reports.

A delay is counted from the instant at which the contact's report was answered until the gateway
has said its first no. What it let through meanwhile is counted beside it.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from msgspec import Struct

from bench.connections import Connection, connect, request
from bench.ground import CLIENT, Ground, serving
from bench.open_loop import percentile
from bench.ready_to_report import Press, presses
from bench.results import tell
from docs.gateways.jwt.freeze_state import MAX_AGE, FreezeStates
from tests.gateways.around import Around, around
from tests.gateways.recipes import ALL

FREEZES: Final = 50
# Each has to wait out a kept answer.
FREEZES_KEPT: Final = 20
_LOOKS_EVERY: Final = 0.002


class Freeze(Struct, frozen=True):
    """Seconds until the first no, and how many requests passed after the report was answered."""

    delay: float
    passed: int


def measure(ground: Ground) -> None:
    wanted = FREEZES * (len(ALL) + 1) + FREEZES_KEPT
    waiting = iter(asyncio.run(presses(ground, wanted, named="door")))
    street = around(port=ground.port, host=ground.host, client=CLIENT, secret=ground.secret)
    with serving(ground), street as stands:
        for recipe in ALL:
            with recipe.running(stands) as gate:
                _measure_gateway(ground, recipe.name, gate, stands, _some(waiting, FREEZES))
        _tell("jwt, asking each time", _by_jwt(ground, _some(waiting, FREEZES), max_age=0))
        kept = _by_jwt(ground, _some(waiting, FREEZES_KEPT), max_age=MAX_AGE)
        _tell(f"jwt, answers kept for {MAX_AGE:g} s", kept)


def _measure_gateway(
    ground: Ground, name: str, gate: int, stands: Around, pressed: Sequence[Press]
) -> None:
    freezes = asyncio.run(_at_gate(ground, gate, pressed))
    _tell(name, freezes)
    direct = asyncio.run(_passing(stands.application.port, ground.tokens[0]))
    through = asyncio.run(_passing(gate, ground.tokens[0]))
    tell(
        f"gateway {name}: a request that passes, p50",
        through * 1000,
        "ms",
        reference=direct * 1000,
        reference_name="the application without a gateway",
    )


def _tell(name: str, freezes: Sequence[Freeze]) -> None:
    passed = sum(freeze.passed for freeze in freezes)
    delays = [freeze.delay * 1000 for freeze in freezes]
    about = f"gateway {name}: report answered to first no"
    tell(f"{about}, p50", percentile(delays, 0.5), "ms")
    tell(f"{about}, longest of {len(freezes)}", max(delays), "ms")
    tell(f"gateway {name}: requests that passed after the report was answered", passed, "requests")


async def _at_gate(ground: Ground, gate: int, pressed: Sequence[Press]) -> list[Freeze]:
    visitor, reporter = await connect(gate), await connect(ground.port)
    try:
        return [await _one(ground, visitor, reporter, press) for press in pressed]
    finally:
        visitor.close()
        reporter.close()


async def _one(ground: Ground, visitor: Connection, reporter: Connection, press: Press) -> Freeze:
    asks = _request(press.session_token)
    before = await visitor.ask(asks)
    answered = await reporter.ask(press.request(ground))
    since, passed = time.monotonic(), 0
    if (before.status, answered.status) != (200, 303):
        raise RuntimeError(f"not what was measured: {before.status}, {answered.status}")
    while (await visitor.ask(asks)).status == 200:
        passed += 1
    return Freeze(time.monotonic() - since, passed)


async def _passing(port: int, token: str, *, times: int = 200) -> float:
    visitor = await connect(port)
    took: list[float] = []
    for _ in range(times):
        began = time.monotonic()
        answer = await visitor.ask(_request(token))
        took.append(time.monotonic() - began)
        if answer.status != 200:
            raise RuntimeError(f"a session that lives was answered {answer.status}")
    visitor.close()
    return percentile(took, 0.5)


def _by_jwt(ground: Ground, pressed: Sequence[Press], *, max_age: float) -> list[Freeze]:
    with closing(FreezeStates(ground.origin, CLIENT, ground.secret, max_age=max_age)) as states:
        return [_one_by_jwt(ground, states, press) for press in pressed]


def _one_by_jwt(ground: Ground, states: FreezeStates, press: Press) -> Freeze:
    now = int(time.time())
    claims = {"sub": press.session_token.removesuffix("-token"), "auth_time": now, "iat": now}
    if not states.allow(claims):
        raise RuntimeError("refused before anything happened")
    status = asyncio.run(_press(ground, press))
    since, passed = time.monotonic(), 0
    if status != 303:
        raise RuntimeError(f"the report was answered {status}")
    while states.allow(claims):
        passed += 1
        time.sleep(_LOOKS_EVERY)
    return Freeze(time.monotonic() - since, passed)


async def _press(ground: Ground, press: Press) -> int:
    reporter = await connect(ground.port)
    answered = await reporter.ask(press.request(ground))
    reporter.close()
    return answered.status


def _request(token: str) -> bytes:
    headers = {"Authorization": f"Bearer {token}"}
    return request("GET", "/payments", host="localhost", headers=headers)


def _some(waiting: Iterator[Press], many: int) -> list[Press]:
    return [next(waiting) for _ in range(many)]
