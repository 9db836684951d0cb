"""Questions that arrive together are asked together: one round trip for all who wait.

A question joins only a batch that is sent after it arrived, so batching never makes an answer
older than asking alone would.
"""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any, Final

import asyncpg

# Few enough that the first of a batch does not wait for the last one's answer.
_MOST: Final = 64
_TAKES: Final = 5.0
# The driver has no annotations of its own.
_driver: Any = asyncpg

_Question = tuple[tuple[Any, ...], "asyncio.Future[Any]"]


class Batches:
    """A prepared statement over arrays, on a few connections that stay open.

    The statement takes one array a column and answers rows with the `number` of their question,
    counted from 1; a question without a row is answered None.
    """

    def __init__(self, url: str, statement: str, columns: int) -> None:
        self._url = url
        self._statement = statement
        self._columns = columns
        self._waiting: deque[_Question] = deque()
        self._something = asyncio.Event()
        self._lanes: list[asyncio.Task[None]] = []

    @classmethod
    async def connect(
        cls, url: str, statement: str, *, columns: int, connections: int
    ) -> "Batches":
        """Raises what the driver raises when the database cannot be reached now."""
        batches = cls(url, statement, columns)
        first = [await batches._open() for _ in range(connections)]
        batches._lanes = [asyncio.create_task(batches._lane(*opened)) for opened in first]
        return batches

    async def ask(self, *question: Any) -> Any:
        """The row for this question, or None. Raises the driver's errors."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        self._something.set()
        return await answer

    async def close(self) -> None:
        for lane in self._lanes:
            lane.cancel()
        for lane in self._lanes:
            with suppress(asyncio.CancelledError):
                await lane

    async def _open(self) -> tuple[Any, Any]:
        connection = await _driver.connect(self._url, timeout=_TAKES, command_timeout=_TAKES)
        return connection, await connection.prepare(self._statement)

    async def _lane(self, connection: Any, prepared: Any) -> None:
        """Serve one connection; a lost one is opened again for the next who ask."""
        try:
            while True:
                batch = await self._next_batch()
                try:
                    if connection.is_closed():
                        connection, prepared = await self._open()
                    self._answer(batch, await prepared.fetch(*self._arrays(batch)))
                # Whatever it was, those who wait must hear of it and the lane must go on.
                except Exception as fault:  # noqa: BLE001
                    self._refuse(batch, fault)
                    connection.terminate()
        finally:
            connection.terminate()

    async def _next_batch(self) -> list[_Question]:
        while not self._waiting:
            self._something.clear()
            await self._something.wait()
        taken = min(len(self._waiting), _MOST)
        return [self._waiting.popleft() for _ in range(taken)]

    def _arrays(self, batch: list[_Question]) -> list[list[Any]]:
        return [[question[column] for question, _ in batch] for column in range(self._columns)]

    @staticmethod
    def _answer(batch: list[_Question], rows: list[Any]) -> None:
        by_number = {row["number"]: row for row in rows}
        for number, (_, answer) in enumerate(batch, start=1):
            if not answer.done():
                answer.set_result(by_number.get(number))

    @staticmethod
    def _refuse(batch: list[_Question], fault: Exception) -> None:
        for _, answer in batch:
            if not answer.done():
                answer.set_exception(fault)
