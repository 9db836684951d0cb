"""What an operator watches, counted where it stands: the same whichever process is asked.

Every count goes by an index over what is open, so that asking each few seconds costs nothing,
however many accounts and closed tickets there are.
"""

from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Interval, and_, cast, extract, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.policy import DEFAULT
from service.storage.tables import (
    accounts,
    deliveries,
    journal,
    journal_checks,
    now,
    outbox,
    sealing,
    seals,
    signals,
    streams,
    tickets,
    wallets,
)

# As each wallet has it in its policy; lengths are stored as PostgreSQL reads them too (ISO 8601).
_CONFIRMED_WITHIN: Final = func.coalesce(
    cast(wallets.c.policy["messages"]["confirmation_expected_within"].astext, Interval),
    DEFAULT.messages.confirmation_expected_within,
)
_OPEN: Final = and_(tickets.c.closed_at.is_(None), tickets.c.kind == "loss")
# A frozen account always has exactly one open ticket, and every other one is unconfirmed.
_FROZEN: Final = and_(_OPEN, ~tickets.c.unconfirmed)
_NOT_OBEYED: Final = and_(
    # Written into the statement, so that the index over these alone serves it.
    accounts.c.state == literal_column("'frozen'"),
    accounts.c.confirmed_version.is_distinct_from(accounts.c.version),
    accounts.c.frozen_at <= now - _CONFIRMED_WITHIN,
)

_WITH_WALLET: Final = accounts.join(wallets, wallets.c.id == accounts.c.wallet_id)

# Name and what it tells.
GAUGES: Final = {
    "accounts_frozen": "Accounts that are frozen now.",
    "freezes_unconfirmed": "Frozen for over 60 s (or the wallet's own limit) and not said to obey.",
    "freeze_unconfirmed_oldest_seconds": "How long the oldest of these has been frozen.",
    "owners_not_reached": "Open tickets of which every message to the owner failed.",
    "freezes_last_minute": "Accounts frozen in the last minute: many at once want a look.",
    "tickets_open": "Open loss tickets.",
    "tickets_overdue": "Open loss tickets past the instant by which they should be decided.",
    "message_oldest_seconds": "How long the oldest promised message has waited for the worker.",
    "deliveries_overdue": "Messages that should have been sent and were not yet.",
    "signals_waiting_seconds": "How long the oldest fact has waited to be queued for wallets.",
    "signals_overdue_seconds": "How long the oldest signal to a wallet's receiver has been due.",
    "signals_parked": "Signals given up on, or whose receiver is gone; they are sent by hand.",
    "streams_resting": "Receivers that failed so often that they are left alone for a while.",
    "journal_unsealed_seconds": "How long the oldest journal entry has waited for its seal.",
    "journal_broken": "Chains of the journal that the last check found changed; 0 is right.",
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
    of_accounts = tickets.join(accounts, accounts.c.id == tickets.c.account_id)
    overdue = and_(deliveries.c.state == "due", deliveries.c.due_at < now)
    listening = and_(
        streams.c.ended_at.is_(None), streams.c.status == "enabled", streams.c.kind != "poll"
    )
    heard = signals.join(streams, streams.c.id == signals.c.stream_id)
    oldest = select(func.min(signals.c.queued_at)).select_from(heard)
    asked: dict[str, Any] = {
        "accounts_frozen": _how_many(tickets, _FROZEN),
        "freezes_unconfirmed": _how_many(_WITH_WALLET, _NOT_OBEYED),
        "freeze_unconfirmed_oldest_seconds": _seconds_since(
            select(func.min(accounts.c.frozen_at)).select_from(_WITH_WALLET).where(_NOT_OBEYED)
        ),
        "owners_not_reached": _how_many(tickets, _OPEN, tickets.c.proof_requested_at.isnot(None)),
        "freezes_last_minute": _how_many(
            of_accounts, _FROZEN, accounts.c.frozen_at > _A_MINUTE_AGO
        ),
        "tickets_open": _how_many(tickets, _OPEN),
        "tickets_overdue": _how_many(tickets, _OPEN, tickets.c.decision_until < now),
        "message_oldest_seconds": _seconds_since(waits),
        "deliveries_overdue": _how_many(deliveries, overdue),
        "signals_waiting_seconds": _seconds_since(
            select(func.min(outbox.c.created_at)).where(outbox.c.signal_waiting)
        ),
        "signals_overdue_seconds": _seconds_since(
            oldest.where(listening, signals.c.state == "due")
        ),
        "signals_parked": _how_many(signals, signals.c.state == "parked"),
        "streams_resting": _how_many(streams, listening, streams.c.rests_until > now),
        "journal_unsealed_seconds": _seconds_since(unsealed),
        "journal_broken": _how_many(
            journal_checks,
            journal_checks.c.broken_at.isnot(None) | (journal_checks.c.unexplained > 0),
        ),
    }
    row = await db.execute(select(*(asked[name].label(name) for name in GAUGES)))
    return {name: float(value) for name, value in row.mappings().one().items()}


_A_MINUTE_AGO: Final = now - timedelta(minutes=1)


def _how_many(where: Any, *conditions: Any) -> Any:
    return select(func.count()).select_from(where).where(*conditions).scalar_subquery()


def _seconds_since(instant: Any) -> Any:
    """0 where there is none."""
    return func.coalesce(extract("epoch", now - instant.scalar_subquery()), 0)
