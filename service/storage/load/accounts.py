"""Accounts, and what their owners hold: addresses, devices, sessions."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import (
    Account,
    AccountAddress,
    AccountState,
    AddressKind,
    Device,
    WalletSession,
)
from domain.ids import AccountId, SessionId, WalletId
from domain.wallets import Wallet
from service.storage.rows import every, one, the_one
from service.storage.tables import account_addresses, accounts, devices, now, wallet_sessions


async def account(db: AsyncConnection, wallet_id: WalletId, account_id: AccountId) -> Account:
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.id == account_id)
    return await the_one(db, select(accounts).where(ours), Account)


async def accounts_with(
    db: AsyncConnection, served: Collection[WalletId], ids: Collection[AccountId]
) -> tuple[Account, ...]:
    """Many at once, for a list."""
    ours = accounts.c.wallet_id.in_(served) & accounts.c.id.in_(ids)
    return await every(db, select(accounts).where(ours), Account)


async def account_for_change(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> Account:
    """The lock that freezing, releasing, sessions and contacts all take first."""
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.id == account_id)
    return await the_one(db, select(accounts).where(ours).with_for_update(), Account)


async def accounts_to_close(db: AsyncConnection, wallet_id: WalletId) -> tuple[AccountId, ...]:
    """Whose announced closing has come and is not written down yet."""
    due = (accounts.c.wallet_id == wallet_id) & (accounts.c.closes_at <= now)
    due &= accounts.c.state == AccountState.ACTIVE.value
    rows = await db.scalars(select(accounts.c.id).where(due).order_by(accounts.c.closes_at))
    return tuple(AccountId(row) for row in rows)


async def account_by_subject(
    db: AsyncConnection, wallet_id: WalletId, subject: str, *, for_change: bool = False
) -> Account | None:
    """The account under the wallet's own user id."""
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.subject == subject)
    statement = select(accounts).where(ours)
    return await one(db, statement.with_for_update() if for_change else statement, Account)


async def addresses_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[AccountAddress, ...]:
    """Present and replaced ones, in the order they came."""
    ours = (account_addresses.c.wallet_id == wallet_id) & (
        account_addresses.c.account_id == account_id
    )
    return await every(
        db, select(account_addresses).where(ours).order_by(account_addresses.c.id), AccountAddress
    )


async def accounts_at_address(
    db: AsyncConnection, wallet: Wallet, kind: AddressKind, address_index: bytes
) -> tuple[AccountId, ...]:
    """Whose address it is, or was until lately: someone else may have replaced it."""
    ours = (account_addresses.c.wallet_id == wallet.id) & (
        account_addresses.c.address_index == address_index
    )
    ours &= account_addresses.c.kind == kind.value
    since = now - wallet.policy.messages.removed_addresses_hear_for
    removed = account_addresses.c.removed_at
    found = await db.scalars(
        select(account_addresses.c.account_id)
        .where(ours, removed.is_(None) | (removed > since))
        .distinct()
        .order_by(account_addresses.c.account_id)
    )
    return tuple(AccountId(row) for row in found)


async def device_by_name(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, name: str
) -> Device | None:
    ours = (devices.c.wallet_id == wallet_id) & (devices.c.account_id == account_id)
    return await one(db, select(devices).where(ours, devices.c.name == name), Device)


async def devices_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[Device, ...]:
    ours = (devices.c.wallet_id == wallet_id) & (devices.c.account_id == account_id)
    return await every(db, select(devices).where(ours).order_by(devices.c.id), Device)


async def sessions_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[WalletSession, ...]:
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    return await every(
        db, select(wallet_sessions).where(ours).order_by(wallet_sessions.c.id), WalletSession
    )


async def session_by_token(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, token_sha256: bytes
) -> WalletSession | None:
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    ours &= wallet_sessions.c.token_sha256 == token_sha256
    return await one(db, select(wallet_sessions).where(ours), WalletSession)


async def sessions_after(
    db: AsyncConnection,
    wallet_id: WalletId,
    account_id: AccountId,
    after: SessionId | None,
    *,
    limit: int,
) -> tuple[WalletSession, ...]:
    """Up to `limit` sessions in the order they began, from the one after `after`."""
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    if after is not None:
        ours &= wallet_sessions.c.id > after
    in_order = select(wallet_sessions).where(ours).order_by(wallet_sessions.c.id)
    return await every(db, in_order.limit(limit), WalletSession)


async def count_sessions_ended(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, *, epoch: int, at: datetime
) -> int:
    """How many sessions the freeze that began this epoch ended."""
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    ours &= (wallet_sessions.c.epoch == epoch - 1) & (wallet_sessions.c.expires_at > at)
    return (await db.execute(select(func.count()).where(ours))).scalar_one()
