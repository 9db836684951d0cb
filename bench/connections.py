"""One keep-alive connection, as thin as possible: what is measured is the other side."""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

_HEAD_ENDS: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# Answers that never have a body, whatever their head says.
_BARE: Final = frozenset({204, 304})


class Answer(Struct, frozen=True):
    status: int
    # As it came: status line and headers.
    head: bytes
    body: bytes


class Unreadable(ConnectionError):
    """An answer without a length; our service always tells it."""


class Connection(asyncio.Protocol):
    """Asks one thing at a time. A lost connection is a ConnectionError, and stays lost."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._asked: asyncio.Future[Answer] | None = None
        self._transport: asyncio.Transport | None = None

    async def ask(self, request: bytes) -> Answer:
        if self._transport is None:
            raise ConnectionResetError
        self._asked = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._asked

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  (a stream, as was asked for)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(exc or ConnectionResetError())

    def data_received(self, data: bytes) -> None:
        self._received += data
        head_ends = self._received.find(_HEAD_ENDS)
        if head_ends < 0 or self._asked is None or self._asked.done():
            return
        head = bytes(self._received[:head_ends])
        status = int(head[9:12])
        length = _length_in(head, status)
        if length is None:
            self._asked.set_exception(Unreadable(head[:40].decode("latin-1")))
            self.close()
            return
        body_starts = head_ends + len(_HEAD_ENDS)
        if len(self._received) - body_starts < length:
            return
        body = bytes(self._received[body_starts : body_starts + length])
        self._received.clear()
        self._asked.set_result(Answer(status, head, body))


async def connect(port: int) -> Connection:
    """To a process on this machine. Raises OSError."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    return connection


def request(
    method: str, path: str, *, host: str, headers: Mapping[str, str], body: str = ""
) -> bytes:
    """A request as it goes over the wire; a body is a form."""
    sent = {"Host": host, **headers}
    if method == "POST":
        sent |= {
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body.encode())),
        }
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _length_in(head: bytes, status: int) -> int | None:
    if status in _BARE:
        return 0
    found = _LENGTH.search(head)
    return None if found is None else int(found[1])
