"""Loss tickets as a wallet's own programs read them. No other kind exists for them."""

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Select, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Display
from domain.help_desks import ToldStage
from domain.ids import ClientId, TicketId, TicketNoteId, WalletId
from domain.reports import Outcome
from domain.tickets import Stage, TicketKind, TicketNote
from service.storage.rows import every, one, the_one
from service.storage.tables import (
    accounts,
    external_stages,
    loss_reports,
    now,
    ticket_notes,
    tickets,
)


class TicketRow(Struct, frozen=True, kw_only=True):
    """What programs are told of a ticket, without its reports."""

    id: TicketId
    reference: str
    stage: Stage
    level: int
    boost: int
    unconfirmed: bool
    subject: str
    display: Display
    opened_at: datetime
    owner_reached_at: datetime | None
    proved_at: datetime | None
    proposed_at: datetime | None
    kept_frozen_at: datetime | None
    closed_at: datetime | None
    closed_reason: str | None
    first_attempt_until: datetime
    decision_until: datetime
    paused_until: datetime | None
    review_until: datetime | None
    changed_at: datetime


class ReportRow(Struct, frozen=True, kw_only=True):
    ticket_id: TicketId
    reference: str
    outcome: Outcome | None
    decided_at: datetime | None


class After(Struct, frozen=True):
    """The last ticket of the page before."""

    changed_at: datetime
    ticket_id: TicketId


def _told(wallet_id: WalletId) -> Select[*tuple[object, ...]]:
    columns = (
        (accounts if name in {"subject", "display"} else tickets).c[name]
        for name in TicketRow.__struct_fields__
    )
    return (
        select(*columns)
        .join_from(tickets, accounts, accounts.c.id == tickets.c.account_id)
        .where(tickets.c.wallet_id == wallet_id, tickets.c.kind == TicketKind.LOSS.value)
    )


async def told_tickets(
    db: AsyncConnection,
    wallet_id: WalletId,
    *,
    stage: Stage | None,
    is_open: bool | None,
    since: datetime | None,
    after: After | None,
    limit: int,
) -> tuple[TicketRow, ...]:
    """What was changed longest ago comes first: what changes meanwhile comes again, at the end."""
    asked = _told(wallet_id)
    if stage is not None:
        asked = asked.where(tickets.c.stage == stage.value)
    if is_open is not None:
        closed = tickets.c.closed_at
        asked = asked.where(closed.is_(None) if is_open else closed.isnot(None))
    if since is not None:
        asked = asked.where(tickets.c.changed_at >= since)
    if after is not None:
        place = tuple_(tickets.c.changed_at, tickets.c.id)
        asked = asked.where(place > tuple_(after.changed_at, after.ticket_id))
    return await every(
        db, asked.order_by(tickets.c.changed_at, tickets.c.id).limit(limit), TicketRow
    )


async def told_ticket(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> TicketRow:
    """Raises NotFound."""
    return await the_one(db, _told(wallet_id).where(tickets.c.id == ticket_id), TicketRow)


async def told_reports(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[TicketId]
) -> tuple[ReportRow, ...]:
    columns = (loss_reports.c[name] for name in ReportRow.__struct_fields__)
    ours = (loss_reports.c.wallet_id == wallet_id) & loss_reports.c.ticket_id.in_(ids)
    return await every(db, select(*columns).where(ours).order_by(loss_reports.c.id), ReportRow)


async def told_stages(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[TicketId]
) -> tuple[ToldStage, ...]:
    ours = (external_stages.c.wallet_id == wallet_id) & external_stages.c.id.in_(ids)
    return await every(db, select(external_stages).where(ours), ToldStage)


async def told_stage_for_change(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> ToldStage | None:
    ours = (external_stages.c.wallet_id == wallet_id) & (external_stages.c.id == ticket_id)
    return await one(db, select(external_stages).where(ours).with_for_update(), ToldStage)


async def mark_changed(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> None:
    """For whoever asks what has changed. Its version stays: no agent has to read it anew."""
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.id == ticket_id)
    await db.execute(update(tickets).where(ours).values(changed_at=now))


async def notes_by_client(
    db: AsyncConnection,
    wallet_id: WalletId,
    ticket_id: TicketId,
    client_id: ClientId,
    *,
    after: TicketNoteId | None,
    limit: int,
) -> tuple[TicketNote, ...]:
    """Those this program left, in order. What was erased is not among them."""
    ours = (ticket_notes.c.wallet_id == wallet_id) & (ticket_notes.c.ticket_id == ticket_id)
    ours &= (ticket_notes.c.client_id == client_id) & ticket_notes.c.said.isnot(None)
    if after is not None:
        ours &= ticket_notes.c.id > after
    asked = select(ticket_notes).where(ours).order_by(ticket_notes.c.id).limit(limit)
    return await every(db, asked, TicketNote)
