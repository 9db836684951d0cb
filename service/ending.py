"""How a web process ends: whoever waits is let go, whoever asked is answered, then it is over.

The server calls the application to an end when the last connection has gone. What holds one for
minutes, a console's live line or a receiver's poll, has to hear of the end before that: with the
signal itself. And whoever never finishes a question must not decide how long all this takes.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from types import FrameType
from typing import Any, Final, TypeVar, cast

import structlog

T = TypeVar("T")

log = structlog.get_logger("service.ending")

# An operation waits five seconds for a connection to the database, and is quick once it has one.
ENDS_WITHIN: Final = 8.0
# What was opened is closed in order, unless that hangs as well,
_CLOSES_WITHIN: Final = 1.0
# and the server kills whom even that did not end.
KILLED_AFTER: Final = 10
# A question that had come already may be begun to be read only now.
_LOOKS_AGAIN: Final = 0.05
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Ending:
    """Of one process: counts the requests it has in hand, and knows when nobody waits any more."""

    def __init__(
        self, *, let_go: Callable[[], Awaitable[None]], close: Callable[[], Awaitable[None]]
    ) -> None:
        # Whoever waits for something to happen; and all that was opened at the start.
        self._let_go = let_go
        self._close = close
        self._in_hand = 0
        self._reading: set[asyncio.Task[Any]] = set()
        self._gives_up = False
        self._none_in_hand = asyncio.Event()
        self._going: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        """A request has come."""
        self._in_hand += 1

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        """True where it was given up, for nobody is left to be answered."""
        self._in_hand -= 1
        if not self._in_hand:
            self._none_in_hand.set()
        return self._gives_up and kind is asyncio.CancelledError

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of the end beside the server, which has its own handler of the same signals."""
        for number in _SIGNALS:
            signal.signal(number, self._heard_before(signal.getsignal(number), loop))

    async def read(self, piece: Awaitable[T]) -> T:
        """What the server brings of a question, for as long as there is a server."""
        # The server runs each request as a task.
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        self._reading.add(task)
        try:
            return await piece
        finally:
            self._reading.discard(task)

    async def end(self) -> None:
        """No connection is left. Somebody may have hung up on a report that is being stored.

        Who hung up before their question was read will never be read: the server forgets such a
        piece, and whoever waits for it would wait for ever.
        """
        self._begin()
        self._gives_up = True
        while self._in_hand:
            for task in self._reading:
                task.cancel()
            self._none_in_hand.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._none_in_hand.wait(), _LOOKS_AGAIN)
        await self._close()
        if self._going is not None:
            self._going.cancel()

    def _heard_before(
        self,
        server: Callable[[int, FrameType | None], object] | int | None,
        loop: asyncio.AbstractEventLoop,
    ) -> Callable[[int, FrameType | None], None]:
        def hear(number: int, frame: FrameType | None) -> None:
            loop.call_soon_threadsafe(self._begin)
            if callable(server):
                server(number, frame)

        return hear

    def _begin(self) -> None:
        if self._going is None:
            self._going = asyncio.get_running_loop().create_task(self._go())

    async def _go(self) -> None:
        await self._let_go()
        await asyncio.sleep(ENDS_WITHIN)
        log.warning("web.ended-unanswered", requests=self._in_hand)
        closing = asyncio.ensure_future(self._close())
        await asyncio.wait((closing,), timeout=_CLOSES_WITHIN)
        sys.exit(0)
