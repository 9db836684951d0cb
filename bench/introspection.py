"""How fast a gateway hears whether a session lives, beside PostgreSQL's own select."""

import asyncio
import os
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlencode

from msgspec.structs import replace

from bench import open_loop, pgbench, wrk
from bench.ground import CLIENT, Ground, serving
from bench.latency import asking, pressing
from bench.processes import Peak, watched
from bench.ready_to_report import presses
from bench.results import tell
from service import embedded
from service.processes import answers, free_port

CONNECTIONS: Final = 32
# Beside them: what a wallet's gateways ask a second, and a night on which much is stolen.
QUESTIONS: Final = 500
REPORTS: Final = 200
SECONDS: Final = 8
COLD: Final = 2


def measure(ground: Ground) -> None:
    """One process of each kind, 32 connections, the client authenticated, never stale."""
    memory = Peak()
    reference = pgbench.prepared_select(ground, connections=CONNECTIONS)
    with gateways(ground, memory) as port:
        rate = _asked_a_second(ground, port)
    named = "pgbench --select-only, prepared, 32 connections"
    tell(
        "introspection over HTTP, one process, 32 connections",
        rate,
        "1/s",
        reference=reference,
        reference_name=named,
    )
    tell("memory of the gateways' process under that load: RSS", memory.rss, "MB")
    with serving(ground):
        rate = _asked_a_second(ground, ground.port)
    tell("the same of the web process", rate, "1/s", reference=reference, reference_name=named)


def beside_reports(ground: Ground) -> None:
    """What gateways notice when contacts report: their slowest hundredth, without and with.

    A service that has just started is told apart: its connections, plans and caches are made by
    the first reports, and it has them from then on.
    """
    cold = _night(ground, COLD)
    reports = _night(ground, SECONDS)
    with serving(ground), gateways(ground, Peak()) as port:
        questions = replace(asking(ground, QUESTIONS, SECONDS), port=port)
        (alone,) = open_loop.run(questions)
        at_first, _ = open_loop.run(replace(questions, seconds=COLD), cold)
        beside, reported = open_loop.run(questions, reports)
    tell(
        f"introspection at {QUESTIONS}/s while {REPORTS} reports a second arrive: p99",
        beside.p99,
        "ms",
        reference=alone.p99,
        reference_name="its p99 alone",
    )
    tell(f"the same in the first {COLD} seconds after a start: p99", at_first.p99, "ms")
    tell(f"reports among {reported.asked} that failed", reported.errors, "reports")
    tell("their p99", reported.p99, "ms")
    tell(f"questions among {beside.asked} that failed", beside.errors, "questions")
    tell("the gateways' client's own lateness meanwhile, p99", beside.own_p99, "ms")


def _night(ground: Ground, seconds: int) -> open_loop.Flow:
    pressed = asyncio.run(presses(ground, seconds * REPORTS, named=f"night-of-{seconds}"))
    flow = pressing(ground, [press.request(ground) for press in pressed], REPORTS)
    return replace(flow, goes_first=False)


@contextmanager
def gateways(ground: Ground, memory: Peak) -> Generator[int]:
    """The gateways' process, ready to answer, at this port."""
    port = free_port()
    environment = {
        **os.environ,
        "RESGUARDO_DATABASE_URL": ground.cluster.url(embedded.SERVICE),
        "RESGUARDO_GATEWAYS_LISTEN": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "service", "gateways"]
    with subprocess.Popen(command, env=environment, stderr=sys.stderr) as process:
        try:
            ends = time.monotonic() + 30
            while not answers(f"http://127.0.0.1:{port}/health/ready"):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError("the gateways' process did not become ready")
                time.sleep(0.05)
            with watched(process.pid, memory):
                yield port
        finally:
            process.terminate()


def _asked_a_second(ground: Ground, port: int) -> float:
    basic = b64encode(f"{CLIENT}:{ground.secret}".encode()).decode()
    return wrk.posts_a_second(
        f"http://127.0.0.1:{port}/oauth/introspect",
        host=ground.host,
        authorization=f"Basic {basic}",
        bodies=[urlencode({"token": token}) for token in ground.tokens],
        folder=ground.folder,
        connections=CONNECTIONS,
    )
