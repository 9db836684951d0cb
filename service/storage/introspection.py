"""The hot statement: which of these session tokens are alive, right now.

On the driver's own connection, with a statement the connection prepared once. Never cached: a
freeze that has committed is seen by the very next question. Who asks is read in the same
statement, so that a gateway waits for one round trip.
"""

import hmac
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

# The session beside whoever asks; without one the asker still is known.
_SESSION: Final = f"left join ({_ACTIVE}) as session on true"
_ASKED_BY_CLIENT: Final = f"""
select c.scopes, c.secret_sha256, session.*
  from api_clients c {_SESSION}
 where c.wallet_id = $2 and c.client_id = $3 and c.ended_at is null
"""  # noqa: S608  # made of constants
_ASKED_WITH_TOKEN: Final = f"""
select t.scopes, session.*
  from access_tokens t
  join api_clients c on c.id = t.client_id {_SESSION}
 where t.wallet_id = $2 and t.token_sha256 = $3 and t.expires_at > resguardo_clock()
   and c.ended_at is null
"""  # noqa: S608  # made of constants


class ActiveSession(Struct, frozen=True, kw_only=True):
    subject: str
    began_at: datetime
    expires_at: datetime


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks may do this, and the session they asked for, if it lives."""

    scopes: tuple[str, ...]
    session: ActiveSession | None


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
                # Nothing here changes a connection, so taking it back costs no round trip.
                reset=_nothing_to_reset,
            )
        )

    async def ask(self, wallet_id: UUID, token_sha256: bytes) -> ActiveSession | None:
        """The session if it lives; None for void, unknown, expired and foreign ones alike."""
        row = await self._pool.fetchrow(_ACTIVE, [token_sha256], wallet_id)
        return None if row is None else _session(row)

    async def ask_as_client(
        self, wallet_id: UUID, token_sha256: bytes, *, client_id: str, secret_sha256: bytes
    ) -> Asked | None:
        """The same for a client with its secret; None if it is not one of this wallet's."""
        row = await self._pool.fetchrow(_ASKED_BY_CLIENT, [token_sha256], wallet_id, client_id)
        if row is None or not hmac.compare_digest(row["secret_sha256"], secret_sha256):
            return None
        return Asked(scopes=tuple(row["scopes"]), session=_session(row))

    async def ask_with_token(
        self, wallet_id: UUID, token_sha256: bytes, *, access_token_sha256: bytes
    ) -> Asked | None:
        """The same for a client with its access token."""
        row = await self._pool.fetchrow(
            _ASKED_WITH_TOKEN, [token_sha256], wallet_id, access_token_sha256
        )
        return None if row is None else Asked(scopes=tuple(row["scopes"]), session=_session(row))

    async def close(self) -> None:
        await self._pool.close()


def _session(row: Any) -> ActiveSession | None:
    if row["subject"] is None:
        return None
    return ActiveSession(
        subject=row["subject"], began_at=row["began_at"], expires_at=row["expires_at"]
    )


async def _nothing_to_reset(_: Any) -> None:
    """What the driver calls when a connection comes back."""
