"""What is the same for every kind of receiver: its status, its end, its sealed values.

Where wallets are told is worth knowing later: each change stands in the record, without addresses.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import exists, update
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
from service.operations.ssf_events import STREAM_UPDATED
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id
from service.storage import leasing, polling
from service.storage.rows import clock, put, record
from service.storage.tables import signals, streams
from service.storage.values import SignalState, Stream, StreamKind, StreamStatus

GONE = "gone"
# Longer than anybody waits for a receiver that is gone.
_FOR_NOW: Final = timedelta(days=36_525)


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
    if status is StreamStatus.ENABLED:
        await call_forward(db, stream)
        if stream.kind is not StreamKind.WEBHOOK and stream.status is StreamStatus.PAUSED:
            await _take_up_again(db, stream)
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


async def stop_gone(db: AsyncConnection, stream: Stream) -> None:
    """The receiver itself says that nobody listens there.

    A webhook endpoint is disabled. A stream is paused: were it a proxy that spoke, no freeze of the
    meantime is lost, and it is told in order once the stream is enabled again. A stream says so in
    itself, as SSF 1.0 asks for a status that the transmitter sets on its own (section 8.1.5). Of
    several answers at once the first one counts.
    """
    is_webhook = stream.kind is StreamKind.WEBHOOK
    status = StreamStatus.DISABLED if is_webhook else StreamStatus.PAUSED
    flows = streams.c.status == StreamStatus.ENABLED.value
    counts = streams.c.status != StreamStatus.DISABLED.value if is_webhook else flows
    ours = (streams.c.wallet_id == stream.wallet_id) & (streams.c.id == stream.id)
    stopped = await db.execute(
        update(streams)
        .where(ours, streams.c.ended_at.is_(None), counts)
        .values(status=status.value, status_reason=GONE, row_version=streams.c.row_version + 1)
    )
    if not stopped.rowcount:
        return
    if is_webhook:
        await leasing.park_all(db, stream.wallet_id, stream.id)
        return
    key = new_id()
    await tell_status(db, stream.id, status, reason=GONE, key=key)
    # Sent now it would be answered like what stopped the stream. Whoever polls there, or enables
    # the stream again, finds it before anything else.
    await db.execute(
        update(signals).where(signals.c.id == key).values(due_at=signals.c.due_at + _FOR_NOW)
    )


async def tell_status(
    db: AsyncConnection,
    stream_id: StreamId,
    status: StreamStatus,
    *,
    reason: str | None,
    key: UUID | None = None,
) -> None:
    """Queued for the stream itself; until it flows again it is told of nothing else."""
    told = {"status": status.value} | ({} if reason is None else {"reason": reason})
    await polling.about_stream(
        db,
        key or new_id(),
        stream_id,
        event="stream-updated",
        body=msgspec.json.encode(told).decode(),
        name=STREAM_UPDATED,
    )


async def moved(db: AsyncConnection, before: Stream, after: Stream) -> Stream:
    """Locked by the caller, and not kept yet. Somebody else listens there, or is spoken to in
    another way: what the one before did says nothing of it, and what waits is due."""
    kept = (before.kind, before.url, before.authorization)
    if (after.kind, after.url, after.authorization) == kept:
        return after
    await call_forward(db, before)
    if after.kind is not before.kind:
        # How often it was handed out is not how often it was sent.
        ours = (signals.c.wallet_id == before.wallet_id) & (signals.c.stream_id == before.id)
        waits = signals.c.state == SignalState.DUE.value
        await db.execute(update(signals).where(ours, waits).values(attempts=0))
    return replace(after, failures=0, failing_since=None, rests_until=None)


async def call_forward(db: AsyncConnection, stream: Stream) -> None:
    """What waits there for later is due."""
    ours = (signals.c.wallet_id == stream.wallet_id) & (signals.c.stream_id == stream.id)
    waits = (signals.c.state == SignalState.DUE.value) & signals.c.lease_token.is_(None)
    now = await clock(db)
    await db.execute(update(signals).where(ours, waits, signals.c.due_at > now).values(due_at=now))


async def _take_up_again(db: AsyncConnection, stream: Stream) -> None:
    """What was given up on is due with a whole schedule of tries; not what was overtaken by
    something later of its account: that is known there, and frozen must not follow released."""
    later = signals.alias()
    ours = (signals.c.wallet_id == stream.wallet_id) & (signals.c.stream_id == stream.id)
    overtaken = exists().where(
        later.c.stream_id == signals.c.stream_id,
        later.c.chain == signals.c.chain,
        later.c.position > signals.c.position,
        later.c.state == SignalState.SENT.value,
    )
    await db.execute(
        update(signals)
        .where(ours, signals.c.state == SignalState.PARKED.value, ~overtaken)
        .values(state=SignalState.DUE.value, attempts=0, due_at=await clock(db))
    )


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
