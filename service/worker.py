"""The worker process: dispatches, sends, and does what the clock does. Any number may run."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import aiohttp
import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from notifications.channels import Channels
from notifications.channels.email import EmailChannel, EmailSettings
from notifications.channels.sms import SmsChannel, SmsSettings
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.jobs import JOBS, Job
from service.operations.house import House
from service.security.keys import load as load_keys
from service.security.passwords import Passwords
from service.settings import Settings
from service.storage.directory import HouseDirectory
from service.storage.migrations import require_humble_role

log = structlog.get_logger("service.worker")

NAME: Final = "resguardo-worker"
# Polling is the guarantee that nothing stays behind; nobody waits longer for a code.
_LOOKS_EVERY: Final = 0.2
_MOST_AT_ONCE: Final = 8
# While the database is away there is nothing to do but to come back calmly.
_RESTS_FOR: Final = 2.0


async def work(settings: Settings) -> None:
    """Run until told to stop; what is being sent is finished first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        engine = create_async_engine(
            settings.database_url,
            pool_size=_MOST_AT_ONCE + len(JOBS) + 1,
            max_overflow=0,
            hide_parameters=True,
            connect_args={"server_settings": {"application_name": NAME}},
        )
        stack.push_async_callback(engine.dispose)
        house = House(
            engine=engine,
            keys=load_keys(settings.keys),
            passwords=Passwords(),
            checkpoints=settings.checkpoints,
        )
        async with engine.connect() as db:
            await require_humble_role(db)
        channels = await _channels(settings, stack)
        directory = HouseDirectory(house.keys)
        timer = _timer(house)
        stack.callback(timer.shutdown, wait=False)
        timer.start()

        async def dispatch() -> int:
            return await dispatch_waiting(engine, directory, limit=100)

        async def send() -> int:
            return await send_due(engine, directory, channels, most_at_once=_MOST_AT_ONCE)

        log.info("worker.ready")
        await asyncio.gather(_until(stop, dispatch), _until(stop, send))
    log.info("worker.stopped")


async def _until(stop: asyncio.Event, step: Callable[[], Awaitable[int]]) -> None:
    """Repeat a step: at once while there is work, every 200 ms while there is none."""
    while not stop.is_set():
        rest = _LOOKS_EVERY
        try:
            if await step():
                continue
        except (SQLAlchemyError, OSError, ExceptionGroup) as error:
            log.warning("worker.step-failed", error=type(error).__name__)
            rest = _RESTS_FOR
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), rest)


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
