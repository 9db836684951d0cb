"""Agents' passwords: argon2id (19 MiB, 2 passes), off the event loop, at most one per core."""

import asyncio
import os
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 15


_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class Passwords:
    """Slow on purpose; a frozen account's gateway must not wait for it."""

    def __init__(self) -> None:
        self._hasher = _HASHER
        self._one_per_core = asyncio.Semaphore(os.cpu_count() or 1)
        # Compared when nobody has the name, so that "unknown" takes as long as "wrong".
        self._nobody = _nobodys()

    async def hash(self, password: str) -> str:
        async with self._one_per_core:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, stored: str | None, typed: str) -> bool:
        async with self._one_per_core:
            return await asyncio.to_thread(self._verify, stored, typed)

    def needs_rehash(self, stored: str) -> bool:
        """The parameters have been raised since."""
        return self._hasher.check_needs_rehash(stored)

    def _verify(self, stored: str | None, typed: str) -> bool:
        try:
            right = self._hasher.verify(self._nobody if stored is None else stored, typed)
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None


@cache
def _nobodys() -> str:
    """Right for nobody; hashed once in a process."""
    return _HASHER.hash("nobody's password")
