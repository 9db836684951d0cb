"""What the worker holds, and how fast it is, while it empties a full outbox into a mail server."""

# ruff: noqa: ARG002, N802 - aiosmtpd names its hooks and says what they are given.

import asyncio
import sys
import time
from asyncio.subprocess import Process
from typing import Final

from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import create_async_engine

from bench import open_loop
from bench.ground import Ground, serving
from bench.latency import pressing
from bench.processes import Peak, watched
from bench.ready_to_report import presses
from bench.results import tell
from service import embedded
from service.storage.tables import deliveries, loss_reports, outbox

# It ends earlier when everything is out.
SECONDS: Final = 20
# If nobody reported before: each makes three letters or so.
REPORTS: Final = 400
_LOOKS_EVERY: Final = 0.2


class Mailbox:
    """Takes every letter and forgets it."""

    def __init__(self) -> None:
        self.letters = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.letters += 1
        return "250 2.0.0 taken"


def measure(ground: Ground) -> None:
    """Whatever reports and codes promised before; a real process, real SMTP."""
    if not asyncio.run(_was_reported(ground)):
        pressed = asyncio.run(presses(ground, REPORTS, named="letters"))
        with serving(ground):
            open_loop.run(pressing(ground, [press.request(ground) for press in pressed], rate=100))
    asyncio.run(_drain(ground))


async def _drain(ground: Ground) -> None:
    mailbox = Mailbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(mailbox, hostname="mail.example"), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    environment = dict(ground.environment) | {"RESGUARDO_SMTP_URL": f"smtp://127.0.0.1:{port}"}
    before = await _promised(ground)
    peak = Peak()
    with (ground.folder / "worker.log").open("wb") as said:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", "worker", "--only", "people"),
            env=environment,
            stdout=said,
            stderr=said,
        )
    try:
        with watched(worker.pid, peak):
            rate = await _letters_a_second(ground, worker, mailbox)
    finally:
        # The mail server lives in this loop: what is being sent is finished first.
        if worker.returncode is None:
            worker.terminate()
        await worker.wait()
    server.close()
    name = "worker that empties the outbox into a mail server"
    tell(f"{name}: letters", rate, "1/s")
    tell(f"{name}: letters taken, of {before} promises", mailbox.letters, "letters")
    tell(f"{name}: most memory, PSS", peak.pss, "MB", reference=120, reference_name="limit")
    tell(f"{name}: most memory, RSS", peak.rss, "MB", reference=120, reference_name="limit")


async def _letters_a_second(ground: Ground, worker: Process, mailbox: Mailbox) -> float:
    """From the first letter to the last, or to the end of the time there is."""
    ends, began, last, seen = time.monotonic() + SECONDS, 0.0, 0.0, 0
    while time.monotonic() < ends and worker.returncode is None:
        await asyncio.sleep(_LOOKS_EVERY)
        if mailbox.letters > seen:
            began, last, seen = began or time.monotonic(), time.monotonic(), mailbox.letters
        elif seen and not await _promised(ground):
            break
    if worker.returncode is not None or last <= began:
        raise RuntimeError("the worker sent nothing")
    return seen / (last - began)


async def _was_reported(ground: Ground) -> bool:
    engine = create_async_engine(ground.cluster.url(embedded.OWNER))
    try:
        async with engine.connect() as db:
            return bool(await db.scalar(select(exists().where(loss_reports.c.id.isnot(None)))))
    finally:
        await engine.dispose()


async def _promised(ground: Ground) -> int:
    """Promises that are not yet deliveries, and deliveries that are not yet out."""
    engine = create_async_engine(ground.cluster.url(embedded.OWNER))
    waiting = select(func.count()).select_from(outbox).where(outbox.c.dispatched_at.is_(None))
    due = select(func.count()).select_from(deliveries).where(deliveries.c.state == "due")
    try:
        async with engine.connect() as db:
            return (await db.scalar(waiting) or 0) + (await db.scalar(due) or 0)
    finally:
        await engine.dispose()
