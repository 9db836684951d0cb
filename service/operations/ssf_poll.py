"""Poll delivery (RFC 8936): what waits is handed out until it is acknowledged.

A receiver that finds nothing may wait for something. Nobody's waiting holds a connection: one
question for all of a process is asked while anybody waits, so any number of processes may serve
one stream, and a worker of any other may have queued what ends the waiting.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from msgspec import Struct
from sqlalchemy.exc import SQLAlchemyError

from domain.ids import StreamId
from domain.refusals import NotFound
from domain.wallets import Wallet
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.receivers import Kind, Leased, Opened
from service.operations.ssf_streams import own_stream
from service.storage import polling
from service.storage.polling import Ready
from service.storage.rows import clock
from service.storage.values import Stream, StreamKind

log = structlog.get_logger("service.ssf")

# About a hundred kilobytes: a receiver that wants more asks again at once.
MOST_EVENTS: Final = 100
# Shorter than what proxies cut.
WAITS: Final = timedelta(seconds=30)
# A receiver in a loop must not fill a process with its questions.
_MOST_WAITING: Final = 8
_LOOKS_EVERY: Final = 0.2
_RESTS_FOR: Final = 2.0


class Polled(Struct, frozen=True, kw_only=True):
    """Tokens by their `jti`, in the order in which they happened."""

    sets: Mapping[str, str]
    more: bool


class Asked(Struct, frozen=True, kw_only=True):
    """One question of a receiver."""

    # At most so many; 0 only acknowledges.
    most: int
    at_once: bool
    # Taken (None), or refused with the code of an error. Names of anything at all.
    said: Mapping[str, str | None]


class Waiting:
    """Who waits in this process, and the one question that is asked for them."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._woken: dict[StreamId, asyncio.Event] = {}
        self._many: Counter[StreamId] = Counter()
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    async def wait(self, stream_id: StreamId, within: timedelta) -> None:
        """Until something may be there, or the time is over, or the process ends."""
        if self._closed or self._many[stream_id] >= _MOST_WAITING:
            return
        self._many[stream_id] += 1
        woken = self._woken.setdefault(stream_id, asyncio.Event())
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(TimeoutError):
                await asyncio.wait_for(woken.wait(), within.total_seconds())
        finally:
            self._many[stream_id] -= 1
            if not self._many[stream_id]:
                del self._many[stream_id]
                if self._woken.get(stream_id) is woken:
                    del self._woken[stream_id]

    async def close(self) -> None:
        """Whoever waits is answered now: nothing came."""
        self._closed = True
        for woken in self._woken.values():
            woken.set()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    async def _look(self) -> None:
        while self._woken:
            rest = _LOOKS_EVERY
            try:
                async with self._house.engine.connect() as db:
                    found = await polling.waited_for(db, self._woken)
            except (SQLAlchemyError, OSError) as error:
                log.warning("poll.database-away", error=type(error).__name__)
                found, rest = set[StreamId](), _RESTS_FOR
            for stream_id in found:
                # Whoever asks next waits anew.
                if (woken := self._woken.pop(stream_id, None)) is not None:
                    woken.set()
            await asyncio.sleep(rest)


async def poll(
    house: House,
    wallet: Wallet,
    by: Caller,
    stream_id: str,
    asked: Asked,
    *,
    kind: Kind,
    waiting: Waiting,
) -> Polled:
    """Acknowledge, then hand out. Raises NotFound, also for a stream that is pushed to."""
    stream, now = await _heard(house, wallet, by, stream_id, asked.said)
    polled = await _hand_out(house, wallet, stream, asked.most, kind=kind, now=now)
    if polled.sets or asked.at_once or not asked.most:
        return polled
    await waiting.wait(stream.id, WAITS)
    # It may have been changed or deleted meanwhile, or its client may.
    stream, now = await _heard(house, wallet, by, stream_id, {})
    return await _hand_out(house, wallet, stream, asked.most, kind=kind, now=now)


async def _heard(
    house: House, wallet: Wallet, by: Caller, stream_id: str, said: Mapping[str, str | None]
) -> tuple[Stream, datetime]:
    known = {key: error for name, error in said.items() if (key := _id_in(name)) is not None}
    async with house.engine.begin() as db:
        stream = await own_stream(db, wallet, by, stream_id)
        if stream.kind is not StreamKind.POLL:
            raise NotFound
        heard = await polling.acknowledge(db, stream.id, known) if known else set[UUID]()
        now = await clock(db)
    for key in heard:
        if (error := known[key]) is not None:
            log.warning("poll.refused", stream_id=stream_id, signal_id=str(key), error=error)
    return stream, now


async def _hand_out(
    house: House, wallet: Wallet, stream: Stream, most: int, *, kind: Kind, now: datetime
) -> Polled:
    async with house.engine.connect() as db:
        found = await polling.ready(db, stream.id, most) if most else []
        more = await polling.is_more(db, stream.id, [one.signal.id for one in found])
    if not found:
        return Polled(sets={}, more=more)
    # Signed while no transaction is open; the one that is stored first is everybody's.
    made = {one.signal.id: await _token(one, wallet, stream, kind=kind, now=now) for one in found}
    async with house.engine.begin() as db:
        kept = await polling.hand_out(db, made)
    sets = {str(key): kept[key] for key in made if key in kept}
    return Polled(sets=sets, more=more)


async def _token(one: Ready, wallet: Wallet, stream: Stream, *, kind: Kind, now: datetime) -> str:
    if one.signal.token is not None:
        return one.signal.token
    leased = Leased(
        signal=one.signal,
        stream=stream,
        opened=Opened(),
        subject=one.subject,
        origin=wallet.origin,
        # Nobody leases what is asked for.
        lease_token=UUID(int=0),
        leased_at=now,
    )
    return await kind.make(leased)


def _id_in(name: str) -> UUID | None:
    """None for whatever was never handed out by us."""
    try:
        return UUID(name)
    except ValueError:
        return None
