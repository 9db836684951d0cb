"""Tickets of owners who do not feel safe, and what was written down on them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, TicketId, WalletId
from domain.safety import SafetyNote
from domain.tickets import Ticket, TicketKind
from service.storage.rows import every, one
from service.storage.tables import safety_notes, tickets


async def open_safety_ticket_for_change(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> Ticket | None:
    """The account's newest; it may have several."""
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.account_id == account_id)
    ours &= (tickets.c.kind == TicketKind.SAFETY.value) & tickets.c.closed_at.is_(None)
    newest = select(tickets).where(ours).order_by(tickets.c.id.desc()).limit(1)
    return await one(db, newest.with_for_update(), Ticket)


async def safety_notes_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[SafetyNote, ...]:
    ours = (safety_notes.c.wallet_id == wallet_id) & (safety_notes.c.ticket_id == ticket_id)
    return await every(db, select(safety_notes).where(ours).order_by(safety_notes.c.id), SafetyNote)
