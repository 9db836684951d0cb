"""From the report to whoever obeys: how long a pushed event takes, and how a backlog drains."""

import asyncio
import os
import sys
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import groupby, pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from bench import open_loop
from bench.connections import Connection, connect
from bench.crowd import enrol, registry
from bench.ground import CLIENT, Ground, serving
from bench.open_loop import percentile
from bench.ready_to_report import Press, presses
from bench.receiver import Receiver, Taken, receiving
from bench.results import tell
from domain.events import AccountFrozen
from domain.ids import AccountId, ClientId, TicketId
from notifications import outbox
from notifications.outbox import Promise
from notifications.tables import outbox as outbox_rows
from service import embedded
from service.operations import ssf_streams
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.ssf_streams import Receiver as Told
from service.processes import free_port
from service.security.keys import load as load_keys
from service.security.passwords import Passwords
from service.security.signing import Algorithm
from service.security.tokens import new_id
from service.storage import tables
from service.storage.rows import clock
from service.storage.values import StreamKind

REPORTS: Final = 50
SECONDS: Final = 10
# Nothing may take longer, from the answer to the contact to the wallet's receiver.
_LIMIT: Final = 1000.0
# Each account has two events: its sessions are over, and it is disabled.
BACKLOG: Final = int(os.environ.get("BACKLOG", "20000"))
_OF_EACH: Final = 2
# When the worker is killed, as a share of the backlog.
_KILLED_AT: Final = 0.5
# A lease lasts a minute, so what the killed worker held comes again after that.
_PATIENCE: Final = 240.0


def measure(ground: Ground) -> None:
    """ES256, and RS256 for those who want it; then what waited for a receiver that was away."""
    for algorithm in (Algorithm.ES256, Algorithm.RS256):
        pressed = asyncio.run(presses(ground, REPORTS * SECONDS, named=algorithm.value.lower()))
        with serving(ground):
            asyncio.run(_latency(ground, pressed, algorithm))
    asyncio.run(_backlog(ground))


async def _latency(ground: Ground, pressed: list[Press], algorithm: Algorithm) -> None:
    async with (
        receiving() as (receiver, port),
        _pushed_to(ground, port, algorithm),
        _worker(ground),
    ):
        answered = await _press_all(ground, pressed, algorithm.value.lower())
        await _until(lambda: len(receiver.taken) >= _OF_EACH * len(pressed), 20)
    first = {one.subject: one.at for one in reversed(receiver.taken)}
    # Whoever never heard waited for as long as anybody looked.
    ends = time.monotonic()
    waited = sorted((first.get(who, ends) - at) * 1000 for who, at in answered.items())
    name = f"report answered → pushed event received, {REPORTS}/s, {algorithm.value}"
    tell(f"{name}: p50", percentile(waited, 0.5), "ms")
    tell(f"{name}: p99", percentile(waited, 0.99), "ms")
    tell(f"{name}: max", waited[-1], "ms", reference=_LIMIT, reference_name="limit")
    tell(f"{name}: heard", len(first), "reports", reference=len(pressed), reference_name="pressed")


async def _press_all(ground: Ground, pressed: list[Press], named: str) -> dict[str, float]:
    """At fixed instants; answers when each subject's report was answered."""
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(32):
        free.put_nowait(await connect(ground.port))
    answered: dict[str, float] = {}

    async def press(number: int, one: Press) -> None:
        connection = await free.get()
        answer = await connection.ask(one.request(ground))
        if answer.status != 303:
            raise RuntimeError(f"a report was answered with {answer.status}")
        answered[f"{named}-{number}"] = time.monotonic()
        free.put_nowait(connection)

    began = time.monotonic()
    async with asyncio.TaskGroup() as tasks:
        for number, due in enumerate(open_loop.due_instants(REPORTS, SECONDS)):
            await asyncio.sleep(max(0.0, began + due - time.monotonic()))
            tasks.create_task(press(number + 1, pressed[number]))
    while not free.empty():
        free.get_nowait().close()
    return answered


async def _backlog(ground: Ground) -> None:
    """The receiver is away, everything is queued; it comes back, and a worker dies on the way."""
    port = free_port()
    async with _pushed_to(ground, port, Algorithm.ES256):
        await _promise(ground, BACKLOG // _OF_EACH)
        async with _worker(ground):
            # Nobody listens: it is tried, and left alone.
            await _until_queued(ground)
        async with receiving(port) as (receiver, _):
            # The hour is over: what the schedule would have waited for is due.
            await _come_back(ground)
            began = time.monotonic()
            async with _worker(ground) as first:
                await _until(lambda: len(receiver.taken) >= BACKLOG * _KILLED_AT, _PATIENCE)
                first.kill()
                await first.wait()
            before = len(receiver.taken) / (time.monotonic() - began)
            async with _worker(ground):
                await _until(lambda: len({one.jti for one in receiver.taken}) >= BACKLOG, _PATIENCE)
    _tell_backlog(receiver, before)


def _tell_backlog(receiver: Receiver, rate: float) -> None:
    name = f"{BACKLOG} events behind a receiver that was away"
    times = Counter(one.jti for one in receiver.taken)
    once = list({one.jti: one for one in reversed(receiver.taken)}.values())[::-1]
    tell(f"{name}: received before the worker was killed", rate, "1/s")
    tell(f"{name}: received at all", len(times), "events", reference=BACKLOG, reference_name="sent")
    tell(f"{name}: received out of order", _out_of_order(once), "accounts")
    tell(f"{name}: received again after the kill", sum(times.values()) - len(times), "events")


def _out_of_order(taken: Sequence[Taken]) -> int:
    """Accounts of whom something later came before something earlier: the first end sessions."""
    whose = sorted(enumerate(taken), key=lambda one: (one[1].subject, one[0]))
    return sum(
        any(before[1].event > after[1].event for before, after in pairwise(of_one))
        for of_one in (list(found) for _, found in groupby(whose, key=lambda one: one[1].subject))
    )


async def _promise(ground: Ground, accounts: int) -> None:
    """What as many freezes would have promised, and nothing else of them."""
    async with registry(ground) as opened:
        for number in range(accounts):
            enrol(opened, f"away-{number}")
    async with _as_owner(ground) as db:
        found = await db.execute(
            select(tables.accounts.c.id).where(tables.accounts.c.subject.like("away-%"))
        )
        now = await clock(db)
        promises = [
            Promise(
                id=new_id(),
                wallet_id=ground.wallet.id,
                event=AccountFrozen(
                    at=now,
                    account_id=AccountId(key),
                    ticket_id=TicketId(new_id()),
                    version=1,
                    epoch=1,
                    stolen=True,
                ),
            )
            for key in found.scalars()
        ]
        # People are told nothing here: only what the wallet hears is measured.
        rows = [{**row, "dispatched_at": now} for row in outbox.rows(promises)]
        for start in range(0, len(rows), 1000):
            await db.execute(insert(outbox_rows), rows[start : start + 1000])


async def _until_queued(ground: Ground) -> None:
    ends = time.monotonic() + _PATIENCE
    async with _as_owner(ground) as db:
        while time.monotonic() < ends:
            queued = await db.scalar(
                select(func.count())
                .select_from(tables.signals)
                .where(tables.signals.c.state == "due")
            )
            if queued == BACKLOG:
                return
            await asyncio.sleep(0.1)
    raise RuntimeError("not everything was queued")


async def _come_back(ground: Ground) -> None:
    async with _as_owner(ground) as db:
        await db.execute(update(tables.streams).values(rests_until=None))
        await db.execute(text("update signals set due_at = resguardo_clock() where state = 'due'"))


@asynccontextmanager
async def _as_owner(ground: Ground) -> AsyncGenerator[AsyncConnection]:
    engine = create_async_engine(ground.cluster.url(embedded.OWNER), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as db:
            yield db
    finally:
        await engine.dispose()


@asynccontextmanager
async def _pushed_to(ground: Ground, port: int, algorithm: Algorithm) -> AsyncGenerator[None]:
    """A stream to this port for as long as this lasts."""
    engine = create_async_engine(ground.cluster.url(embedded.SERVICE))
    house = House(engine=engine, keys=load_keys(ground.keys), passwords=Passwords())
    try:
        async with engine.connect() as db:
            key = await db.scalar(
                select(tables.api_clients.c.id).where(tables.api_clients.c.client_id == CLIENT)
            )
        caller = Caller(
            client_id=ClientId(key or UUID(int=0)), wallet_id=ground.wallet.id, scopes=()
        )
        told = Told(
            kind=StreamKind.PUSH, url=f"http://127.0.0.1:{port}/events", algorithm=algorithm
        )
        made = await ssf_streams.make_stream(house, ground.wallet, caller, told, request=None)
        yield
        await ssf_streams.delete_stream(house, ground.wallet, caller, str(made.id))
    finally:
        await engine.dispose()


@asynccontextmanager
async def _worker(ground: Ground) -> AsyncGenerator[Process]:
    """Both parts, each in its process; this is the one that tells wallets."""
    path = ground.folder / f"worker-of-signals-{time.monotonic_ns()}.log"
    with path.open("ab") as said:
        people, signals = [
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service", "worker", "--only", part),
                env=dict(ground.environment),
                stdout=said,
                stderr=said,
            )
            for part in ("people", "signals")
        ]
    try:
        await _until(lambda: path.read_text().count("worker.ready") == len((people, signals)), 30)
        yield signals
    finally:
        for worker in (people, signals):
            if worker.returncode is None:
                worker.terminate()
            await worker.wait()


async def _until(reached: Callable[[], bool], within: float) -> None:
    """Returns also when it is not reached: what came so far is told."""
    ends = time.monotonic() + within
    while not reached() and time.monotonic() < ends:  # noqa: ASYNC110  # others write the counts
        await asyncio.sleep(0.02)
