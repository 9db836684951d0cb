"""How long people and gateways wait at rates that do not bend: an open loop, beside PostgreSQL's.

The reference is pgbench at the same rate (`--rate`, which times from the due instant as well).
"""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import create_async_engine

from bench import open_loop, pgbench
from bench.connections import request
from bench.ground import CLIENT, Ground, serving
from bench.open_loop import Flow, Seen
from bench.ready_to_report import presses
from bench.results import tell
from service import embedded
from service.storage.tables import accounts

# Introspections a second: a wallet of some size, and one that is in trouble.
GATEWAYS: Final = (500, 2000)
REPORTS: Final = 20
VISITS: Final = 20
SECONDS: Final = 5
# Fewer a second, so longer: a hundredth of them must be more than one.
SECONDS_OF_FEW: Final = 8
_PAGES: Final = ("/r", "/r/check", "/r/what", "/report", "/report/address", "/mine")
_LIMIT: Final = Path(__file__).with_name("one_statement.sql")


def measure(ground: Ground) -> None:
    """One web process; each flow alone, then gateways, contacts and visitors all at once."""
    alone, beside = SECONDS_OF_FEW * REPORTS, SECONDS_OF_FEW * REPORTS
    pressed = asyncio.run(presses(ground, alone + beside, named="due"))
    reports = [press.request(ground) for press in pressed]
    looking = asyncio.run(presses(ground, 50, named="looks"))
    visits = visiting(ground, [press.cookie for press in looking])
    pgbench.fill(ground)
    with serving(ground):
        for rate in GATEWAYS:
            (seen,) = open_loop.run(asking(ground, rate, SECONDS))
            _tell(seen, _selects(ground, rate))
        (seen,) = open_loop.run(pressing(ground, reports[:alone]))
        _tell(seen, _one_statements(ground))
        (seen,) = open_loop.run(visits)
        _tell(seen)
        together = open_loop.run(
            asking(ground, GATEWAYS[0], SECONDS_OF_FEW), pressing(ground, reports[alone:]), visits
        )
    for seen in together:
        _tell(seen, beside=True)


def asking(ground: Ground, rate: float, seconds: float) -> Flow:
    """A gateway that asks about sessions that live."""
    basic = b64encode(f"{CLIENT}:{ground.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"}
    return Flow(
        name=f"introspection at {rate:g}/s",
        port=ground.port,
        requests=tuple(
            request(
                "POST",
                "/oauth/introspect",
                host=ground.host,
                headers=headers,
                body=urlencode({"token": token}),
            )
            for token in ground.tokens
        ),
        rate=rate,
        seconds=seconds,
        expects=b'"active":true',
    )


def pressing(ground: Ground, reports: list[bytes], rate: float = REPORTS) -> Flow:
    """Contacts who press the button, each once; it lasts until all have pressed."""
    return Flow(
        name=f"confirming POST of a report at {rate:g}/s",
        port=ground.port,
        requests=tuple(reports),
        rate=rate,
        seconds=len(reports) / rate,
        status=303,
        expects=b"\r\nlocation: /r/receipt",
    )


def visiting(ground: Ground, cookies: list[str], rate: float = VISITS) -> Flow:
    """People on the way to the button, each in a browser of their own."""
    return Flow(
        name=f"contact pages at {rate:g}/s",
        port=ground.port,
        requests=tuple(
            request("GET", path, host=ground.host, headers={"Cookie": cookie})
            for cookie in cookies
            for path in _PAGES
        ),
        rate=rate,
        seconds=SECONDS_OF_FEW,
        expects=b"</html>",
    )


def _selects(ground: Ground, rate: float) -> Seen:
    found = pgbench.latencies(ground, "--select-only", rate=rate, seconds=SECONDS)
    return open_loop.summed_up("pgbench --select-only at the same rate", found, (0.0,), errors=0)


def _one_statements(ground: Ground) -> Seen:
    """On accounts that the throughput of reports left, or on some of its own."""
    many = 400
    if not asyncio.run(_is_there(ground, "limit-1")):
        asyncio.run(presses(ground, many, named="limit"))
    pgbench.make_ready(ground, _LIMIT)
    script = (f"--file={_LIMIT}", f"--define=accounts={many}")
    found = pgbench.latencies(ground, *script, rate=REPORTS, seconds=SECONDS_OF_FEW)
    name = "pgbench, the same rows in one statement, at the same rate"
    return open_loop.summed_up(name, found, (0.0,), errors=0)


async def _is_there(ground: Ground, subject: str) -> bool:
    engine = create_async_engine(ground.cluster.url(embedded.OWNER))
    try:
        async with engine.connect() as db:
            found = await db.scalar(select(exists().where(accounts.c.subject == subject)))
    finally:
        await engine.dispose()
    return bool(found)


def _tell(seen: Seen, reference: Seen | None = None, *, beside: bool = False) -> None:
    """Four lines: the middle, the slowest hundredth, the slowest, and what went wrong."""
    name = f"{seen.name}, with all three at once" if beside else seen.name
    for word, of in (("p50", "p50"), ("p99", "p99"), ("max", "longest")):
        tell(
            f"{name}: {word}",
            getattr(seen, of),
            "ms",
            reference=None if reference is None else getattr(reference, of),
            reference_name="" if reference is None else reference.name,
        )
    tell(f"{name}: errors among {seen.asked}", seen.errors, "requests")
    tell(f"{name}: the client's own lateness, p99", seen.own_p99, "ms")
