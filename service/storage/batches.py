"""Questions that arrive together are asked together: one round trip for all who wait.

A question joins only a batch that is sent after it arrived, so batching never makes an answer
older than asking alone would.
"""

import asyncio
from contextlib import suppress
from typing import Any, Final, Protocol

import asyncpg
import structlog

log = structlog.get_logger("service.storage")

# Few enough that the first of a batch does not wait for the last one's answer.
_MOST: Final = 64
_TAKES: Final = 5.0
# A statement is planned once for every size of table it will ever meet: by its keys, always.
BY_KEYS: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # What is asked here changes nothing, whatever the role may do.
    "default_transaction_read_only": "on",
}
# The driver has no annotations of its own.
_driver: Any = asyncpg


class Waiting(Protocol):
    """Whoever asked: told once, in one of these two ways."""

    def answered(self, row: Any, place: int | None) -> None:
        """The caller's row, None for a caller there is not, and the key's place in its arrays,
        None if it is not there."""
        ...

    def unanswered(self, fault: Exception) -> None:
        """The driver's own errors, mostly."""
        ...


_Question = tuple[bytes, Waiting]


class Batches:
    """A prepared statement over an array, on a few connections that stay open.

    The statement's first parameters say who asks, its last takes the keys of everyone who asks as
    the same caller at the same moment. It answers one row: about the caller, and arrays of what
    was found, whose first, `numbers`, says for which keys, counted from 1. No row: no such caller.
    """

    def __init__(self, url: str, statement: str) -> None:
        self._url = url
        self._statement = statement
        # The caller who has waited longest stands first.
        self._waiting: dict[tuple[Any, ...], list[_Question]] = {}
        self._something = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(cls, url: str, statement: str, *, connections: int) -> "Batches":
        """Raises what the driver raises when the database cannot be reached now."""
        batches = cls(url, statement)
        first = [await batches._open() for _ in range(connections)]
        batches._lanes = [asyncio.create_task(batches._lane(*opened)) for opened in first]
        return batches

    def ask(self, caller: tuple[Any, ...], key: bytes) -> "asyncio.Future[Any]":
        """The caller's row and the key's place in its arrays, None if it is not there; None for
        a caller there is not. Raises the driver's errors.
        """
        promise = _Promise()
        self.put(caller, key, promise)
        return promise.future

    def put(self, caller: tuple[Any, ...], key: bytes, who: Waiting) -> None:
        """The same for those who would rather be called than wait."""
        waiting = self._waiting.get(caller)
        if waiting is None:
            self._waiting[caller] = [(key, who)]
            self._something.set()
        else:
            waiting.append((key, who))

    async def close(self) -> None:
        for lane in self._lanes:
            lane.cancel()
        for lane in self._lanes:
            with suppress(asyncio.CancelledError):
                await lane

    async def _open(self) -> tuple[Any, Any]:
        connection = await _driver.connect(
            self._url, timeout=_TAKES, command_timeout=_TAKES, server_settings=BY_KEYS
        )
        return connection, await connection.prepare(self._statement)

    async def _lane(self, connection: Any, prepared: Any) -> None:
        """Serve one connection; a lost one is opened again for the next who ask."""
        try:
            while True:
                caller, batch = await self._next_batch()
                try:
                    if connection.is_closed():
                        connection, prepared = await self._open()
                    row = await prepared.fetchrow(*caller, [key for key, _ in batch])
                # Whatever it was, those who wait must hear of it and the lane must go on.
                except Exception as fault:  # noqa: BLE001
                    _refuse(batch, fault)
                    connection.terminate()
                else:
                    _answer(batch, row)
        finally:
            connection.terminate()

    async def _next_batch(self) -> tuple[tuple[Any, ...], list[_Question]]:
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        caller = next(iter(self._waiting))
        batch = self._waiting.pop(caller)
        if len(batch) > _MOST:
            # To the end of the line: nobody waits for one caller's flood.
            self._waiting[caller] = batch[_MOST:]
            del batch[_MOST:]
        return caller, batch


class _Promise:
    """Waits in a future, which may have been given up meanwhile."""

    __slots__ = ("future",)

    def __init__(self) -> None:
        self.future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def answered(self, row: Any, place: int | None) -> None:
        if not self.future.done():
            self.future.set_result(None if row is None else (row, place))

    def unanswered(self, fault: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(fault)


def _answer(batch: list[_Question], row: Any) -> None:
    numbers = () if row is None else row["numbers"]
    found: dict[int, int] = {number: place for place, number in enumerate(numbers)}
    for number, (_, who) in enumerate(batch, start=1):
        # One who cannot take the answer must not keep it from those behind.
        try:
            who.answered(row, found.get(number))
        except Exception:
            log.exception("answer.not-taken")


def _refuse(batch: list[_Question], fault: Exception) -> None:
    for _, who in batch:
        try:
            who.unanswered(fault)
        except Exception:
            log.exception("answer.not-taken")
