"""The worker process: dispatches, sends, and does what the clock does. Any number may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from enum import StrEnum
from typing import Any, Final

import aiohttp
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.channels.sms import SmsChannel, SmsSettings
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.jobs import JOBS, Job
from service.operations.house import House
from service.operations.queueing import queue_waiting
from service.operations.sending_signals import Engine
from service.operations.wallets import require_usable_policies
from service.security.keys import load as load_keys
from service.security.outgoing import Sender
from service.security.passwords import Passwords
from service.settings import Settings
from service.signals.kinds import kinds
from service.storage.bell import Ears
from service.storage.directory import HouseDirectory
from service.storage.engine import open_engine
from service.storage.migrations import require_humble_role

log = structlog.get_logger("service.worker")

NAME: Final = "resguardo-worker"
# Polling is the guarantee that nothing stays behind; nobody waits longer for a code.
_LOOKS_EVERY: Final = 0.2
_MOST_AT_ONCE: Final = 8
# Queueing, leasing, keeping what was made, recording: the signals' own connections, so that
# nothing people are told of keeps them waiting.
_FOR_SIGNALS: Final = 4
# While the database is away there is nothing to do but to come back calmly.
_RESTS_FOR: Final = 2.0


class Part(StrEnum):
    """What a worker process is there for. Each has the Python thread of its process to itself."""

    # Messages, and what the clock does.
    PEOPLE = "people"
    # What wallets are told.
    SIGNALS = "signals"


_Loop = Coroutine[Any, Any, None]
_CONNECTIONS: Final[Mapping[Part, int]] = {
    Part.PEOPLE: _MOST_AT_ONCE + len(JOBS) + 1,
    Part.SIGNALS: _FOR_SIGNALS,
}


class Turns(Struct, frozen=True):
    """When a loop looks for work again."""

    stop: asyncio.Event
    ears: Ears

    async def repeat(self, step: Callable[[], Awaitable[int]]) -> None:
        """At once while there is work or the bell rings, every 200 ms while there is none."""
        turn = self.ears.turn()
        stopped = asyncio.create_task(self._wake_at_the_end(turn))
        try:
            while not self.stop.is_set():
                turn.clear()
                woken_by, rest = turn, _LOOKS_EVERY
                try:
                    if await step():
                        continue
                except (SQLAlchemyError, OSError, ExceptionGroup) as error:
                    log.warning("worker.step-failed", error=type(error).__name__)
                    # Not the bell, which others ring all the time.
                    woken_by, rest = self.stop, _RESTS_FOR
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken_by.wait(), rest)
        finally:
            stopped.cancel()

    async def _wake_at_the_end(self, turn: asyncio.Event) -> None:
        await self.stop.wait()
        turn.set()


async def work(settings: Settings, parts: Sequence[Part] = tuple(Part)) -> None:
    """Run until told to stop; what is being sent is finished first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        many = sum(_CONNECTIONS[part] for part in parts)
        engine = open_engine(settings.database_url, connections=many, name=NAME)
        stack.push_async_callback(engine.dispose)
        house = House(
            engine=engine,
            keys=load_keys(settings.keys),
            passwords=Passwords(),
            checkpoints=settings.checkpoints,
        )
        async with engine.connect() as db:
            await require_humble_role(db)
            await require_usable_policies(db)
        ears = Ears(settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1))
        stack.push_async_callback(ears.close)
        loops: list[_Loop] = []
        for part in parts:
            match part:
                case Part.PEOPLE:
                    loops += await _for_people(settings, house, stack, Turns(stop, ears))
                case Part.SIGNALS:
                    loops += _for_signals(settings, house, stack, Turns(stop, ears))
        ears.start()
        log.info("worker.ready", parts=[part.value for part in parts])
        await asyncio.gather(*loops)
    log.info("worker.stopped")


async def _for_people(
    settings: Settings, house: House, stack: AsyncExitStack, turns: Turns
) -> list[_Loop]:
    channels = await _channels(settings, stack)
    directory = HouseDirectory(house.keys, console=settings.console_origin)
    timer = _timer(house)
    stack.callback(timer.shutdown, wait=False)
    timer.start()

    async def dispatch() -> int:
        made = await dispatch_waiting(house.engine, directory, limit=100)
        if made:
            turns.ears.wake()
        return made

    async def send() -> int:
        return await send_due(house.engine, directory, channels, most_at_once=_MOST_AT_ONCE)

    return [turns.repeat(dispatch), turns.repeat(send)]


def _for_signals(
    settings: Settings, house: House, stack: AsyncExitStack, turns: Turns
) -> list[_Loop]:
    told = kinds(house)
    sender = Sender(loopback=settings.http_on_loopback)
    stack.push_async_callback(sender.close)
    signals = Engine(house, told, sender)

    async def queue() -> int:
        queued = await queue_waiting(house, told)
        if queued:
            signals.wake()
        return queued

    return [turns.repeat(queue), signals.run(turns.stop)]


def _timer(house: House) -> Any:
    """APScheduler as a timer only: in memory, over rows that hold the truth."""
    # The library has no annotations of its own.
    timer: Any = AsyncIOScheduler(timezone="UTC")
    for name, job in JOBS.items():
        timer.add_job(
            _carry_out,
            "interval",
            args=(house, name, job),
            id=name,
            seconds=job.every.total_seconds(),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    return timer


async def _carry_out(house: House, name: str, job: Job) -> None:
    try:
        done = await job.run(house)
    except (SQLAlchemyError, OSError) as error:
        log.warning("job.failed", job=name, error=type(error).__name__)
    else:
        if done:
            log.debug("job.done", job=name, done=done)


async def _channels(settings: Settings, stack: AsyncExitStack) -> Channels:
    email = EmailChannel(EmailSettings(url=settings.smtp_url, require_tls=not settings.smtp_plain))
    if settings.sms is None:
        return Channels(email=email)
    http = await stack.enter_async_context(aiohttp.ClientSession(trust_env=False))
    sms = SmsChannel(
        SmsSettings(
            base_url=settings.sms.url,
            account_sid=settings.sms.account,
            auth_token=settings.sms.token,
            sender=settings.sms.sender,
        ),
        http,
    )
    return Channels(email=email, sms=sms)
