"""What is said against reports, and how they are judged."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.disputes import Dispute
from domain.ids import AccountId, ReportId, TicketId, VerdictId, WalletId
from domain.outcomes import Verdict, VerdictStatus
from domain.tickets import Attempt
from service.storage.rows import every, one
from service.storage.tables import attempts, disputes, false_reports, verdicts


async def disputes_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Dispute, ...]:
    ours = (disputes.c.wallet_id == wallet_id) & (disputes.c.ticket_id == ticket_id)
    return await every(db, select(disputes).where(ours).order_by(disputes.c.id), Dispute)


async def attempts_on(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Attempt, ...]:
    ours = (attempts.c.wallet_id == wallet_id) & (attempts.c.ticket_id == ticket_id)
    return await every(db, select(attempts).where(ours).order_by(attempts.c.id), Attempt)


async def pending_verdict(
    db: AsyncConnection, wallet_id: WalletId, report_id: ReportId
) -> Verdict | None:
    """At most one; a partial unique index sees to it."""
    ours = (verdicts.c.wallet_id == wallet_id) & (verdicts.c.report_id == report_id)
    ours &= verdicts.c.status == VerdictStatus.PENDING.value
    return await one(db, select(verdicts).where(ours), Verdict)


async def verdicts_on(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Verdict, ...]:
    ours = (verdicts.c.wallet_id == wallet_id) & (verdicts.c.ticket_id == ticket_id)
    return await every(db, select(verdicts).where(ours).order_by(verdicts.c.id), Verdict)


async def verdict_anywhere(
    db: AsyncConnection, wallet_id: WalletId, verdict_id: VerdictId
) -> Verdict | None:
    ours = (verdicts.c.wallet_id == wallet_id) & (verdicts.c.id == verdict_id)
    return await one(db, select(verdicts).where(ours), Verdict)


async def false_report_dates(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, address_index: bytes
) -> tuple[datetime, ...]:
    """When reports from this address were called false for this owner."""
    ours = (false_reports.c.wallet_id == wallet_id) & (false_reports.c.account_id == account_id)
    ours &= false_reports.c.address_index == address_index
    return tuple(await db.scalars(select(false_reports.c.decided_at).where(ours)))
