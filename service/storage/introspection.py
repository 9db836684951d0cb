"""The hot statement: which of these session tokens are alive, right now.

On the driver's own connections, with statements they prepared once. Never cached: a freeze that
has committed is seen by the very next question.
"""

import hmac
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.storage.batches import Batches

# The sessions among `$3` that live, as arrays: nothing is built row by row for those who wait.
# `offset 0` keeps the planner from another order than this one, by keys: without statistics it
# would start from every account of the wallet.
_ACTIVE: Final = """
cross join lateral (
  select coalesce(array_agg(q.number), '{}') as numbers,
         array_agg(a.subject) as subjects,
         array_agg(floor(date_part('epoch', s.began_at))::bigint) as began,
         array_agg(floor(date_part('epoch', s.expires_at))::bigint) as expire
    from unnest($3::bytea[]) with ordinality as q (token, number)
   cross join lateral (
     select * from wallet_sessions where token_sha256 = q.token offset 0
   ) as s
   cross join lateral (select * from accounts where id = s.account_id offset 0) as a
   where s.wallet_id = $1
     and a.state = 'active'
     and (a.closes_at is null or a.closes_at > resguardo_clock())
     and s.epoch = a.epoch
     and s.expires_at > (select resguardo_clock())
) as session
"""
AS_CLIENT: Final = f"""
select c.secret_sha256, c.scopes, session.*
  from api_clients c
  {_ACTIVE}
 where c.wallet_id = $1 and c.client_id = $2 and c.ended_at is null
"""  # noqa: S608  # made of constants
WITH_TOKEN: Final = f"""
select t.scopes, session.*
  from access_tokens t
  join api_clients c on c.id = t.client_id and c.ended_at is null
  {_ACTIVE}
 where t.wallet_id = $1 and t.token_sha256 = $2 and t.expires_at > resguardo_clock()
"""  # noqa: S608  # made of constants


class ActiveSession(Struct, frozen=True, kw_only=True):
    subject: str
    # Seconds since 1970.
    began_at: int
    expires_at: int


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks may do this, and the session they asked for, if it lives."""

    scopes: Sequence[str]
    session: ActiveSession | None


class Introspection:
    """Connections of its own, so that a flood elsewhere cannot starve a gateway's question."""

    def __init__(self, as_client: Batches, with_token: Batches) -> None:
        self._as_client = as_client
        self._with_token = with_token

    @classmethod
    async def connect(cls, url: str) -> "Introspection":
        """`url` is a plain PostgreSQL address; a statement lives as long as its connection."""
        as_client = await Batches.connect(url, AS_CLIENT, connections=2)
        return cls(as_client, await Batches.connect(url, WITH_TOKEN, connections=1))

    async def ask_as_client(
        self, wallet_id: UUID, token_sha256: bytes, *, client_id: str, secret_sha256: bytes
    ) -> Asked | None:
        """What a client with its secret may do and the session, if it lives.

        None if it is not one of this wallet's clients.
        """
        answer = await self._as_client.ask((wallet_id, client_id), token_sha256)
        if answer is None or not hmac.compare_digest(answer[0]["secret_sha256"], secret_sha256):
            return None
        return _asked(*answer)

    async def ask_with_token(
        self, wallet_id: UUID, token_sha256: bytes, *, access_token_sha256: bytes
    ) -> Asked | None:
        """The same for a client with its access token."""
        answer = await self._with_token.ask((wallet_id, access_token_sha256), token_sha256)
        return None if answer is None else _asked(*answer)

    async def close(self) -> None:
        await self._as_client.close()
        await self._with_token.close()


def _asked(row: Any, place: int | None) -> Asked:
    if place is None:
        return Asked(scopes=row["scopes"], session=None)
    session = ActiveSession(
        subject=row["subjects"][place],
        began_at=row["began"][place],
        expires_at=row["expire"][place],
    )
    return Asked(scopes=row["scopes"], session=session)
