"""What a stream that is polled has to hand out, and what its receiver says of it.

Handed out is what comes first of its account, with everything that the same event gave rise to: a
set of tokens has no order, so "released" waits until "frozen" was acknowledged. What is not
acknowledged is handed out again, in the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import SignalId, StreamId
from service.storage.direct import rows
from service.storage.rows import value_of
from service.storage.values import Signal

_COLUMNS: Final = ", ".join(f"d.{name}" for name in Signal.__struct_fields__)
# A stream that is paused or disabled is told of that, and of nothing else.
_FLOWS: Final = "(s.status = 'enabled' or d.event = 'stream-updated')"
_READY: Final = f"""
select {_COLUMNS}, a.subject
  from streams s
  join signals d on d.stream_id = s.id and d.state = 'due' and {_FLOWS}
  left join accounts a on a.id = d.account_id
 where s.id = $1 and s.ended_at is null
   and not exists (select 1 from signals e
                    where e.stream_id = d.stream_id and e.chain = d.chain and e.state = 'due'
                      and e.position < d.position
                      and e.outbox_id is distinct from d.outbox_id)
 order by d.position
 limit $2
"""  # noqa: S608  # made of constants
_MORE: Final = f"""
select exists (select 1 from streams s
                 join signals d on d.stream_id = s.id and d.state = 'due' and {_FLOWS}
                where s.id = $1 and s.ended_at is null and d.id <> all($2::uuid[]))
"""  # noqa: S608  # made of constants
_WAITED_FOR: Final = f"""
select s.id from streams s
 where s.id = any($1::uuid[])
   and (s.ended_at is not null
        or exists (select 1 from signals d
                    where d.stream_id = s.id and d.state = 'due' and {_FLOWS}))
"""  # noqa: S608  # made of constants
# Two who ask at the same moment hand out the same bytes: those of whoever was first. In the order
# of their keys, so that neither waits for the other in turn.
_HAND_OUT: Final = """
with ours as (select id from signals where id = any($1::uuid[]) order by id for update)
update signals g set token = coalesce(g.token, n.token), attempts = g.attempts + 1
  from ours, unnest($1::uuid[], $2::text[]) as n(id, token)
 where g.id = ours.id and g.id = n.id and g.state = 'due'
returning g.id, g.token
"""
# Only what was handed out can be acknowledged.
_ACKNOWLEDGE: Final = """
with ours as (select g.id from signals g
               where g.stream_id = $1 and g.id = any($2::uuid[]) and g.state = 'due'
                 and g.token is not null
               order by g.id for update),
     said as (select n.id, n.error from unnest($2::uuid[], $3::text[]) as n(id, error))
update signals g
   set state = case when said.error is null then 'sent' else 'refused' end,
       sent_at = case when said.error is null then resguardo_clock() end, last_error = said.error
  from ours join said on said.id = ours.id
 where g.id = ours.id
returning g.id
"""
_DROP: Final = """
update signals set state = 'pointless', lease_token = null, leased_until = null
 where stream_id = $1 and state = 'due' and ($2 or account_id is null)
"""
_ABOUT_STREAM: Final = """
insert into signals (id, wallet_id, stream_id, event, body, type, due_at, queued_at)
select $1, s.wallet_id, s.id, $3, $4, $5, clock.now, clock.now
  from streams s, (select resguardo_clock() as now) as clock where s.id = $2
"""


class Ready(Struct, frozen=True, kw_only=True):
    """A signal to be handed out, and what the wallet calls its account."""

    signal: Signal
    subject: str | None


async def ready(db: AsyncConnection, stream_id: StreamId, limit: int) -> list[Ready]:
    """In the order in which they were queued."""
    found: list[Ready] = []
    for *values, subject in await rows(db, _READY, (stream_id, limit)):
        named = dict(zip(Signal.__struct_fields__, values, strict=True))
        found.append(Ready(signal=value_of(named, Signal), subject=subject))
    return found


async def is_more(db: AsyncConnection, stream_id: StreamId, beside: Sequence[UUID]) -> bool:
    ((more,),) = await rows(db, _MORE, (stream_id, list(beside)))
    return more


async def waited_for(db: AsyncConnection, stream_ids: Iterable[StreamId]) -> set[StreamId]:
    """Those of the streams that have something, or are no more."""
    return {StreamId(key) for (key,) in await rows(db, _WAITED_FOR, (list(stream_ids),))}


async def hand_out(db: AsyncConnection, made: Mapping[SignalId, str]) -> dict[UUID, str]:
    """What is handed out, the same for ever; without what was acknowledged meanwhile."""
    kept = await rows(db, _HAND_OUT, (list(made), list(made.values())))
    return {row[0]: row[1] for row in kept}


async def acknowledge(
    db: AsyncConnection, stream_id: StreamId, said: Mapping[UUID, str | None]
) -> set[UUID]:
    """Taken, or refused with an error; answers which. Anything else than what waits there changes
    nothing."""
    asked: tuple[Any, ...] = (stream_id, list(said), list(said.values()))
    return {key for (key,) in await rows(db, _ACKNOWLEDGE, asked)}


async def drop(db: AsyncConnection, stream_id: StreamId, *, everything: bool) -> None:
    """Nobody will be told: of anything, or only not of the stream itself."""
    await db.exec_driver_sql(_DROP, (stream_id, everything))


async def about_stream(
    db: AsyncConnection, key: UUID, stream_id: StreamId, *, event: str, body: str, name: str
) -> None:
    """Queue something that no event of ours gave rise to."""
    await db.exec_driver_sql(_ABOUT_STREAM, (key, stream_id, event, body, name))
