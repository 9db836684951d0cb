"""What is written at the same moment is written together: one transaction for all who wait."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_MOST: Final = 256


class Batched(Generic[T, R]):
    """Whoever comes while others are being written waits for the next writing, and no longer."""

    def __init__(self, write: Callable[[Sequence[T]], Awaitable[Sequence[R]]]) -> None:
        self._write = write
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._task: asyncio.Task[None] | None = None

    async def put(self, one: T) -> R:
        """What was written for this one. Raises what writing raised, for all of its batch."""
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((one, answer))
        if self._task is None:
            self._task = asyncio.create_task(self._empty())
        return await answer

    async def _empty(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                await self._write_batch(batch)
        finally:
            self._task = None

    async def _write_batch(self, batch: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        try:
            written = await self._write([one for one, _ in batch])
        # Whatever it was, those who wait must hear of it and the next ones must go on.
        except Exception as fault:  # noqa: BLE001
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(fault)
        else:
            for (_, answer), one in zip(batch, written, strict=True):
                if not answer.done():
                    answer.set_result(one)
