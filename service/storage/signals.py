"""From the outbox to signals, in sets: what waits, who hears of it, and that it was queued.

Whoever calls these holds `take_turn`: only one at a time queues, so that an account's events get
their positions in the order in which they happened.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, StreamId, WalletId
from service.storage.direct import rows
from service.storage.rows import every
from service.storage.tables import stream_subjects, streams
from service.storage.values import Stream, StreamStatus, StreamSubject

# Any number that no other advisory lock has.
_TURN: Final = 0x5167A1
_WAITING: Final = """
select o.id, o.wallet_id, o.event, o.body
  from outbox o, (select resguardo_clock() as now) as clock
 where o.signal_waiting and (o.signal_again_at is null or o.signal_again_at <= clock.now)
 order by o.created_at, o.id
 limit $1
"""
_LAID_ASIDE: Final = """
select o.body from outbox o, (select resguardo_clock() as now) as clock
 where o.signal_waiting and o.signal_again_at > clock.now
"""
# The select is sorted before the identity column counts.
_QUEUE: Final = """
insert into signals (id, wallet_id, stream_id, account_id, outbox_id, event, body, type,
                     due_at, queued_at)
select n.id, n.wallet_id, n.stream_id, n.account_id, n.outbox_id, n.event, n.body, n.type,
       clock.now, clock.now
  from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
              $8::text[])
       with ordinality as n(id, wallet_id, stream_id, account_id, outbox_id, event, body, type, at),
       (select resguardo_clock() as now) as clock
 order by n.at
on conflict (id) do nothing
returning 1
"""
# Those that are being dispatched to people at this moment are marked next time: queueing them
# again is harmless, and waiting for it would hold up everybody's signals.
_DONE: Final = """
update outbox set signal_waiting = false
 where id in (select id from outbox where id = any($1::uuid[]) for update skip locked)
returning 1
"""
# As long again as it has waited so far: soon at first, then ever more seldom.
_LAY_ASIDE: Final = """
update outbox o
   set signal_again_at = clock.now + least(greatest(clock.now - o.created_at, interval '1 second'),
                                           interval '5 minutes')
  from (select resguardo_clock() as now) as clock
 where o.id = any($1::uuid[])
"""
_TOLD_LAST: Final = """
select distinct on (g.account_id, g.stream_id) g.stream_id, g.account_id, g.event
  from signals g
 where g.event in ('account-frozen', 'account-released')
   and g.account_id = any($1::uuid[]) and g.stream_id = any($2::uuid[])
 order by g.account_id, g.stream_id, g.position desc
"""


class Waiting(Struct, frozen=True):
    """A promise that wallets hear of."""

    id: UUID
    wallet_id: WalletId
    event: str
    body: str


class Queued(Struct, frozen=True, kw_only=True):
    id: UUID
    wallet_id: WalletId
    stream_id: StreamId
    account_id: AccountId | None
    outbox_id: UUID
    event: str
    body: str
    type: str


async def take_turn(db: AsyncConnection) -> bool:
    """Until the transaction ends. False while another one has it."""
    taken = text("select pg_try_advisory_xact_lock(:turn)")
    return bool(await db.scalar(taken, {"turn": _TURN}))


async def waiting(db: AsyncConnection, limit: int) -> list[Waiting]:
    """In the order in which they happened, of one account."""
    return [Waiting(*row) for row in await rows(db, _WAITING, (limit,))]


async def laid_aside(db: AsyncConnection) -> list[str]:
    """The bodies of those that could not be queued and are not tried again yet."""
    return [body for (body,) in await rows(db, _LAID_ASIDE, ())]


async def listening(db: AsyncConnection, wallet_ids: Iterable[WalletId]) -> tuple[Stream, ...]:
    """The streams that what happens is kept for."""
    living = streams.c.wallet_id.in_(wallet_ids) & streams.c.ended_at.is_(None)
    living &= streams.c.status != StreamStatus.DISABLED.value
    return await every(db, select(streams).where(living).order_by(streams.c.id), Stream)


async def subjects_of(
    db: AsyncConnection, stream_ids: Sequence[StreamId], account_ids: Sequence[AccountId]
) -> tuple[StreamSubject, ...]:
    """What the streams' owners said of these accounts."""
    said = stream_subjects.c.stream_id.in_(stream_ids)
    said &= stream_subjects.c.account_id.in_(account_ids)
    return await every(db, select(stream_subjects).where(said), StreamSubject)


async def told_frozen(
    db: AsyncConnection, stream_ids: Sequence[StreamId], account_ids: Sequence[AccountId]
) -> set[tuple[UUID, UUID]]:
    """Which streams heard last of which accounts that they are frozen."""
    found = await rows(db, _TOLD_LAST, (list(account_ids), list(stream_ids)))
    return {(stream, account) for stream, account, event in found if event == "account-frozen"}


async def queue(db: AsyncConnection, new: Sequence[Queued]) -> int:
    """In this order. Those that are queued already stay as they are."""
    columns: list[list[Any]] = [
        [getattr(one, name) for one in new] for name in Queued.__struct_fields__
    ]
    return len(await rows(db, _QUEUE, columns))


async def queued(db: AsyncConnection, outbox_ids: Sequence[UUID]) -> int:
    """Nothing is left to do for these. Answers for how many it could be noted."""
    return len(await rows(db, _DONE, (list(outbox_ids),)))


async def lay_aside(db: AsyncConnection, outbox_ids: Sequence[UUID]) -> None:
    await db.exec_driver_sql(_LAY_ASIDE, (list(outbox_ids),))
