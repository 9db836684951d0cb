"""The hot statement: which of these session tokens are alive, right now.

On the driver's own connections, with statements they prepared once. Never cached: a freeze that
has committed is seen by the very next question.
"""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from service.security.authorization import is_secret_of
from service.storage.batches import Batches, Waiting

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
# When a session is said to end at the latest; null unless the client's gateway wants a cap. Who has
# none pays no look at the clock, here and for an earlier secret.
_AT_MOST: Final = """
case when c.exp_cap_seconds is not null
     then floor(date_part('epoch', resguardo_clock()))::bigint + c.exp_cap_seconds end as at_most
"""
AS_CLIENT: Final = f"""
select c.secret_sha256,
       case when c.earlier_secret_until is not null and c.earlier_secret_until > resguardo_clock()
            then c.earlier_secret_sha256 end as earlier_sha256,
       c.scopes, {_AT_MOST}, session.*
  from api_clients c
  {_ACTIVE}
 where c.wallet_id = $1 and c.client_id = $2 and c.ended_at is null
"""  # noqa: S608  # made of constants
WITH_TOKEN: Final = f"""
select t.scopes, {_AT_MOST}, session.*
  from access_tokens t
  join api_clients c on c.id = t.client_id and c.ended_at is null
  {_ACTIVE}
 where t.wallet_id = $1 and t.token_sha256 = $2 and t.expires_at > resguardo_clock()
"""  # noqa: S608  # made of constants


class ActiveSession(Struct, frozen=True, kw_only=True, gc=False):
    subject: str
    # Seconds since 1970.
    began_at: int
    expires_at: int


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks may do this, and the session they asked for, if it lives."""

    scopes: Sequence[str]
    session: ActiveSession | None


class Heard:
    """What one row says to a caller who is who they say: read once for all who asked with it."""

    __slots__ = ("_at_most", "_began", "_expire", "_subjects", "scopes")

    def __init__(self, row: Any) -> None:
        self.scopes: Sequence[str] = row["scopes"]
        self._subjects = row["subjects"]
        self._began = row["began"]
        self._expire = row["expire"]
        self._at_most = row["at_most"]

    def session(self, place: int) -> ActiveSession:
        """The living session at this place of the row's arrays."""
        expires_at, at_most = self._expire[place], self._at_most
        return ActiveSession(
            subject=self._subjects[place],
            began_at=self._began[place],
            expires_at=expires_at if at_most is None else min(expires_at, at_most),
        )


class Caller:
    """Who asks, as a process that answers the same gateways again and again may remember it.

    Nothing of it is known to be true: that is asked of the database each time.
    """

    __slots__ = ("_heard", "_row", "by_client", "key", "shown_sha256")

    def __init__(self, wallet_id: UUID, client_id: str | None, shown_sha256: bytes) -> None:
        """A client with the digest of its secret, or, without its id, of its access token."""
        self.by_client = client_id is not None
        self.key: tuple[Any, ...] = (wallet_id, shown_sha256 if client_id is None else client_id)
        self.shown_sha256 = shown_sha256
        # Of a batch all who asked get the same row: it is compared and read once.
        self._row: Any = None
        self._heard: Heard | None = None

    def heard(self, row: Any) -> Heard | None:
        """What the database's answer says to this caller; None if it is not who it says."""
        if row is not self._row:
            self._row = row
            known = row is not None and (not self.by_client or _is_right(row, self.shown_sha256))
            self._heard = Heard(row) if known else None
        return self._heard


class Introspection:
    """Connections of its own, so that a flood elsewhere cannot starve a gateway's question."""

    def __init__(self, as_client: Batches, with_token: Batches) -> None:
        self._as_client = as_client
        self._with_token = with_token

    @classmethod
    async def connect(cls, url: str, *, connections: int = 2) -> "Introspection":
        """`url` is a plain PostgreSQL address; a statement lives as long as its connection.

        With one connection more questions share a round trip, which is less work for everybody;
        with two nobody waits for the answers to those before.
        """
        as_client = await Batches.connect(url, AS_CLIENT, connections=connections)
        return cls(as_client, await Batches.connect(url, WITH_TOKEN, connections=1))

    async def ask_as_client(
        self, wallet_id: UUID, token_sha256: bytes, *, client_id: str, secret_sha256: bytes
    ) -> Asked | None:
        """What a client with its secret may do and the session, if it lives.

        None if it is not one of this wallet's clients.
        """
        answer = await self._as_client.ask((wallet_id, client_id), token_sha256)
        if answer is None:
            return None
        return _asked(*answer) if _is_right(answer[0], secret_sha256) else None

    async def ask_with_token(
        self, wallet_id: UUID, token_sha256: bytes, *, access_token_sha256: bytes
    ) -> Asked | None:
        """The same for a client with its access token."""
        answer = await self._with_token.ask((wallet_id, access_token_sha256), token_sha256)
        return None if answer is None else _asked(*answer)

    def put(self, caller: Caller, token_sha256: bytes, who: Waiting) -> None:
        """Ask without waiting: `who` is called, and makes of it what `caller.asked` says."""
        batches = self._as_client if caller.by_client else self._with_token
        batches.put(caller.key, token_sha256, who)

    async def close(self) -> None:
        await self._as_client.close()
        await self._with_token.close()


def _is_right(row: Any, secret_sha256: bytes) -> bool:
    known, earlier = row["secret_sha256"], row["earlier_sha256"]
    return is_secret_of(known, earlier, shown_sha256=secret_sha256)


def _asked(row: Any, place: int | None) -> Asked:
    heard = Heard(row)
    session = None if place is None else heard.session(place)
    return Asked(scopes=heard.scopes, session=session)
