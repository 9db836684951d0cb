"""From what happened to what each receiver is told: one signal for each stream that listens.

An account's events are queued in the order in which they happened. One that cannot be queued is
laid aside, and everything later of its account waits behind it; all other accounts go on.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID, uuid5

import msgspec
import structlog
from msgspec import Struct
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Event
from domain.ids import AccountId, SignalId, StreamId, WalletId
from notifications.audience import read_event
from service.operations.house import House
from service.operations.receivers import Kinds
from service.storage import signals
from service.storage.signals import Queued, Waiting
from service.storage.values import Stream

log = structlog.get_logger("service.queueing")

_AT_ONCE: Final = 500


class _About(Struct):
    """All that is read of a promise before it is known to be readable."""

    account_id: UUID | None = None


class _Readable(Struct, frozen=True):
    promise: Waiting
    event: Event
    account_id: AccountId | None


class _Listeners:
    """Who hears what, for one batch of promises."""

    def __init__(
        self, kinds: Kinds, streams: Sequence[Stream], chosen: dict[tuple[UUID, UUID], bool]
    ) -> None:
        self._kinds = kinds
        self._chosen = chosen
        self._of_wallet: dict[WalletId, list[Stream]] = defaultdict(list)
        for stream in streams:
            self._of_wallet[stream.wallet_id].append(stream)

    def signals(self, one: _Readable) -> list[Queued]:
        promise = one.promise
        return [
            Queued(
                id=signal_id(promise.id, stream.id, name),
                wallet_id=promise.wallet_id,
                stream_id=stream.id,
                account_id=one.account_id,
                outbox_id=promise.id,
                event=promise.event,
                body=promise.body,
                type=name,
            )
            for stream in self._of_wallet[promise.wallet_id]
            if self._hears_of(stream, one.account_id)
            for name in self._kinds[stream.kind].tells(type(one.event))
            if name in stream.events
        ]

    def _hears_of(self, stream: Stream, account_id: AccountId | None) -> bool:
        if account_id is None:
            return False
        return self._chosen.get((stream.id, account_id), stream.subjects == "all")


async def queue_waiting(house: House, kinds: Kinds, *, limit: int = _AT_ONCE) -> int:
    """Queue at most so many; answers for how many that was done, or was seen not to be possible
    now. 0 while another worker does it.

    One that cannot be queued holds up its own account alone.
    """
    async with house.engine.begin() as db:
        if not await signals.take_turn(db):
            return 0
        promises = await signals.waiting(db, limit)
        if not promises:
            return 0
        readable, aside = _read(promises, {_account_of(body) for body in await _aside(db)})
        if readable:
            listeners = await _listeners(db, kinds, readable)
            aside += await _queue(db, listeners, readable)
        if aside:
            await signals.lay_aside(db, aside)
        left = set(aside)
        done = [one.id for one in promises if one.id not in left]
        return len(aside) + await signals.queued(db, done)


def signal_id(outbox_id: UUID, stream_id: StreamId, name: str) -> SignalId:
    """The same however often it is queued."""
    return SignalId(uuid5(outbox_id, f"{stream_id}/{name}"))


async def _aside(db: AsyncConnection) -> list[str]:
    return await signals.laid_aside(db)


def _read(
    promises: Iterable[Waiting], blocked: set[UUID | None]
) -> tuple[list[_Readable], list[UUID]]:
    """What can be read, and what has to wait: the unreadable, and whatever comes after it."""
    readable: list[_Readable] = []
    aside: list[UUID] = []
    blocked -= {None}
    for promise in promises:
        account_id = _account_of(promise.body)
        if account_id in blocked:
            aside.append(promise.id)
            continue
        try:
            event = read_event(promise.event, promise.body)
        except (msgspec.MsgspecError, KeyError) as reason:
            # Of a newer version than this worker's, perhaps.
            _tell(promise, reason)
            aside.append(promise.id)
            blocked |= {account_id} - {None}
        else:
            known = None if account_id is None else AccountId(account_id)
            readable.append(_Readable(promise, event, known))
    return readable, aside


def _account_of(body: str) -> UUID | None:
    try:
        return msgspec.json.decode(body, type=_About).account_id
    except msgspec.MsgspecError:
        return None


async def _listeners(
    db: AsyncConnection, kinds: Kinds, readable: Sequence[_Readable]
) -> _Listeners:
    found = await signals.listening(db, {one.promise.wallet_id for one in readable})
    streams = [stream for stream in found if stream.kind in kinds]
    accounts = list({one.account_id for one in readable if one.account_id is not None})
    if not streams or not accounts:
        return _Listeners(kinds, streams, {})
    ids = [stream.id for stream in streams]
    said = await signals.subjects_of(db, ids, accounts)
    chosen: dict[tuple[UUID, UUID], bool] = {
        (one.stream_id, one.account_id): one.added for one in said
    }
    removed = [pair for pair, added in chosen.items() if not added]
    if removed:
        # Whoever heard of the freeze hears how it ends.
        frozen = await signals.told_frozen(db, ids, accounts)
        chosen |= {pair: True for pair in removed if pair in frozen}
    return _Listeners(kinds, streams, chosen)


async def _queue(
    db: AsyncConnection, listeners: _Listeners, readable: Sequence[_Readable]
) -> list[UUID]:
    """All in one statement; if that fails, one by one. Answers what has to wait."""
    new = [(one, listeners.signals(one)) for one in readable]
    together = [signal for _, made in new for signal in made]
    if not together:
        return []
    try:
        async with db.begin_nested():
            await signals.queue(db, together)
    except DBAPIError as reason:
        if reason.connection_invalidated:
            raise
    else:
        return []
    return await _one_by_one(db, new)


async def _one_by_one(
    db: AsyncConnection, new: Iterable[tuple[_Readable, list[Queued]]]
) -> list[UUID]:
    aside: list[UUID] = []
    blocked: set[UUID] = set()
    for one, made in new:
        if one.account_id in blocked:
            aside.append(one.promise.id)
            continue
        try:
            async with db.begin_nested():
                await signals.queue(db, made)
        except DBAPIError as reason:
            if reason.connection_invalidated:
                raise
            _tell(one.promise, reason)
            aside.append(one.promise.id)
            if one.account_id is not None:
                blocked.add(one.account_id)
    return aside


def _tell(promise: Waiting, reason: Exception) -> None:
    # Only the error's kind: its words may hold what stands in the row.
    log.error(
        "queueing.failed",
        outbox_id=str(promise.id),
        promised=promise.event,
        reason=type(reason).__name__,
    )
