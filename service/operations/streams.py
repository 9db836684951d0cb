"""What is the same for every kind of receiver: its status, its end, its sealed values.

Where wallets are told is worth knowing later: each change stands in the record, without addresses.
"""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import (
    Actor,
    ActorKind,
    Event,
    StreamChanged,
    StreamEnded,
    StreamMade,
    StreamSecretRenewed,
    StreamStatusSet,
)
from domain.ids import StreamId
from service.security.encryption import DataKey, Place
from service.storage import leasing
from service.storage.rows import clock, put, record
from service.storage.tables import signals, streams
from service.storage.values import SignalState, Stream, StreamStatus

GONE = "gone"


def place(stream_id: StreamId, column: str) -> Place:
    """Where a stream's sealed values stand. A secret keeps its place when it becomes the one
    before."""
    return Place("streams", column, stream_id)


def sealed(key: DataKey, stream_id: StreamId, column: str, text: str) -> bytes:
    return key.seal(place(stream_id, column), text)


async def make(db: AsyncConnection, stream: Stream) -> Stream:
    made = StreamMade(
        client_id=stream.client_id,
        stream_id=stream.id,
        kind=stream.kind.value,
        at=stream.created_at,
    )
    await record(db, stream.wallet_id, [made], by=_its_client(stream))
    return await put(db, None, stream)


async def change(db: AsyncConnection, before: Stream, after: Stream) -> Stream:
    """Locked by the caller. What is as it was is not recorded."""
    if after == before:
        return before
    await record(
        db, after.wallet_id, [_changed(before, after, await clock(db))], by=_its_client(after)
    )
    return await put(db, before, after)


async def set_status(
    db: AsyncConnection, stream: Stream, status: StreamStatus, *, reason: str | None = None
) -> Stream:
    """Locked by the caller. Enabled it is asked at once, however long it was left alone.

    What was due on a disabled one waits for a person: sent later it would tell of what is over.
    """
    if status is StreamStatus.DISABLED:
        await leasing.park_all(db, stream.wallet_id, stream.id)
    changed = replace(stream, status=status, status_reason=reason)
    if status is StreamStatus.ENABLED and stream.status is not StreamStatus.ENABLED:
        changed = replace(changed, failures=0, failing_since=None, rests_until=None)
    turned = StreamStatusSet(
        client_id=stream.client_id,
        stream_id=stream.id,
        kind=stream.kind.value,
        status=status.value,
        at=await clock(db),
    )
    await record(db, stream.wallet_id, [turned], by=_its_client(stream))
    return await put(db, stream, changed)


async def end(db: AsyncConnection, stream: Stream, *, by: Actor) -> Stream:
    """Locked by the caller. Nothing is sent there any more, and nobody can ask for it."""
    ours = (signals.c.wallet_id == stream.wallet_id) & (signals.c.stream_id == stream.id)
    open_ones = (SignalState.DUE.value, SignalState.PARKED.value)
    await db.execute(
        update(signals)
        .where(ours, signals.c.state.in_(open_ones))
        .values(state=SignalState.POINTLESS.value, lease_token=None, leased_until=None)
    )
    now = await clock(db)
    gone = StreamEnded(
        client_id=stream.client_id, stream_id=stream.id, kind=stream.kind.value, at=now
    )
    await record(db, stream.wallet_id, [gone], by=by)
    ended = replace(
        stream,
        ended_at=now,
        authorization=None,
        secret=None,
        secret_before=None,
    )
    return await put(db, stream, ended)


async def disable_gone(db: AsyncConnection, stream: Stream) -> None:
    """The receiver itself says that nobody listens there."""
    ours = (streams.c.wallet_id == stream.wallet_id) & (streams.c.id == stream.id)
    await db.execute(
        update(streams)
        .where(ours, streams.c.ended_at.is_(None))
        .values(
            status=StreamStatus.DISABLED.value,
            status_reason=GONE,
            row_version=streams.c.row_version + 1,
        )
    )
    await leasing.park_all(db, stream.wallet_id, stream.id)


def _changed(before: Stream, after: Stream, at: datetime) -> Event:
    if after.secret != before.secret:
        return StreamSecretRenewed(client_id=after.client_id, stream_id=after.id, at=at)
    return StreamChanged(
        client_id=after.client_id,
        stream_id=after.id,
        kind=after.kind.value,
        moved=(after.kind, after.url) != (before.kind, before.url),
        at=at,
    )


def _its_client(stream: Stream) -> Actor:
    """Each belongs to the program that made it, and no other can change it."""
    return Actor(ActorKind.WALLET, stream.client_id)
