"""What an owner may see of their own account: history and reports, a page at a time."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Text, Uuid, cast, exists, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, ContactId, ReportId, WalletId
from domain.reports import LossReport
from service.storage.rows import every
from service.storage.tables import journal, loss_reports, tickets


class Line(Struct, frozen=True, kw_only=True):
    """An entry of the journal, as far as its owner may read it."""

    id: UUID
    at: datetime
    event: str
    contact_id: ContactId | None


async def history_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    account_id: AccountId,
    events: Collection[str],
    *,
    before: UUID | None,
    limit: int,
) -> tuple[Line, ...]:
    """Up to `limit` entries of these events, the newest first, from the one before `before`.

    Without what belongs to a ticket that is open, and without what had no effect on purpose.
    """
    what = cast(journal.c.entry, JSONB)["what"]
    event = what["event"].astext
    ours = (journal.c.wallet_id == wallet_id) & (journal.c.account_id == account_id)
    ours &= event.in_(sorted(events)) & _is_settled(wallet_id, what["ticket_id"].astext)
    ours &= what["without_effect"].astext.is_distinct_from("true")
    if before is not None:
        ours &= journal.c.id < before
    rows = await db.execute(
        select(
            journal.c.id,
            journal.c.at,
            event.label("event"),
            cast(what["contact_id"].astext, Uuid).label("contact_id"),
        )
        .where(ours)
        .order_by(journal.c.id.desc())
        .limit(limit)
    )
    return tuple(
        Line(id=row.id, at=row.at, event=row.event, contact_id=row.contact_id) for row in rows
    )


async def settled_reports_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    account_id: AccountId,
    *,
    before: ReportId | None,
    limit: int,
) -> tuple[LossReport, ...]:
    """Reports whose ticket is closed, the newest first, from the one before `before`."""
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.account_id == account_id)
    ours &= _is_settled(wallet_id, cast(loss_reports.c.ticket_id, Text))
    if before is not None:
        ours &= loss_reports.c.id < before
    newest = select(loss_reports).where(ours).order_by(loss_reports.c.id.desc())
    return await every(db, newest.limit(limit), LossReport)


def _is_settled(wallet_id: WalletId, ticket_id: ColumnElement[str]) -> ColumnElement[bool]:
    """It belongs to no ticket that is still open."""
    ours = (tickets.c.wallet_id == wallet_id) & tickets.c.closed_at.is_(None)
    return ~exists().where(ours, cast(tickets.c.id, Text) == ticket_id)
