"""The hot statement: which of these session tokens are alive, right now.

On the driver's own connections, with statements they prepared once. Never cached: a freeze that
has committed is seen by the very next question.
"""

import hmac
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.storage.batches import Batches

# One statement for everyone who asks at the same moment: each row of the arrays is a question,
# with who asks beside it, so that a gateway waits for one round trip at most.
_ACTIVE: Final = """
left join lateral (
  select a.subject, s.began_at, s.expires_at
    from wallet_sessions s
    join accounts a on a.id = s.account_id
   where s.token_sha256 = q.token
     and s.wallet_id = q.wallet_id
     and a.state = 'active'
     and s.epoch = a.epoch
     and s.expires_at > resguardo_clock()
) as session on true
"""
_AS_CLIENT: Final = f"""
select q.number, c.scopes, c.secret_sha256, session.*
  from unnest($1::bytea[], $2::uuid[], $3::text[])
       with ordinality as q (token, wallet_id, client_id, number)
  join api_clients c
    on c.client_id = q.client_id and c.wallet_id = q.wallet_id and c.ended_at is null
  {_ACTIVE}
"""  # noqa: S608  # made of constants
_WITH_TOKEN: Final = f"""
select q.number, t.scopes, session.*
  from unnest($1::bytea[], $2::uuid[], $3::bytea[])
       with ordinality as q (token, wallet_id, access_token, number)
  join access_tokens t
    on t.token_sha256 = q.access_token and t.wallet_id = q.wallet_id
   and t.expires_at > resguardo_clock()
  join api_clients c on c.id = t.client_id and c.ended_at is null
  {_ACTIVE}
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
    """Connections of its own, so that a flood elsewhere cannot starve a gateway's question."""

    def __init__(self, as_client: Batches, with_token: Batches) -> None:
        self._as_client = as_client
        self._with_token = with_token

    @classmethod
    async def connect(cls, url: str) -> "Introspection":
        """`url` is a plain PostgreSQL address; a statement lives as long as its connection."""
        as_client = await Batches.connect(url, _AS_CLIENT, columns=3, connections=2)
        return cls(as_client, await Batches.connect(url, _WITH_TOKEN, columns=3, connections=1))

    async def ask_as_client(
        self, wallet_id: UUID, token_sha256: bytes, *, client_id: str, secret_sha256: bytes
    ) -> Asked | None:
        """What a client with its secret may do and the session, if it lives.

        None if it is not one of this wallet's clients.
        """
        row = await self._as_client.ask(token_sha256, wallet_id, client_id)
        if row is None or not hmac.compare_digest(row["secret_sha256"], secret_sha256):
            return None
        return Asked(scopes=tuple(row["scopes"]), session=_session(row))

    async def ask_with_token(
        self, wallet_id: UUID, token_sha256: bytes, *, access_token_sha256: bytes
    ) -> Asked | None:
        """The same for a client with its access token."""
        row = await self._with_token.ask(token_sha256, wallet_id, access_token_sha256)
        return None if row is None else Asked(scopes=tuple(row["scopes"]), session=_session(row))

    async def close(self) -> None:
        await self._as_client.close()
        await self._with_token.close()


def _session(row: Any) -> ActiveSession | None:
    if row["subject"] is None:
        return None
    return ActiveSession(
        subject=row["subject"], began_at=row["began_at"], expires_at=row["expires_at"]
    )
