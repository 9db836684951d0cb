"""Where wallets hear, and what is told there. One client's streams are nobody else's."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import ClientId, SignalId, StreamId, WalletId
from service.storage.rows import every, the_one
from service.storage.tables import signals, streams
from service.storage.values import Signal, SignalState, Stream, StreamKind


async def stream(
    db: AsyncConnection,
    wallet_id: WalletId,
    client_id: ClientId,
    stream_id: StreamId,
    kinds: Iterable[StreamKind],
) -> Stream:
    """Raises NotFound; an ended one, or another client's, is none."""
    ours = _living(wallet_id, client_id, kinds) & (streams.c.id == stream_id)
    return await the_one(db, select(streams).where(ours), Stream)


async def stream_for_change(
    db: AsyncConnection,
    wallet_id: WalletId,
    client_id: ClientId,
    stream_id: StreamId,
    kinds: Iterable[StreamKind],
) -> Stream:
    ours = _living(wallet_id, client_id, kinds) & (streams.c.id == stream_id)
    return await the_one(db, select(streams).where(ours).with_for_update(), Stream)


async def streams_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    client_id: ClientId,
    kinds: Iterable[StreamKind],
    *,
    after: StreamId | None = None,
    limit: int | None = None,
) -> tuple[Stream, ...]:
    """In the order in which they were made."""
    ours = _living(wallet_id, client_id, kinds)
    if after is not None:
        ours &= streams.c.id > after
    return await every(db, select(streams).where(ours).order_by(streams.c.id).limit(limit), Stream)


async def signal(
    db: AsyncConnection, wallet_id: WalletId, stream_id: StreamId, signal_id: SignalId
) -> Signal:
    """Raises NotFound."""
    ours = (signals.c.wallet_id == wallet_id) & (signals.c.stream_id == stream_id)
    ours &= signals.c.id == signal_id
    return await the_one(db, select(signals).where(ours), Signal)


async def signals_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    stream_id: StreamId,
    *,
    before: SignalId | None,
    state: SignalState | None,
    limit: int,
) -> tuple[Signal, ...]:
    """The newest first; from the one before which to go on."""
    ours = (signals.c.wallet_id == wallet_id) & (signals.c.stream_id == stream_id)
    if before is not None:
        # Of the same stream: another one's id says nothing here.
        last = select(signals.c.position).where(ours, signals.c.id == before)
        found = select(signals).where(ours, signals.c.position < last.scalar_subquery())
    else:
        found = select(signals).where(ours)
    if state is not None:
        found = found.where(signals.c.state == state.value)
    return await every(db, found.order_by(signals.c.position.desc()).limit(limit), Signal)


def _living(
    wallet_id: WalletId, client_id: ClientId, kinds: Iterable[StreamKind]
) -> ColumnElement[bool]:
    return and_(
        streams.c.wallet_id == wallet_id,
        streams.c.client_id == client_id,
        streams.c.kind.in_([kind.value for kind in kinds]),
        streams.c.ended_at.is_(None),
    )
