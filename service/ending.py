"""How a web process ends: whoever waits is let go, whoever asked is answered, then it is over.

The server calls the application to an end when the last connection has gone. What holds one for
minutes, a console's live line or a receiver's poll, has to hear of the end before that: with the
signal itself. And whoever never finishes a question must not decide how long all this takes.
"""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Final

import structlog

log = structlog.get_logger("service.ending")

# An operation waits five seconds for a connection to the database, and is quick once it has one.
ENDS_WITHIN: Final = 8.0
# What was opened is closed in order, unless that hangs as well,
_CLOSES_WITHIN: Final = 1.0
# and the server kills whom even that did not end.
KILLED_AFTER: Final = 10
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
        self._none_in_hand = asyncio.Event()
        self._going: asyncio.Task[None] | None = None

    def __enter__(self) -> None:
        """A request has come."""
        self._in_hand += 1

    def __exit__(self, *_: object) -> None:
        self._in_hand -= 1
        if not self._in_hand:
            self._none_in_hand.set()

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hear of the end beside the server, which has its own handler of the same signals."""
        for number in _SIGNALS:
            signal.signal(number, self._heard_before(signal.getsignal(number), loop))

    async def end(self) -> None:
        """No connection is left. Somebody may have hung up on a report that is being stored."""
        self._begin()
        while self._in_hand:
            self._none_in_hand.clear()
            await self._none_in_hand.wait()
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
