"""The process: it opens the door, and closes it when it is told to stop."""

import asyncio
import gc
import os
import resource
import signal
import sys
from contextlib import suppress
from typing import Final

import asyncpg
import structlog
import uvloop

from service.gateways.door import MOST_CONNECTIONS, Door
from service.settings import GatewaysSettings

log = structlog.get_logger("service.gateways")
# Beside the clients': the database's, and what Python itself has open.
_OTHER_FILES: Final = 100


# Before whatever else wants the machine at the same moment: a night of many reports, say.
_GOES_FIRST: Final = -5


def run(settings: GatewaysSettings) -> None:
    """Until SIGTERM or SIGINT; what was asked by then is answered first."""
    _allow_files()
    # Where the system allows it to this identity; elsewhere all are alike.
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, _GOES_FIRST)
    uvloop.run(_work(settings))


async def _work(settings: GatewaysSettings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    url = settings.database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
    try:
        door = await Door.open(url, settings.host, settings.port)
    except (OSError, asyncpg.PostgresError) as fault:
        # Whoever runs this starts it again.
        log.error("gateways.not-started", error=type(fault).__name__)  # noqa: TRY400  # no trace
        sys.exit(1)
    # What was loaded at the start stays: sorting it again and again costs the slowest answers.
    gc.collect()
    gc.freeze()
    log.info("gateways.ready")
    await stop.wait()
    await door.close()
    log.info("gateways.stopped")


def _allow_files() -> None:
    """Some systems allow a process fewer open files than there may be clients."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _OTHER_FILES
    if soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
