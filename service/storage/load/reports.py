"""Loss reports."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import ContactId, ReportId, TicketId, WalletId
from domain.reports import LossReport
from service.storage.rows import every, the_one
from service.storage.tables import loss_reports


async def report(db: AsyncConnection, wallet_id: WalletId, report_id: ReportId) -> LossReport:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.id == report_id)
    return await the_one(db, select(loss_reports).where(ours), LossReport)


async def report_for_change(
    db: AsyncConnection, wallet_id: WalletId, report_id: ReportId
) -> LossReport:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.id == report_id)
    return await the_one(db, select(loss_reports).where(ours).with_for_update(), LossReport)


async def reports_by(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[ContactId], *, limit: int
) -> tuple[LossReport, ...]:
    """What these contacts reported, the newest first."""
    ours = (loss_reports.c.wallet_id == wallet_id) & loss_reports.c.contact_id.in_(ids)
    newest = select(loss_reports).where(ours).order_by(loss_reports.c.id.desc())
    return await every(db, newest.limit(limit), LossReport)


async def reports_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[LossReport, ...]:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.ticket_id == ticket_id)
    return await every(db, select(loss_reports).where(ours).order_by(loss_reports.c.id), LossReport)


async def reports_on(
    db: AsyncConnection, served: Collection[WalletId], ids: Collection[TicketId]
) -> tuple[LossReport, ...]:
    """The reports of many tickets at once, for a list."""
    ours = loss_reports.c.wallet_id.in_(served) & loss_reports.c.ticket_id.in_(ids)
    return await every(db, select(loss_reports).where(ours).order_by(loss_reports.c.id), LossReport)
