"""How soon a change is on every open screen: streams spread over two web processes."""

import asyncio
import os
import time
from typing import Final

from sqlalchemy import text

from bench import agents_at_work
from bench.ground import Ground, serving
from bench.open_loop import percentile
from bench.results import tell
from service.operations.watching import MOST_OF_AN_AGENT
from service.processes import free_port

SCREENS: Final = int(os.environ.get("SCREENS", "200"))
CHANGES: Final = int(os.environ.get("CHANGES", "30"))
# Not in step with the half second in which the processes ask.
APART: Final = 0.83
# The limit, and when a screen is given up.
_WITHIN: Final = 1000.0
_PATIENCE: Final = 10.0


def measure(ground: Ground) -> None:
    agents = -(-SCREENS // MOST_OF_AN_AGENT)
    cookies = asyncio.run(agents_at_work.cookies(ground, agents, named="watcher"))
    agents_at_work.fill(ground, open_ones=range(500_001, 500_051), closed_ones=range(0))
    second = free_port()
    with serving(ground), serving(ground, port=second):
        took = asyncio.run(_changes(ground, cookies, (ground.port, second)))
    name = f"a change on {SCREENS} open screens of two processes"
    whole = sorted(took)
    tell(f"{name}: p50", percentile(whole, 0.5), "ms", reference=_WITHIN, reference_name="limit")
    tell(f"{name}: max", whole[-1], "ms", reference=_WITHIN, reference_name="limit")
    tell(f"{name}: heard", len(whole), f"of {SCREENS * CHANGES}")


async def _changes(ground: Ground, cookies: list[str], ports: tuple[int, int]) -> list[float]:
    """From the commit until each screen has it, in milliseconds."""
    house = agents_at_work.house_of(ground)
    screens = [
        await _open(ground, cookies[number // MOST_OF_AN_AGENT], ports[number % 2])
        for number in range(SCREENS)
    ]
    took: list[float] = []
    try:
        for number in range(CHANGES):
            await asyncio.sleep(APART)
            waiting = [asyncio.create_task(_hears(screen)) for screen in screens]
            async with house.engine.begin() as db:
                await db.execute(
                    text("update tickets set boost = boost + 1 where reference = :it"),
                    {"it": f"OPEN-{500_001 + number % 50}"},
                )
            at = time.perf_counter()
            done, late = await asyncio.wait(waiting, timeout=_PATIENCE)
            took += [(one.result() - at) * 1000 for one in done]
            for one in late:
                one.cancel()
    finally:
        for _, writer in screens:
            writer.close()
        await house.engine.dispose()
    return took


Screen = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _open(ground: Ground, cookie: str, port: int) -> Screen:
    """A stream that has said its first word: what was missed, which is all of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    host = agents_at_work.console_host(ground)
    head = (
        f"GET /console/live HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n"
        "Accept: text/event-stream\r\nAccept-Encoding: gzip\r\n\r\n"
    )
    writer.write(head.encode())
    await reader.readuntil(b"too_much")
    await reader.readuntil(b"\n\n")
    return reader, writer


async def _hears(screen: Screen) -> float:
    await screen[0].readuntil(b"event: changed")
    heard = time.perf_counter()
    await screen[0].readuntil(b"\n\n")
    return heard
