"""Whoever stores something to be told rings; whoever tells looks at once instead of a little later.

The bell is rung after the commit, on a connection of its own: inside a transaction it would make
every report wait for every other. A ring that is lost costs nothing but the time until the next
look; looking again and again is the guarantee.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import asyncpg
import structlog
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

log = structlog.get_logger("service.storage")

_CHANNEL: Final = "resguardo_outbox"
# However much is stored, no more often than this.
_RINGS_EVERY: Final = 0.01
_TAKES: Final = 5.0
_RESTS_FOR: Final = 2.0
# A ring is a transaction like any other, and would have the disk wait for it.
_NOT_KEPT: Final = {"synchronous_commit": "off"}
_MARK: Final = "has_committed"
# The driver has no annotations of its own.
_driver: Any = asyncpg


class _Line:
    """One connection that stays open for the bell, and is opened again when it is lost."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._go_on())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._connection is not None:
            self._connection.terminate()

    async def _go_on(self) -> None:
        while True:
            try:
                await self._serve()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as fault:
                log.info("bell.database-away", error=type(fault).__name__)
                if self._connection is not None:
                    self._connection.terminate()
            await asyncio.sleep(_RESTS_FOR)

    async def _open(self) -> Any:
        self._connection = await _driver.connect(
            self._url, timeout=_TAKES, command_timeout=_TAKES, server_settings=_NOT_KEPT
        )
        return self._connection

    async def _serve(self) -> None:
        raise NotImplementedError


class Bell(_Line):
    """Rung whenever a transaction of this engine has committed."""

    def __init__(self, url: str, engine: AsyncEngine) -> None:
        super().__init__(url)
        self._something = asyncio.Event()
        event.listen(engine.sync_engine, "commit", self._mark)
        # Not before the connection comes back is what it stored there for others.
        event.listen(engine.sync_engine.pool, "checkin", self._ring)

    def _mark(self, connection: Any) -> None:
        connection.info[_MARK] = True

    def _ring(self, _connection: Any, record: Any) -> None:
        if record.info.pop(_MARK, False):
            self._something.set()

    async def _serve(self) -> None:
        connection = await self._open()
        while True:
            await self._something.wait()
            self._something.clear()
            await connection.execute(f"NOTIFY {_CHANNEL}")
            await asyncio.sleep(_RINGS_EVERY)


class Ears(_Line):
    """Hears the bell of every other process. Each loop that looks for work waits on its own."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._waiting: list[asyncio.Event] = []

    def turn(self) -> asyncio.Event:
        """Set whenever there may be something to do; whoever waits on it clears it."""
        found = asyncio.Event()
        self._waiting.append(found)
        return found

    def wake(self, *_heard: object) -> None:
        """Something may be due, here or elsewhere."""
        for one in self._waiting:
            one.set()

    async def _serve(self) -> None:
        connection = await self._open()
        lost = asyncio.Event()
        connection.add_termination_listener(_sets(lost))
        await connection.add_listener(_CHANNEL, self.wake)
        # What was stored while nobody listened.
        self.wake()
        await lost.wait()


def _sets(lost: asyncio.Event) -> Callable[[Any], None]:
    def end(_connection: Any) -> None:
        lost.set()

    return end
