"""What an operator watches, counted where it stands: the same whichever process is asked.

Every count goes by an index over what is open, so that asking each few seconds costs nothing,
however many accounts and closed tickets there are.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, extract, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.storage.tables import (
    accounts,
    deliveries,
    journal,
    now,
    outbox,
    sealing,
    seals,
    tickets,
)

_CONFIRMED_WITHIN: Final = timedelta(seconds=60)
_OPEN: Final = and_(tickets.c.closed_at.is_(None), tickets.c.kind == "loss")
# A frozen account always has exactly one open ticket, and every other one is unconfirmed.
_FROZEN: Final = and_(_OPEN, ~tickets.c.unconfirmed)
_NOT_OBEYED: Final = and_(
    _FROZEN,
    accounts.c.confirmed_version.is_distinct_from(accounts.c.version),
    accounts.c.frozen_at < now - _CONFIRMED_WITHIN,
)

# Name and what it tells.
GAUGES: Final = {
    "accounts_frozen": "Accounts that are frozen now.",
    "freezes_unconfirmed": "Frozen for over 60 s, and the wallet has not said that it obeys.",
    "freezes_last_minute": "Accounts frozen in the last minute: many at once want a look.",
    "tickets_open": "Open loss tickets.",
    "tickets_overdue": "Open loss tickets past the instant by which they should be decided.",
    "message_oldest_seconds": "How long the oldest promised message has waited for the worker.",
    "deliveries_overdue": "Messages that should have been sent and were not yet.",
    "journal_unsealed_seconds": "How long the oldest journal entry has waited for its seal.",
}


async def counted(db: AsyncConnection) -> dict[str, float]:
    """Each of `GAUGES`, in one statement."""
    waits = select(func.min(outbox.c.created_at)).where(outbox.c.dispatched_at.is_(None))
    sealed_below = func.coalesce(select(sealing.c.sealed_below).scalar_subquery(), 0)
    unsealed = (
        select(func.min(journal.c.at))
        .outerjoin(seals, seals.c.entry_id == journal.c.id)
        .where(journal.c.xid >= sealed_below, seals.c.entry_id.is_(None))
    )
    obeying = tickets.join(accounts, accounts.c.id == tickets.c.account_id)
    overdue = and_(deliveries.c.state == "due", deliveries.c.due_at < now)
    asked: dict[str, Any] = {
        "accounts_frozen": _how_many(tickets, _FROZEN),
        "freezes_unconfirmed": _how_many(obeying, _NOT_OBEYED),
        "freezes_last_minute": _how_many(obeying, _FROZEN, accounts.c.frozen_at > _A_MINUTE_AGO),
        "tickets_open": _how_many(tickets, _OPEN),
        "tickets_overdue": _how_many(tickets, _OPEN, tickets.c.decision_until < now),
        "message_oldest_seconds": _seconds_since(waits),
        "deliveries_overdue": _how_many(deliveries, overdue),
        "journal_unsealed_seconds": _seconds_since(unsealed),
    }
    row = await db.execute(select(*(asked[name].label(name) for name in GAUGES)))
    return {name: float(value) for name, value in row.mappings().one().items()}


_A_MINUTE_AGO: Final = now - timedelta(minutes=1)


def _how_many(where: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(where).where(*conditions).scalar_subquery()


def _seconds_since(instant: Any) -> Any:
    """0 where there is none."""
    return func.coalesce(extract("epoch", now - instant.scalar_subquery()), 0)
