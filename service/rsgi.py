"""Where the server meets the application, in each web process.

The server speaks RSGI, which asks for half the work of ASGI: so a gateway's question is answered
here at once. Everything else is handed to the framework, as ASGI.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final

# The server re-exports them without saying so.
from granian.rsgi import (
    HTTPProtocol,  # pyright: ignore[reportPrivateImportUsage]  # not said to be public
    ProtocolClosed,  # pyright: ignore[reportPrivateImportUsage]  # not said to be public
    Scope,
)
from litestar import Litestar
from litestar.exceptions import ClientException

from service.ending import Ending
from service.signals.fast_lane import HEADERS, FastLane

_ASGI: Final = {"version": "3.0", "spec_version": "2.4"}


class Entrance:
    """What the server calls: once when it starts, for each request, and once when it stops."""

    def __init__(
        self,
        app: Litestar,
        lane: FastLane,
        *,
        settle: Callable[[], None],
        warm_up: Callable[[], Awaitable[None]],
        let_go: Callable[[], Awaitable[None]],
    ) -> None:
        self._app = app
        self._lane = lane
        # What is left to do when everything is loaded; and what may be done while it answers.
        self._settle = settle
        self._warm_up = warm_up
        self._stop = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._ending = Ending(let_go=let_go, close=self._close)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Opens what the application lives on; raises what it raises, and the process ends."""
        loop.run_until_complete(self._begin())
        self._settle()
        self._ending.listen(loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(self._ending.end())

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        with self._ending:
            await self._answer(scope, protocol)

    async def _answer(self, scope: Scope, protocol: HTTPProtocol) -> None:
        body: bytes | None = None
        if self._lane.may_answer(scope):
            try:
                body = await self._ending.read(protocol())
            except ProtocolClosed:
                # In the middle of the question; nobody is left to be told.
                return
            answer = await self._lane.answer(scope.headers, body)
            if answer is not None:
                protocol.response_bytes(HTTPStatus.OK, HEADERS, answer)
                return
        exchange = _Exchange(scope, protocol, body, self._ending)
        await self._app(exchange.scope(), exchange.receive, exchange.send)  # pyright: ignore[reportArgumentType]  # the same shapes by other names

    async def _begin(self) -> None:
        opened = asyncio.Event()
        self._life = asyncio.create_task(self._live(opened))
        waiting = asyncio.create_task(opened.wait())
        await asyncio.wait((self._life, waiting), return_when=asyncio.FIRST_COMPLETED)
        if self._life.done():
            waiting.cancel()
            self._life.result()

    async def _live(self, opened: asyncio.Event) -> None:
        """One task from start to end: what a task opened, another could not close."""
        async with self._app.lifespan():
            opened.set()
            warming = asyncio.ensure_future(self._warm_up())
            await self._stop.wait()
            # It may end before it was ever ready for a bad night.
            warming.cancel()
            with suppress(asyncio.CancelledError):
                await warming

    async def _close(self) -> None:
        self._stop.set()
        if self._life is not None:
            await self._life


class _Exchange:
    """One request and its answer, as ASGI has them (specification 2.4)."""

    def __init__(
        self, scope: Scope, protocol: HTTPProtocol, body: bytes | None, ending: Ending
    ) -> None:
        self._asked = scope
        self._protocol = protocol
        self._ending = ending
        # Read already, by whoever could not answer it.
        self._body = body
        self._unread: Any = None
        self._is_whole = False
        self._bytes_read = 0
        self._empty_pieces = 0
        self._start: Any = None
        self._stream: Any = None
        self._is_answered = asyncio.Event()

    def scope(self) -> dict[str, Any]:
        asked = self._asked
        headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in asked.headers.items()
        ]
        # The server keeps back what is not in ASCII. That it was sent is not kept back: a key or a
        # token that fits nothing is refused, and not taken for none.
        told = {name for name, _ in headers}
        names = {name.encode("latin-1") for name in asked.headers.keys()}  # noqa: SIM118 (no dict)
        headers += [(name, b"\xff") for name in sorted(names - told)]
        if asked.authority is not None:
            headers.insert(0, (b"host", asked.authority.encode("latin-1")))
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": asked.http_version,
            "method": asked.method,
            "scheme": asked.scheme,
            "path": asked.path,
            "raw_path": asked.path.encode(),
            "query_string": asked.query_string.encode(),
            "root_path": "",
            "headers": headers,
            "client": _host_and_port(asked.client),
            "server": _host_and_port(asked.server),
            "state": {},
            "extensions": {},
        }

    async def receive(self) -> dict[str, Any]:
        """The body piece by piece, so that one too long is refused before it is read.

        Raises ClientException where the client went away in the middle of it.
        """
        if self._is_whole:
            await self._is_over()
            return {"type": "http.disconnect"}
        if self._body is None and (piece := await self._next_piece()) is not None:
            self._bytes_read += len(piece)
            self._empty_pieces += not piece
            return {"type": "http.request", "body": piece, "more_body": True}
        if self._body is None and self._broke_off():
            raise ClientException
        self._is_whole = True
        return {"type": "http.request", "body": self._body or b"", "more_body": False}

    async def _next_piece(self) -> bytes | None:
        """None at the end. Not by `anext` with a default: on the server's own awaitables that
        ends the whole process."""
        if self._unread is None:
            self._unread = aiter(self._protocol)
        try:
            return await self._ending.read(self._unread.__anext__())
        except StopAsyncIteration:
            return None

    def _broke_off(self) -> bool:
        """The server hands over what came as if that were all: half a form would be a form. It
        ends a body with one empty piece, and puts another where the connection was lost."""
        told = self._asked.headers.get("content-length")
        if told is not None:
            return self._bytes_read < int(told)
        return self._asked.http_version == "1.1" and self._empty_pieces > 1

    async def _is_over(self) -> None:
        """The client has gone, or has its whole answer: the framework waits beside each stream."""
        gone = asyncio.ensure_future(self._protocol.client_disconnect())
        answered = asyncio.create_task(self._is_answered.wait())
        try:
            await asyncio.wait((gone, answered), return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            answered.cancel()

    async def send(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._stream is None and not more:
            self._protocol.response_bytes(self._start["status"], self._headers(), body)
            self._is_answered.set()
            return
        if self._stream is None:
            self._stream = self._protocol.response_stream(self._start["status"], self._headers())
        try:
            if body:
                await self._stream.send_bytes(body)
        except ProtocolClosed as gone:
            # How ASGI says that nobody listens any more.
            raise OSError("the client has gone") from gone
        if not more:
            # The server ends the answer when nobody holds the stream any more.
            self._stream = None
            self._is_answered.set()

    def _headers(self) -> list[tuple[str, str]]:
        return [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in self._start["headers"]
        ]


def _host_and_port(address: str) -> tuple[str, int]:
    """`127.0.0.1:80` or `[::1]:80`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
