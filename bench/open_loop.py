"""Latency at fixed rates: requests are due at fixed instants, whatever the answers do.

A client that waits for an answer before it asks again asks less while the service is slow, and so
leaves out the very moments that matter. Here each request has an instant at which it is due, and
its latency counts from there: also the time in which it waited for a free connection.

Each flow runs in a process of its own and begins at the same instant as the others:

    seen = run(Flow(name="introspection", rate=500, ...), Flow(name="reports", rate=200, ...))
"""

import asyncio
import gc
import math
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bench.connections import Connection, connect

# What a process may take to start or to end.
_MARGIN: Final = 10.0
# Between "everybody is ready" and the first request.
_RUN_UP: Final = 0.2


class Flow(Struct, frozen=True, kw_only=True):
    """Requests of one kind, asked round and round; when each works once only, bring enough."""

    name: str
    port: int
    requests: tuple[bytes, ...]
    # A second.
    rate: float
    seconds: float
    connections: int = 32
    # What a good answer looks like: its status, and what stands somewhere in it.
    status: int = 200
    expects: bytes = b""
    # Who has no answer so long after the last was due has none: an error, with the time it waited.
    patience: float = 10.0
    # The clock that measures must not wait in line behind what it measures, where that is allowed;
    # one that only makes the load stands in line like everybody.
    goes_first: bool = True


class Seen(Struct, frozen=True, kw_only=True):
    """What one flow met with; all times in milliseconds, from the due instant."""

    name: str
    asked: int
    errors: int
    p50: float
    p95: float
    p99: float
    longest: float
    # How late the client itself was (p99): a busy machine, not a slow service.
    own_p99: float


def due_instants(rate: float, seconds: float) -> list[float]:
    """Seconds after the start, evenly; the first is due at once."""
    return [number / rate for number in range(math.ceil(rate * seconds))]


def percentile(ordered: Sequence[float], share: float) -> float:
    """Nearest rank: the smallest value that at least this share of all does not exceed."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summed_up(name: str, latencies: Sequence[float], own: Sequence[float], *, errors: int) -> Seen:
    """From seconds. Failed requests count with the time they took, so that none is left out."""
    ordered = sorted(latencies)
    return Seen(
        name=name,
        asked=len(ordered),
        errors=errors,
        p50=percentile(ordered, 0.5) * 1000,
        p95=percentile(ordered, 0.95) * 1000,
        p99=percentile(ordered, 0.99) * 1000,
        longest=ordered[-1] * 1000,
        own_p99=percentile(sorted(own), 0.99) * 1000,
    )


def run(*flows: Flow) -> tuple[Seen, ...]:
    """All at once, each in its own process; ends at the latest `patience` after the last is due."""
    with ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="resguardo-flows-")))
        clients = [_client(flow, folder / str(number)) for number, flow in enumerate(flows)]
        for client in clients:
            ends.callback(client.wait)
            ends.callback(client.kill)
        for client in clients:
            if client.stdout is None or client.stdout.readline() != b"ready\n":
                raise RuntimeError("a client did not become ready")
        starts_at = time.monotonic() + _RUN_UP
        for client in clients:
            if client.stdin is not None:
                client.stdin.write(f"{starts_at}\n".encode())
                client.stdin.flush()
        within = max(flow.seconds + flow.patience for flow in flows) + _MARGIN
        told = [client.communicate(timeout=within)[0] for client in clients]
    return tuple(msgspec.json.decode(one, type=Seen) for one in told)


def _client(flow: Flow, path: Path) -> subprocess.Popen[bytes]:
    path.write_bytes(msgspec.msgpack.encode(flow))
    command = [sys.executable, "-m", "bench.open_loop", str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


class _Course:
    """One flow under way: which request is due, and what became of each."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.due = due_instants(flow.rate, flow.seconds)
        self.latencies: dict[int, float] = {}
        self.own: list[float] = []
        self.good = 0
        self._waiting: asyncio.Queue[int] = asyncio.Queue()
        self._all_told = asyncio.Event()

    async def go(self, connections: list[Connection], starts_at: float) -> Seen:
        clock = asyncio.get_running_loop().time
        self.due = [starts_at + offset for offset in self.due]
        lanes = [asyncio.create_task(self._lane(connection)) for connection in connections]
        for number, instant in enumerate(self.due):
            await asyncio.sleep(max(0.0, instant - clock()))
            self.own.append(clock() - instant)
            self._waiting.put_nowait(number)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._all_told.wait(), self.flow.patience)
        for lane in lanes:
            lane.cancel()
        now = clock()
        waited = [self.latencies.get(number, now - due) for number, due in enumerate(self.due)]
        errors = len(self.due) - self.good
        return summed_up(self.flow.name, waited, self.own, errors=errors)

    async def _lane(self, connection: Connection) -> None:
        """One connection, opened again when it is lost."""
        clock = asyncio.get_running_loop().time
        requests = self.flow.requests
        while True:
            number = await self._waiting.get()
            try:
                answer = await connection.ask(requests[number % len(requests)])
                found = self.flow.expects in answer.body or self.flow.expects in answer.head
                self.good += answer.status == self.flow.status and found
                self._took(number, clock())
            except OSError:
                self._took(number, clock())
                connection = await _again(self.flow.port)

    def _took(self, number: int, until: float) -> None:
        self.latencies[number] = until - self.due[number]
        if len(self.latencies) == len(self.due):
            self._all_told.set()


async def _again(port: int) -> Connection:
    while True:
        try:
            return await connect(port)
        except OSError:
            await asyncio.sleep(0.05)


async def _drive(flow: Flow) -> Seen:
    connections = [await connect(flow.port) for _ in range(flow.connections)]
    course = _Course(flow)
    # Sorting memory would cost the slowest answers; the run is bounded.
    gc.collect()
    gc.disable()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    starts_at = float(await asyncio.to_thread(sys.stdin.readline))
    seen = await course.go(connections, starts_at)
    for connection in connections:
        connection.close()
    return seen


def main() -> None:
    flow = msgspec.msgpack.decode(Path(sys.argv[1]).read_bytes(), type=Flow)
    if flow.goes_first:
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, 0, -10)
    # epoll counts whole milliseconds; select wakes in time.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        seen = runner.run(_drive(flow))
    sys.stdout.write(msgspec.json.encode(seen).decode())


if __name__ == "__main__":
    main()
