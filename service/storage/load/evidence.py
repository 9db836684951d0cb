"""Codes that owners enter, and the answers on a ticket's checklist."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import OwnerCodeId, TicketId, WalletId
from domain.tickets import Check, OwnerCode
from service.storage.rows import every, one
from service.storage.tables import checks, owner_codes


async def checks_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Check, ...]:
    ours = (checks.c.wallet_id == wallet_id) & (checks.c.ticket_id == ticket_id)
    return await every(db, select(checks).where(ours).order_by(checks.c.id), Check)


async def last_owner_code(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> OwnerCode | None:
    """The one that counts: the next one asked for ends it."""
    ours = (owner_codes.c.wallet_id == wallet_id) & (owner_codes.c.ticket_id == ticket_id)
    newest = select(owner_codes).where(ours).order_by(owner_codes.c.id.desc()).limit(1)
    return await one(db, newest, OwnerCode)


async def owner_code_for_change(
    db: AsyncConnection, wallet_id: WalletId, code_id: OwnerCodeId
) -> OwnerCode | None:
    ours = (owner_codes.c.wallet_id == wallet_id) & (owner_codes.c.id == code_id)
    return await one(db, select(owner_codes).where(ours).with_for_update(), OwnerCode)
