"""A report was answered: the very next question, put to another process, hears "not active"."""

import asyncio
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

from bench.connections import Answer, Connection, connect, request
from bench.ground import CLIENT, Ground, serving
from bench.ready_to_report import Press, presses
from bench.results import tell
from service.processes import free_port

FREEZES: Final = int(os.environ.get("FREEZES", "1000"))
# Some at once, so that batches of questions and freezes cross each other.
AT_ONCE: Final = 16
_VOID: Final = b'{"active":false}'


def measure(ground: Ground) -> None:
    """Two web processes: one takes the reports, the other is asked before and after each."""
    pressed = asyncio.run(presses(ground, FREEZES, named="next"))
    other = free_port(others=(ground.port,))
    with serving(ground), serving(ground, port=other):
        began = time.monotonic()
        void = asyncio.run(_all(ground, other, pressed))
        took = time.monotonic() - began
    tell(
        "report answered, then introspection on another process: inactive on the very next call",
        void,
        "freezes",
        reference=len(pressed),
        reference_name="freezes, each asked about once before and once after",
    )
    tell("freezes a second meanwhile, two processes", len(pressed) / took, "1/s")


async def _all(ground: Ground, other: int, pressed: list[Press]) -> int:
    waiting = iter(pressed)
    lanes = [_one_after_the_other(ground, other, waiting) for _ in range(AT_ONCE)]
    return sum(await asyncio.gather(*lanes))


async def _one_after_the_other(ground: Ground, other: int, waiting: Iterator[Press]) -> int:
    reporter, gateway = await connect(ground.port), await connect(other)
    void = sum([await _is_void_at_once(ground, press, reporter, gateway) for press in waiting])
    reporter.close()
    gateway.close()
    return void


async def _is_void_at_once(
    ground: Ground, press: Press, reporter: Connection, gateway: Connection
) -> bool:
    question = _question(ground, press.session_token)
    before = await gateway.ask(question)
    answered = await reporter.ask(press.request(ground))
    after = await gateway.ask(question)
    _require(before, 200, b'"active":true')
    _require(answered, 303, b"\r\nlocation: /r/receipt")
    _require(after, 200, b'"active":')
    return after.body == _VOID


def _question(ground: Ground, token: str) -> bytes:
    basic = b64encode(f"{CLIENT}:{ground.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    body = urlencode({"token": token})
    return request("POST", "/oauth/introspect", host=ground.host, headers=headers, body=body)


def _require(answer: Answer, status: int, expected: bytes) -> None:
    if answer.status != status or expected not in answer.head + answer.body:
        raise RuntimeError(f"not the answer that was measured: {answer.head!r}")
