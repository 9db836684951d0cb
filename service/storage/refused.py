"""Tries at frozen accounts that were turned away: counted in memory, written after the answer.

Whoever is turned away hears so at once; that it happened is written down afterwards, by the minute,
many at a time. A process that is killed in between forgets a moment's tries, and nothing else.
"""

from collections.abc import Mapping

from msgspec import Struct
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, WalletId
from domain.signs import NO_DEVICE, TryWay
from service.storage.tables import now, refused_tries


class Tried(Struct, frozen=True, kw_only=True):
    """At which account, how, and from which device if one was named."""

    wallet_id: WalletId
    account_id: AccountId
    way: TryWay
    device: str = NO_DEVICE


class RefusedTries:
    """What one process has still to write down."""

    def __init__(self) -> None:
        self._counted: dict[Tried, int] = {}
        # One writes at a time: what comes meanwhile waits here for its next round.
        self.is_being_written = False

    def note(self, tried: Tried) -> None:
        self._counted[tried] = self._counted.get(tried, 0) + 1

    @property
    def is_waiting(self) -> bool:
        return bool(self._counted) and not self.is_being_written

    def take(self) -> Mapping[Tried, int]:
        """All of it; nothing is left."""
        taken, self._counted = self._counted, {}
        return taken


async def store(db: AsyncConnection, tries: Mapping[Tried, int]) -> None:
    """Add them to this minute's rows, in one statement."""
    # In one order, so that two processes writing at once wait for each other and not in a ring.
    ordered = sorted(tries, key=lambda one: (one.account_id, one.way, one.device))
    fresh = insert(refused_tries).values(
        [
            {
                "account_id": one.account_id,
                "minute": func.date_trunc("minute", now),
                "way": one.way.value,
                "device": one.device,
                "wallet_id": one.wallet_id,
                "tries": tries[one],
                "last_at": now,
            }
            for one in ordered
        ]
    )
    await db.execute(
        fresh.on_conflict_do_update(
            index_elements=list(refused_tries.primary_key),
            set_={
                "tries": refused_tries.c.tries + fresh.excluded.tries,
                "last_at": func.greatest(refused_tries.c.last_at, fresh.excluded.last_at),
            },
        )
    )
