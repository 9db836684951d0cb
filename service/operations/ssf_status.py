"""Whether a stream flows (SSF 1.0, section 8.1.2), and whether it arrives (8.1.4).

enabled ◀──▶ paused      what happens meanwhile is kept, and told in order
   ▲            │
   └─ disabled ◀┘        what waits is dropped, and what happens is not kept
"""

from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from domain.refusals import TooSoon
from domain.wallets import Wallet
from service.operations import streams
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.ssf_events import VERIFICATION
from service.operations.ssf_streams import own_stream
from service.security.tokens import new_id
from service.storage import polling
from service.storage.rows import clock, put
from service.storage.values import Stream, StreamStatus

# More often tells nobody anything, and every one is signed.
VERIFIED_APART: Final = timedelta(seconds=30)


async def set_status(
    house: House,
    wallet: Wallet,
    by: Caller,
    stream_id: str,
    *,
    status: StreamStatus,
    reason: str | None,
) -> Stream:
    """Raises NotFound. The receiver is told of each change in the stream itself, too."""
    async with house.engine.begin() as db:
        before = await own_stream(db, wallet, by, stream_id, for_change=True)
        if status is before.status:
            return await put(db, before, replace(before, status_reason=reason))
        if status is not StreamStatus.ENABLED:
            # What is about the stream itself is not kept: it would stand before this news.
            everything = status is StreamStatus.DISABLED
            await polling.drop(db, before.id, everything=everything)
        after = await streams.set_status(db, before, status, reason=reason)
        await streams.tell_status(db, before.id, status, reason=reason)
        return after


async def verify(
    house: House, wallet: Wallet, by: Caller, stream_id: str, *, state: str | None
) -> None:
    """Queue a verification event that repeats `state`. Raises NotFound, TooSoon."""
    async with house.engine.begin() as db:
        before = await own_stream(db, wallet, by, stream_id, for_change=True)
        now = await clock(db)
        if before.verified_at is not None and now < before.verified_at + VERIFIED_APART:
            raise TooSoon(before.verified_at + VERIFIED_APART, now=now)
        await put(db, before, replace(before, verified_at=now))
        if before.status is StreamStatus.DISABLED:
            return
        await polling.about_stream(
            db,
            new_id(),
            before.id,
            event="verification",
            body=msgspec.json.encode({} if state is None else {"state": state}).decode(),
            name=VERIFICATION,
        )
