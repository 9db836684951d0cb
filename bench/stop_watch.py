"""The service's own web process, with a stop watch on each request and on its statements.

Only the benchmark starts it: `python -m bench.stop_watch FILE`. What was timed is written to the
file, a line a request, when the process stops.
"""

import asyncio
import os
import sys
import time
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import Pool

from service import processes

# The web process is a child of the server's own; what it inherits is where it is told.
_FILE: Final = "BENCH_STOP_WATCH"


class Timed(Struct, kw_only=True):
    """One request; in seconds."""

    path: str
    took: float = 0.0
    in_sql: float = 0.0
    statements: int = 0


def read(file: Path, *, path: str) -> list[Timed]:
    """What the requests of this path took."""
    lines = file.read_bytes().splitlines()
    timed = [msgspec.json.decode(line, type=Timed) for line in lines]
    return [one for one in timed if one.path == path]


_under_way: ContextVar[Timed] = ContextVar("under_way")


class StopWatch:
    """Stands where the server calls the service, and hands everything on."""

    def __init__(self, entrance: Any, file: Path) -> None:
        self._entrance = entrance
        self._file = file
        self._timed: list[Timed] = []

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._entrance.__rsgi_init__(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._entrance.__rsgi_del__(loop)
        with self._file.open("ab") as written:
            written.writelines(msgspec.json.encode(one) + b"\n" for one in self._timed)

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        timed = Timed(path=scope.path)
        _under_way.set(timed)
        began = time.perf_counter()
        await self._entrance.__rsgi__(scope, protocol)
        timed.took = time.perf_counter() - began
        self._timed.append(timed)


def watch_statements() -> None:
    """From the moment a statement leaves until its answer is read; BEGIN goes with the first.

    The end of a transaction counts until its connection is back in the pool.
    """
    since: dict[Any, float] = {}

    def begin(of: Any) -> None:
        since[of] = time.perf_counter()

    def end(of: Any) -> None:
        began, timed = since.pop(of, None), _under_way.get(None)
        if began is not None and timed is not None:
            timed.in_sql += time.perf_counter() - began
            timed.statements += 1

    def closing(connection: Connection) -> None:
        begin(connection.connection.dbapi_connection)

    def sent(_connection: Any, cursor: Any, *_rest: Any) -> None:
        begin(cursor)

    def answered(_connection: Any, cursor: Any, *_rest: Any) -> None:
        end(cursor)

    def back(dbapi_connection: Any, _record: Any) -> None:
        end(dbapi_connection)

    event.listen(Engine, "before_cursor_execute", sent)
    event.listen(Engine, "after_cursor_execute", answered)
    event.listen(Engine, "commit", closing)
    event.listen(Engine, "rollback", closing)
    event.listen(Pool, "checkin", back)


def entrance() -> StopWatch:
    """What the web process loads."""
    # Loading it is starting it: not in the process that only watches over the web process.
    from service import server

    watch_statements()
    return StopWatch(server.entrance, Path(os.environ[_FILE]))


def main() -> None:
    from granian.constants import Interfaces
    from granian.server import Server

    processes.die_with_parent()
    os.environ[_FILE] = sys.argv[1]
    host, _, port = os.environ["RESGUARDO_LISTEN"].rpartition(":")
    # As `serve` starts it.
    Server(
        "bench.stop_watch:entrance",
        factory=True,
        address=host,
        port=int(port),
        interface=Interfaces.RSGI,
        workers=1,
        websockets=False,
        log_access=False,
    ).serve()


if __name__ == "__main__":
    main()
