"""The wallets of this installation."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.wallets import Wallet
from service.storage.rows import every, the_one
from service.storage.tables import wallets


async def all_wallets(db: AsyncConnection) -> tuple[Wallet, ...]:
    return await every(db, select(wallets), Wallet)


async def wallet(db: AsyncConnection, wallet_id: WalletId) -> Wallet:
    return await the_one(db, select(wallets).where(wallets.c.id == wallet_id), Wallet)
