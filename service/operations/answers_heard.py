"""What an answer leads to: for the signal, and for the receiver as a whole."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import StreamId
from notifications import retry
from service.operations.receivers import Delivered, Gone, Later, Leased, Outcome, Refused
from service.operations.streams import stop_gone
from service.storage import leasing
from service.storage.leasing import TIRED_AFTER, Record
from service.storage.values import SignalState, StreamKind

log = structlog.get_logger("service.signals")

# A receiver that is away is asked again after as long as it has been away, but within a minute of
# its return somebody's freeze must reach it.
_SHORTEST_REST: Final = timedelta(seconds=1)
_LONGEST_REST: Final = timedelta(minutes=1)
_CHANCE: Final = random.SystemRandom()


class Tried(Struct, frozen=True):
    """One sending, and what came of it."""

    leased: Leased
    outcome: Outcome
    status: int | None = None
    # Whether the receiver was asked at all: what fails before says nothing of it.
    asked: bool = True


def recorded(tried: Tried, now: datetime) -> Record:
    signal = tried.leased.signal
    known = Record(
        id=signal.id,
        lease_token=tried.leased.lease_token,
        state=SignalState.DUE,
        status=tried.status,
    )
    match tried.outcome:
        case Delivered():
            return replace(known, state=SignalState.SENT, sent_at=now)
        case Refused(error=error):
            return replace(known, state=SignalState.REFUSED, error=error)
        case Gone() if tried.leased.stream.kind is StreamKind.WEBHOOK:
            return replace(known, state=SignalState.REFUSED, error="gone")
        case Gone():
            # The stream is paused, and keeps this for when it is enabled again.
            return replace(known, due_at=now, error="gone")
        case Later(error=error, retry_after=retry_after):
            following = retry.after_failure(
                tries=signal.attempts,
                now=now,
                jitter=_CHANCE.uniform(-1, 1),
                retry_after=retry_after,
            )
            if isinstance(following, retry.TryAt):
                return replace(known, due_at=following.at, error=error)
            return replace(known, state=SignalState.PARKED, error=error)


async def look_after(db: AsyncConnection, ends: Sequence[Tried], now: datetime) -> None:
    """What these answers say of the receivers themselves."""
    of: dict[StreamId, list[Tried]] = defaultdict(list)
    for one in ends:
        if one.asked:
            of[one.leased.stream.id].append(one)
    # Always in the same order, because another worker does the same at this moment.
    for stream_id in sorted(of):
        tried = of[stream_id]
        failures = [one.outcome for one in tried if isinstance(one.outcome, Later)]
        if len(failures) == len(tried):
            await _rest(db, stream_id, failures, now)
        elif await leasing.is_well(db, stream_id):
            log.info("stream.back", stream_id=str(stream_id))
        if any(isinstance(one.outcome, Gone) for one in tried):
            await stop_gone(db, tried[0].leased.stream)
            log.warning("stream.gone", stream_id=str(stream_id))


async def _rest(
    db: AsyncConnection, stream_id: StreamId, failures: Sequence[Later], now: datetime
) -> None:
    many, since = await leasing.has_failed(db, stream_id, len(failures), now)
    asked = [one.retry_after for one in failures if one.retry_after is not None]
    rest = max(min(max(asked), retry.LONGEST_WAIT), timedelta(0)) if asked else timedelta(0)
    if many >= TIRED_AFTER:
        own = min(max(now - since, _SHORTEST_REST), _LONGEST_REST)
        rest = max(rest, own * (1 + retry.SPREAD * _CHANCE.uniform(-1, 1)))
    if rest:
        await leasing.rest(db, stream_id, now + rest)
    if many - len(failures) < TIRED_AFTER <= many:
        log.warning("stream.rests", stream_id=str(stream_id), failures=many)
