"""What all connections share: who may come in, the time, the database, and the end of it all."""

import asyncio
from contextlib import AsyncExitStack
from email.utils import formatdate
from typing import Final

import asyncpg
import structlog

from service.gateways import answers
from service.gateways.answers import Answer
from service.gateways.connection import Connection
from service.gateways.origins import Origins
from service.gateways.questions import Reader
from service.storage.introspection import Introspection

log = structlog.get_logger("service.gateways")

# Gateways keep a few dozen each; one more than these takes the place of whoever is idle longest.
MOST_CONNECTIONS: Final = 1000
_BACKLOG: Final = 1024
# What was asked before the end is answered, for so long.
_ENDS_WITHIN: Final = 8.0
_ON_ITS_WAY: Final = 0.2
# How the driver, and what it stands on, say that the database cannot answer.
_AWAY: Final[tuple[type[Exception], ...]] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)


class Door:
    """Opened with `Door.open`."""

    def __init__(self, introspection: Introspection, origins: Origins) -> None:
        self.introspection = introspection
        reader = Reader(origins)
        self.read, self.again = reader.read, reader.again
        self.is_closing = False
        # Since the door was opened; and the header that says what time it is.
        self.seconds = 0
        self.date = _date()
        self._origins = origins
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self._all_gone = asyncio.Event()
        self._ticking: asyncio.Task[None] | None = None
        self._said_away_at = -1

    @classmethod
    async def open(cls, url: str, host: str, port: int) -> "Door":
        """`url` is a plain PostgreSQL address. Raises what the driver raises if it is away now."""
        async with AsyncExitStack() as stack:
            introspection = await Introspection.connect(url, connections=1)
            stack.push_async_callback(introspection.close)
            origins = await Origins.connect(url)
            stack.push_async_callback(origins.close)
            door = cls(introspection, origins)
            door._server = await asyncio.get_running_loop().create_server(
                lambda: Connection(door), host, port, backlog=_BACKLOG
            )
            door._ticking = asyncio.create_task(door._tick())
            stack.pop_all()
        return door

    async def close(self) -> None:
        """Nobody new comes in; who asked is answered; then it is over."""
        self.is_closing = True
        if self._server is not None:
            self._server.close()
        # What is on its way to us at this moment is read, and answered as the last.
        await asyncio.sleep(_ON_ITS_WAY)
        for connection in list(self._connections):
            if connection.is_idle:
                connection.close()
        if self._connections:
            self._all_gone.clear()
            try:
                await asyncio.wait_for(self._all_gone.wait(), _ENDS_WITHIN)
            except TimeoutError:
                for connection in list(self._connections):
                    connection.abort()
        if self._ticking is not None:
            self._ticking.cancel()
        await self._origins.close()
        await self.introspection.close()

    def welcome(self, connection: Connection) -> None:
        if len(self._connections) >= MOST_CONNECTIONS and not self._make_room():
            self._connections.add(connection)
            connection.turn_away()
            return
        self._connections.add(connection)

    def _make_room(self) -> bool:
        """An idle connection may be closed at any time (RFC 9112, section 9.5)."""
        idle = [connection for connection in self._connections if connection.is_idle]
        if not idle:
            return False
        longest = min(idle, key=lambda connection: connection.since)
        self._connections.discard(longest)
        longest.close()
        return True

    def farewell(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections:
            self._all_gone.set()

    def excuse(self, fault: Exception) -> Answer:
        """No answer is not "active"; and it is said once a second, not to each who asks."""
        is_away = isinstance(fault, _AWAY)
        if self._said_away_at != self.seconds:
            self._said_away_at = self.seconds
            event = "request.database-away" if is_away else "request.fault"
            log.error(event, error=type(fault).__name__)
        return answers.UNAVAILABLE if is_away else answers.FAULT

    def second(self) -> None:
        """One has passed."""
        self.seconds += 1
        self.date = _date()
        for connection in list(self._connections):
            connection.look_at_the_clock()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            self.second()


def _date() -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n".encode()
