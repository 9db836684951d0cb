"""The hot statement: which of these session tokens are alive, right now.

On the driver's own connection, with a statement the connection prepared once. Never cached: a
freeze that has committed is seen by the very next question.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
from msgspec import Struct

_ACTIVE: Final = """
select s.token_sha256, a.subject, s.began_at, s.expires_at
  from wallet_sessions s
  join accounts a on a.id = s.account_id
 where s.token_sha256 = any($1::bytea[])
   and s.wallet_id = $2
   and a.state = 'active'
   and s.epoch = a.epoch
   and s.expires_at > resguardo_clock()
"""


class ActiveSession(Struct, frozen=True, kw_only=True):
    subject: str
    began_at: datetime
    expires_at: datetime


class Introspection:
    """A small pool of its own, so that a flood elsewhere cannot starve a gateway's question."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, url: str, *, connections: int = 2) -> "Introspection":
        """`url` is a plain PostgreSQL address; the statement lives as long as its connection."""
        # The driver has no annotations of its own.
        driver: Any = asyncpg
        return cls(
            await driver.create_pool(
                url,
                min_size=connections,
                max_size=connections,
                statement_cache_size=16,
                command_timeout=5,
            )
        )

    async def ask(self, wallet_id: UUID, token_sha256: bytes) -> ActiveSession | None:
        """The session if it lives; None for void, unknown, expired and foreign ones alike."""
        row = await self._pool.fetchrow(_ACTIVE, [token_sha256], wallet_id)
        if row is None:
            return None
        return ActiveSession(
            subject=row["subject"], began_at=row["began_at"], expires_at=row["expires_at"]
        )

    async def close(self) -> None:
        await self._pool.close()
