"""Which tickets changed since somebody looked, found by what was visible then.

Every row says which transaction changed it last, and a snapshot says which transactions were
visible. So nothing is missed that was begun earlier and committed later, and no clock is asked.
After a restore into another cluster the numbers may be of before: then a ticket is named once too
often, never too seldom.
"""

import re
from collections.abc import Collection
from itertools import pairwise
from typing import Final

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, AgentId, BrowserSessionId, TicketId, WalletId
from domain.tickets import TicketKind
from service.storage.load.sight import Sight
from service.storage.tables import agents, browser_sessions, now

# More than a screen shows: whoever missed so much looks anew.
MOST: Final = 500
_SNAPSHOT: Final = re.compile(r"[0-9]{1,19}:[0-9]{1,19}:(?:[0-9]{1,19}(?:,[0-9]{1,19})*)?")
_LONGEST: Final = 4000


class Touched(Struct, frozen=True, kw_only=True):
    """A ticket that is new, changed or closed."""

    ticket_id: TicketId
    wallet_id: WalletId
    account_id: AccountId
    kind: TicketKind
    # By the transaction with this number.
    changed_in: int
    is_new: bool
    is_closed: bool

    def is_seen_by(self, sight: Sight) -> bool:
        return sight.sees(self.wallet_id, self.account_id, self.kind)


class Since(Struct, frozen=True, kw_only=True):
    """What has changed, and the snapshot from which to ask the next time."""

    snapshot: str
    # None: more than anybody reads.
    touched: tuple[Touched, ...] | None


class Snapshot(Struct, frozen=True):
    """Which transactions were visible when a page was made, or when it was told last."""

    low: int
    high: int
    running: frozenset[int]

    def sees(self, transaction: int) -> bool:
        if transaction < self.low:
            return True
        return transaction < self.high and transaction not in self.running


def read(snapshot: str) -> Snapshot:
    """`snapshot` has the form."""
    low, high, running = snapshot.split(":")
    return Snapshot(int(low), int(high), frozenset(map(int, running.split(",") if running else ())))


def is_snapshot(typed: str) -> bool:
    """Whether it has the form; it may still be of another database."""
    if len(typed) > _LONGEST or not _SNAPSHOT.fullmatch(typed):
        return False
    low, high, running = typed.split(":")
    numbers = [int(one) for one in running.split(",")] if running else []
    in_order = all(a < b for a, b in pairwise(numbers))
    within = all(int(low) <= one < int(high) for one in numbers)
    return 0 < int(low) <= int(high) < 1 << 63 and in_order and within


async def visible(db: AsyncConnection) -> str:
    """What is visible now."""
    return str(await db.scalar(text("select pg_current_snapshot()::text")))


async def changed_since(db: AsyncConnection, snapshot: str) -> Since:
    """Every ticket whose last change was not visible at `snapshot` and is visible now."""
    rows = (await db.execute(text(_CHANGED), {"since": snapshot, "most": MOST + 1})).all()
    touched = [
        Touched(
            ticket_id=TicketId(row.id),
            wallet_id=WalletId(row.wallet_id),
            account_id=AccountId(row.account_id),
            kind=TicketKind(row.kind),
            changed_in=row.changed_in,
            is_new=row.is_new,
            is_closed=row.is_closed,
        )
        for row in rows
        if row.id is not None
    ]
    return Since(
        snapshot=rows[0].snapshot, touched=tuple(touched) if len(touched) <= MOST else None
    )


async def at_work(
    db: AsyncConnection, sessions: Collection[BrowserSessionId]
) -> dict[BrowserSessionId, AgentId]:
    """Whose sessions of these still live; asking keeps none of them alive."""
    live = browser_sessions.c.id.in_(sessions) & (browser_sessions.c.expires_at > now)
    found = await db.execute(
        select(browser_sessions.c.id, browser_sessions.c.agent_id)
        .join(agents, agents.c.id == browser_sessions.c.agent_id)
        .where(live, agents.c.ended_at.is_(None))
    )
    return {BrowserSessionId(row.id): AgentId(row.agent_id) for row in found}


_CHANGED: Final = """
with asked as (
  select cast(cast(:since as text) as pg_snapshot) as since, pg_current_snapshot() as present
)
select asked.present::text as snapshot, t.id, t.wallet_id, t.account_id, t.kind, t.changed_in,
       t.closed_at is not null as is_closed,
       not pg_visible_in_snapshot(t.opened_in::text::xid8, asked.since) as is_new
  from asked
  left join lateral (
    select *
      from tickets
     where changed_in >= pg_snapshot_xmin(asked.since)::text::bigint
       and not pg_visible_in_snapshot(changed_in::text::xid8, asked.since)
       and pg_visible_in_snapshot(changed_in::text::xid8, asked.present)
     order by changed_in
     limit :most
  ) t on true
"""
