"""The engine: leases what may be sent, sends it with no transaction open, records what came of it.

Every receiver has its own bound, its own rest and its own clock, so that a silent one costs the
others nothing. What an answer means is its kind's to say.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final

import structlog
from msgspec.structs import replace
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import SignalId, StreamId
from notifications import retry
from service.operations.answers_heard import Tried, look_after, recorded
from service.operations.batching import Batched
from service.operations.house import House
from service.operations.receivers import (
    Kinds,
    Later,
    Leased,
    Opened,
)
from service.operations.streams import place
from service.security.outgoing import NoAnswer, Sender
from service.storage import leasing, load
from service.storage.keychain import Opener
from service.storage.leasing import Record, Taken
from service.storage.rows import clock
from service.storage.values import SignalState, Stream

log = structlog.get_logger("service.signals")

# At once to one receiver, from one worker.
_TO_EACH: Final = 16
# Polling is the guarantee that nothing stays behind.
_LOOKS_EVERY: Final = 0.2
_RESTS_FOR: Final = 2.0


class Engine:
    """One per process. Any number of processes may run one."""

    def __init__(self, house: House, kinds: Kinds, sender: Sender) -> None:
        self._house = house
        self._kinds = kinds
        self._sender = sender
        self._busy: Counter[StreamId] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Event()
        self._tokens = Batched(self._keep_tokens)
        self._records = Batched(self._record)

    def wake(self) -> None:
        """Something may be due."""
        self._turn.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Until told to stop; what is being sent is finished first."""
        stopped = asyncio.create_task(self._wake_at(stop))
        try:
            while not stop.is_set():
                self._turn.clear()
                rest = _LOOKS_EVERY
                try:
                    if await self.begin():
                        continue
                except (SQLAlchemyError, OSError) as error:
                    log.warning("signals.step-failed", error=type(error).__name__)
                    rest = _RESTS_FOR
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._turn.wait(), rest)
        finally:
            stopped.cancel()
            await self.finish()

    async def begin(self) -> int:
        """Start sending what may be sent; answers how many."""
        leased = await self._lease()
        for one in leased:
            self._busy[one.stream.id] += 1
            task = asyncio.create_task(self._deliver(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(leased)

    async def finish(self) -> None:
        """Wait for what is being sent."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def drain(self) -> int:
        """Send until nothing may be sent any more; answers how many sendings that were."""
        sent = 0
        while True:
            # What ends while looking may have made room.
            was_sending = bool(self._tasks)
            begun = await self.begin()
            sent += begun
            if not (begun or was_sending):
                return sent
            if self._tasks and not begun:
                await asyncio.wait(set(self._tasks), return_when=asyncio.FIRST_COMPLETED)

    async def _wake_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.wake()

    async def _lease(self) -> list[Leased]:
        async with self._house.engine.begin() as db:
            taken = await leasing.lease(db, self._busy, most_of_each=_TO_EACH)
        if not taken:
            return []
        async with self._house.engine.connect() as db:
            return await _known(db, self._house, taken)

    async def _deliver(self, leased: Leased) -> None:
        try:
            await self._records.put(await self._try(leased))
        except Exception as reason:  # noqa: BLE001
            # It could not be recorded: the lease runs out, and the same is sent again.
            log.error(  # noqa: TRY400
                "signal.not-recorded",
                signal_id=str(leased.signal.id),
                reason=type(reason).__name__,
            )
        finally:
            self._busy[leased.stream.id] -= 1
            if not self._busy[leased.stream.id]:
                del self._busy[leased.stream.id]
            self.wake()

    async def _try(self, leased: Leased) -> Tried:
        if leased.signal.attempts > retry.TRIES:
            return Tried(leased, Later(error="tries-used-up"), asked=False)
        kind = self._kinds[leased.stream.kind]
        try:
            if leased.signal.token is None:
                token = await self._tokens.put((leased.signal.id, await kind.make(leased)))
                leased = replace(leased, signal=replace(leased.signal, token=token))
            posting = kind.compose(leased)
            answer = await self._sender.post(
                posting.url, headers=posting.headers, body=posting.body
            )
        except NoAnswer as reason:
            return Tried(leased, Later(error=f"no-answer-{reason}"))
        except (SQLAlchemyError, OSError):
            # Nothing was sent.
            raise
        except Exception as reason:  # noqa: BLE001
            # One that cannot be made must not stop the others; the error's words may hold a secret.
            error = f"unforeseen-{type(reason).__name__}"
            return Tried(leased, Later(error=error), asked=False)
        judged = kind.judge(answer.status, answer.headers, answer.body)
        return Tried(leased, judged, answer.status)

    async def _keep_tokens(self, made: Sequence[tuple[SignalId, str]]) -> list[str]:
        async with self._house.engine.begin() as db:
            kept = await leasing.keep_tokens(db, dict(made))
        return [kept[key] for key, _ in made]

    async def _record(self, ends: Sequence[Tried]) -> list[None]:
        async with self._house.engine.begin() as db:
            now = await clock(db)
            records = [recorded(one, now) for one in ends]
            ours = await leasing.record(db, records)
            await look_after(db, ends, now)
        for one, written in zip(ends, records, strict=True):
            _tell(one.leased, written, kept=written.id in ours)
        return [None] * len(ends)


async def _known(db: AsyncConnection, house: House, taken: Sequence[Taken]) -> list[Leased]:
    """What is needed to send them, for all in a few statements."""
    streams = await leasing.streams_named(db, {one.signal.stream_id for one in taken})
    accounts = {one.signal.account_id for one in taken} - {None}
    subjects = await leasing.subjects_named(db, {key for key in accounts if key is not None})
    origins = {
        key: (await load.wallet(db, key)).origin for key in {one.signal.wallet_id for one in taken}
    }
    now = await clock(db)
    opened = await _opened(db, house, streams, now)
    return [
        Leased(
            signal=one.signal,
            stream=streams[one.signal.stream_id],
            opened=opened[one.signal.stream_id],
            subject=subjects.get(one.signal.account_id) if one.signal.account_id else None,
            origin=origins[one.signal.wallet_id],
            lease_token=one.lease_token,
            leased_at=one.at,
        )
        for one in taken
    ]


async def _opened(
    db: AsyncConnection, house: House, streams: dict[StreamId, Stream], now: datetime
) -> dict[StreamId, Opened]:
    sealed = [
        value
        for one in streams.values()
        for value in (one.authorization, one.secret, one.secret_before)
    ]
    opener = await Opener.for_values(db, house.keys, sealed)

    def open_one(stream: Stream) -> Opened:
        until = stream.secret_before_until
        before = stream.secret_before if until is not None and now < until else None
        return Opened(
            authorization=opener.open(place(stream.id, "authorization"), stream.authorization),
            secret=opener.open(place(stream.id, "secret"), stream.secret),
            secret_before=opener.open(place(stream.id, "secret"), before),
        )

    return {key: open_one(stream) for key, stream in streams.items()}


def _tell(leased: Leased, one: Record, *, kept: bool) -> None:
    # Somebody has to look: the receiver will not learn of it by itself.
    is_untold = one.state in {SignalState.PARKED, SignalState.REFUSED}
    said = log.error if is_untold else log.info
    said(
        "signal.recorded" if kept else "signal.lease-lost",
        signal_id=str(leased.signal.id),
        stream_id=str(leased.stream.id),
        told=leased.signal.event,
        attempts=leased.signal.attempts,
        outcome=one.state.value,
        status=one.status,
        error=one.error,
    )
