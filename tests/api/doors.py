"""The gateways' door on the test's own database, and whoever stands before it with bare bytes."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.app import plain_url
from service.embedded import ADMIN, Cluster
from service.gateways.door import Door
from tests.ports import free_port

# No test waits so long unless something hangs.
_PATIENCE: Final = 20.0


class Said(Struct, frozen=True, kw_only=True):
    """One answer, as it came over the wire."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def keeps(self) -> bool:
        return self.headers.get("connection", "keep-alive") != "close"


class Client:
    """One connection to the door."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def send(self, *pieces: bytes) -> None:
        """Each piece leaves by itself."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            # The other side runs in this loop, and reads it before the next.
            for _ in range(5):
                await asyncio.sleep(0)

    async def hears(self, *, after: str = "GET") -> Said:
        """The next answer. Raises IncompleteReadError if there is none."""
        async with asyncio.timeout(_PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")[:-2]
            headers = dict(line.split(": ", 1) for line in lines)
            assert len(headers) == len(lines), lines
            status = int(first.split()[1])
            length = 0 if after == "HEAD" else int(headers.get("content-length", "0"))
            body = await self._reader.readexactly(length)
        if status >= 200:
            assert parsedate_to_datetime(headers["date"])
        return Said(status=status, headers=headers, body=body)

    async def hears_the_end(self) -> bool:
        """Nothing more came, and they hung up."""
        async with asyncio.timeout(_PATIENCE):
            try:
                return await self._reader.read() == b""
            except ConnectionError:
                return True

    async def asks(self, request: bytes) -> Said:
        await self.send(request)
        return await self.hears(after=request.split(b" ", 1)[0].decode("latin-1"))

    def close(self) -> None:
        self.writer.close()


class OpenDoor(Struct, frozen=True):
    door: Any
    port: int

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[Client]:
        client = Client(*await asyncio.open_connection("127.0.0.1", self.port))
        try:
            yield client
        finally:
            client.close()

    async def ask(self, request: bytes) -> Said:
        async with self.client() as client:
            return await client.asks(request)


@asynccontextmanager
async def open_door(database_url: str) -> AsyncGenerator[OpenDoor]:
    port = free_port()
    door = await Door.open(plain_url(database_url), "127.0.0.1", port)
    try:
        yield OpenDoor(door, port)
    finally:
        await door.close()


def request(
    method: str, path: str, *headers: tuple[str, str], body: bytes = b"", host: str
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join((*lines, "", "")).encode("latin-1") + body


async def let_into(cluster: Cluster, database: str, *, anybody: bool) -> None:
    """Who is in the database is thrown out; and somebody may come back, or nobody."""
    engine = create_async_engine(cluster.url(ADMIN, "postgres"), isolation_level="AUTOCOMMIT")
    async with engine.connect() as db:
        await db.execute(text(f'ALTER DATABASE "{database}" ALLOW_CONNECTIONS {anybody}'))
        await db.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": database},
        )
    await engine.dispose()
