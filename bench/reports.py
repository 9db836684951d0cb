"""How fast the button is: reports a second through HTTP, beside PostgreSQL's own limit."""

import asyncio
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import create_async_engine

from bench import pgbench, wrk
from bench.ground import Ground, serving
from bench.ready_to_report import presses
from bench.results import tell
from service import embedded
from service.storage.tables import loss_reports

CONNECTIONS: Final = 32
# More than one process can take in the time that is measured.
PRESSES: Final = 12_000
_LIMIT: Final = Path(__file__).with_name("one_statement.sql")


def measure(ground: Ground) -> None:
    """The confirming POST: session, form check, idempotency, durable commit; one process."""
    asyncio.run(presses(ground, PRESSES, named="limit"))
    reference = pgbench.script(ground, _LIMIT, connections=CONNECTIONS, accounts=PRESSES)
    before = asyncio.run(_stored(ground))
    pressed = asyncio.run(presses(ground, PRESSES, named="press"))
    with serving(ground):
        rate = wrk.different_posts_a_second(
            f"http://127.0.0.1:{ground.port}/r/confirm",
            host=urlsplit(ground.origin).netloc,
            origin=ground.origin,
            posts=[(press.cookie, press.body) for press in pressed],
            folder=ground.folder,
            connections=CONNECTIONS,
        )
    stored = asyncio.run(_stored(ground)) - before
    tell(
        "confirming POST of a report, one process, 32 connections",
        rate,
        "1/s",
        reference=reference,
        reference_name="pgbench, the same rows in one statement, 32 connections",
    )
    tell("reports stored in that time", stored, "reports")


async def _stored(ground: Ground) -> int:
    engine = create_async_engine(ground.cluster.url(embedded.OWNER))
    try:
        async with engine.connect() as db:
            counted = await db.scalar(select(func.count()).select_from(loss_reports))
    finally:
        await engine.dispose()
    return counted or 0
