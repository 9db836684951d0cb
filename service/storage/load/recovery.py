"""The owner without a phone: recovery codes and hints."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Uuid, any_, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, RecoveryCodeId, TicketId, WalletId
from domain.recovery import Hint, RecoveryCode
from service.storage.rows import every, one
from service.storage.tables import hints, recovery_codes


async def recovery_codes_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[RecoveryCode, ...]:
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.account_id == account_id)
    return await every(
        db, select(recovery_codes).where(ours).order_by(recovery_codes.c.id), RecoveryCode
    )


async def recovery_code_by_mark(
    db: AsyncConnection, wallet_id: WalletId, owners: Collection[AccountId], mark: str
) -> RecoveryCode | None:
    """The unused code that begins like this, on one of these owners' cards."""
    # As an array: the same statement whether there are owners or none.
    these = literal(list(owners), ARRAY(Uuid))
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.account_id == any_(these))
    ours &= (recovery_codes.c.mark == mark) & recovery_codes.c.used_at.is_(None)
    return await one(
        db, select(recovery_codes).where(ours).order_by(recovery_codes.c.id).limit(1), RecoveryCode
    )


async def recovery_code_for_change(
    db: AsyncConnection, wallet_id: WalletId, code_id: RecoveryCodeId
) -> RecoveryCode | None:
    """None when its card was replaced meanwhile."""
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.id == code_id)
    return await one(db, select(recovery_codes).where(ours).with_for_update(), RecoveryCode)


async def hints_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Hint, ...]:
    """The newest first."""
    ours = (hints.c.wallet_id == wallet_id) & (hints.c.ticket_id == ticket_id)
    return await every(db, select(hints).where(ours).order_by(hints.c.id.desc()), Hint)
