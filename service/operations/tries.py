"""How often somebody without a phone has tried lately: counted before anything is looked at.

Counted for the browser and for the account; an unknown address is counted as if it were one, so
that the same rows change whoever was named. Both fail closed.
"""

from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import case, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId
from domain.policy import RecoveryPolicy
from domain.wallets import Wallet
from service.storage.tables import now, recovery_tries

_ADDRESSES: Final = UUID("0b3c2f4e-6c0b-5b0e-9d0a-3e2b8c1f7a55")
_BROWSERS: Final = UUID("5d9f1a7c-2e44-5c8b-8a4f-91c6d0e7b322")


async def count_browser(db: AsyncConnection, wallet: Wallet, seed: str) -> datetime | None:
    """None when this browser may try once more, and has; otherwise from when it may."""
    policy = wallet.policy.recovery
    counted = uuid5(_BROWSERS, sha256(seed.encode()).hexdigest())
    if await _count(db, wallet, counted, policy=policy, most=policy.tries_per_browser):
        return None
    this = (recovery_tries.c.wallet_id == wallet.id) & (recovery_tries.c.counted == counted)
    since = (await db.execute(select(recovery_tries.c.since).where(this))).scalar_one()
    return since + policy.tries_are_counted_for


async def count_account(
    db: AsyncConnection, wallet: Wallet, account_id: AccountId | None, address_index: bytes
) -> bool:
    """Whether one more is compared for the account that was named; for an address that is nobody's
    just the same."""
    policy = wallet.policy.recovery
    counted = account_id or uuid5(_ADDRESSES, address_index.hex())
    return await _count(db, wallet, counted, policy=policy, most=policy.tries_per_account)


async def _count(
    db: AsyncConnection, wallet: Wallet, counted: UUID, *, policy: RecoveryPolicy, most: int
) -> bool:
    """One statement: a hundred at once are counted one after the other."""
    over = recovery_tries.c.since <= now - policy.tries_are_counted_for
    first = insert(recovery_tries).values(wallet_id=wallet.id, counted=counted, since=now, tries=1)
    tried = first.on_conflict_do_update(
        index_elements=[recovery_tries.c.wallet_id, recovery_tries.c.counted],
        set_={
            "tries": case((over, 1), else_=recovery_tries.c.tries + 1),
            "since": case((over, now), else_=recovery_tries.c.since),
        },
        where=or_(over, recovery_tries.c.tries < most),
    )
    return (await db.scalar(tried.returning(recovery_tries.c.tries))) is not None
