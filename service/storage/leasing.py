"""A signal's life: leased by one worker, sent by it with no transaction open, recorded.

    due ──lease──▶ due (leased) ──record──▶ sent · refused · parked
     ▲                  │
     └── later, or the lease ran out ◀──┘

Leased is only what comes first of its account on its stream: nothing overtakes it. At least once:
a worker killed between sending and recording leaves its lease to run out, and the same bytes are
sent again under the same id.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import SignalId, StreamId, WalletId
from service.storage.direct import rows
from service.storage.rows import every, value_of
from service.storage.tables import signals, streams
from service.storage.values import Signal, SignalState, Stream

# Four times what a sending takes at the most.
LEASE_LASTS: Final = timedelta(seconds=60)
# After so many failures in a row it is the receiver that is away, and not this signal's fault.
TIRED_AFTER: Final = 5
_COLUMNS: Final = ", ".join(f"g.{name}" for name in Signal.__struct_fields__)
# The part that looks for an earlier one is a scalar on purpose: as a join the planner may gather
# the whole backlog each time. $1, $2: how many of which streams this worker is sending already.
_LEASE: Final = f"""
with clock as materialized (select resguardo_clock() as now), ready as materialized (
  select s.id, s.status = 'enabled' as flows,
         case when s.failures < {TIRED_AFTER} then $3 - coalesce(busy.many, 0)
              -- One probe at a time, whichever worker sends it.
              when exists (select 1 from signals p, clock
                            where p.stream_id = s.id and p.state = 'due'
                              and p.leased_until > clock.now) then 0
              else 1 end as room
    from streams s
    cross join clock
    left join unnest($1::uuid[], $2::int[]) as busy(stream_id, many) on busy.stream_id = s.id
   where s.ended_at is null and s.kind in ('push', 'webhook')
     -- That it was stopped is still told there.
     and (s.status = 'enabled'
          or exists (select 1 from signals u where u.stream_id = s.id and u.state = 'due'
                                               and u.event = 'stream-updated'))
     and (s.rests_until is null or s.rests_until <= clock.now)
), heads as (
  select head.id
    from ready
   cross join lateral (
     select d.id
       from signals d, clock
      where d.stream_id = ready.id and d.state = 'due' and d.due_at <= clock.now
        and (d.leased_until is null or d.leased_until <= clock.now)
        and (ready.flows or d.event = 'stream-updated')
        and d.position = (select min(e.position) from signals e
                           where e.stream_id = d.stream_id and e.chain = d.chain
                             and e.state = 'due')
      order by d.position
      limit ready.room
        for update of d skip locked
   ) as head
   where ready.room > 0
)
update signals g
   set lease_token = $4, leased_until = clock.now + interval '{LEASE_LASTS.seconds} seconds',
       attempts = g.attempts + 1
  from heads, clock
 where g.id = heads.id
returning {_COLUMNS}, clock.now
"""  # noqa: S608  # made of constants
_ABOUT: Final = """
select a.id, a.subject from accounts a where a.id = any($1::uuid[])
"""
# Whoever was first, a second one sends the same bytes.
_KEEP: Final = """
update signals g set token = coalesce(g.token, n.token)
  from unnest($1::uuid[], $2::text[]) as n(id, token)
 where g.id = n.id
returning g.id, g.token
"""
_RECORD: Final = """
update signals g
   set state = n.state, due_at = coalesce(n.due_at, g.due_at), sent_at = n.sent_at,
       last_error = n.error, status_code = n.status, lease_token = null, leased_until = null
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::timestamptz[],
              $6::text[], $7::int[])
       as n(id, token, state, due_at, sent_at, error, status)
 where g.id = n.id and g.lease_token = n.token and g.state = 'due'
returning g.id
"""
_WELL: Final = """
update streams set failures = 0, failing_since = null, rests_until = null
 where id = $1 and failures > 0
returning (select before.failures from streams before where before.id = $1)
"""
_COME_BACK: Final = """
update signals set due_at = resguardo_clock()
 where stream_id = $1 and state = 'due' and leased_until is null and due_at > resguardo_clock()
"""
_FAILED: Final = """
update streams set failures = failures + $2, failing_since = coalesce(failing_since, $3)
 where id = $1
returning failures, failing_since
"""
_REST: Final = "update streams set rests_until = greatest(rests_until, $2) where id = $1"


class Taken(Struct, frozen=True, kw_only=True):
    """A signal under this worker's lease."""

    signal: Signal
    lease_token: UUID
    at: datetime


class Record(Struct, frozen=True, kw_only=True):
    """What became of a sending."""

    id: SignalId
    lease_token: UUID
    state: SignalState
    due_at: datetime | None = None
    sent_at: datetime | None = None
    error: str | None = None
    status: int | None = None


async def lease(
    db: AsyncConnection, busy: Mapping[StreamId, int], *, most_of_each: int
) -> list[Taken]:
    """What may be sent now, in the order in which it was queued."""
    token = uuid4()
    asked = (list(busy), list(busy.values()), most_of_each, token)
    found: list[Taken] = []
    for *values, at in await rows(db, _LEASE, asked):
        named = dict(zip(Signal.__struct_fields__, values, strict=True))
        found.append(Taken(signal=value_of(named, Signal), lease_token=token, at=at))
    return sorted(found, key=lambda one: one.signal.position)


async def streams_named(db: AsyncConnection, ids: Iterable[StreamId]) -> dict[StreamId, Stream]:
    found = await every(db, select(streams).where(streams.c.id.in_(ids)), Stream)
    return {one.id: one for one in found}


async def subjects_named(db: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, str]:
    """What the wallet calls these accounts."""
    return {row[0]: row[1] for row in await rows(db, _ABOUT, (list(ids),))}


async def keep_tokens(db: AsyncConnection, made: Mapping[SignalId, str]) -> dict[UUID, str]:
    """Before the first sending: what is sent, the same for ever."""
    kept = await rows(db, _KEEP, (list(made), list(made.values())))
    return {row[0]: row[1] for row in kept}


async def record(db: AsyncConnection, records: Sequence[Record]) -> set[UUID]:
    """Answers which were still this worker's to record."""
    columns: list[list[Any]] = [
        [getattr(one, name) for one in records] for name in Record.__struct_fields__
    ]
    return {key for (key,) in await rows(db, _RECORD, columns)}


async def is_well(db: AsyncConnection, stream_id: StreamId) -> bool:
    """The receiver answered. True if it had been left alone until now: everything that waited for
    it is due."""
    found = await rows(db, _WELL, (stream_id,))
    if not found or found[0][0] < TIRED_AFTER:
        return False
    await db.exec_driver_sql(_COME_BACK, (stream_id,))
    return True


async def has_failed(
    db: AsyncConnection, stream_id: StreamId, times: int, now: datetime
) -> tuple[int, datetime]:
    """Answers how often in a row, and since when."""
    ((failures, since),) = await rows(db, _FAILED, (stream_id, times, now))
    return failures, since


async def rest(db: AsyncConnection, stream_id: StreamId, until: datetime) -> None:
    await db.exec_driver_sql(_REST, (stream_id, until))


async def park_all(db: AsyncConnection, wallet_id: WalletId, stream_id: StreamId) -> int:
    """Nobody listens: what was still due there waits for a person."""
    ours = (signals.c.wallet_id == wallet_id) & (signals.c.stream_id == stream_id)
    parked = (
        signals.update()
        .where(ours, signals.c.state == SignalState.DUE.value)
        .values(state=SignalState.PARKED.value, lease_token=None, leased_until=None)
    )
    return (await db.execute(parked)).rowcount
