"""A receiver of Shared Signals that takes everything and remembers when; RFC 8935 and no more."""

import asyncio
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Final

import msgspec
from msgspec import Struct

_TAKEN: Final = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


class Taken(Struct, frozen=True, kw_only=True):
    """One token, as it came."""

    jti: str
    subject: str
    event: str
    version: int
    # By `time.monotonic`.
    at: float


class Receiver:
    """Everything that was taken, in the order in which it came."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                token = await reader.readexactly(_length_in(head))
                self.taken.append(_read(token, time.monotonic()))
                writer.write(_TAKEN)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncGenerator[tuple[Receiver, int]]:
    """On loopback; gone afterwards."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    try:
        yield receiver, server.sockets[0].getsockname()[1]
    finally:
        server.close()


def _length_in(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.split(b":")[1])
    raise ConnectionError("a request without a length")


def _read(token: bytes, at: float) -> Taken:
    payload = token.split(b".")[1]
    claims: dict[str, Any] = msgspec.json.decode(
        urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
    )
    ((event, told),) = claims["events"].items()
    return Taken(
        jti=claims["jti"],
        subject=claims["sub_id"]["sub"],
        event=event,
        version=told["version"],
        at=at,
    )
