"""Addresses that are never written to again: asked before a message is promised, and once more
right before it is sent.

The stored hash is made from the address's look-up value under a key of its own, so that it tells
nobody's address and joins no other table once its person is erased.

Codes are not written there either. Whoever asks for a code has proved nothing: a stranger could
make us write to somebody who was promised that we never would. To an owner who names such an
address, the invitation looks like one that is not answered.
"""

import hmac
from hashlib import sha256

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from service.security.keys import KeyRing
from service.storage.tables import now, suppressed_addresses


async def suppress(
    db: AsyncConnection, keys: KeyRing, wallet_id: WalletId, address_index: bytes
) -> None:
    """Until they take it back. Said again, the first instant stands."""
    row = {
        "wallet_id": wallet_id,
        "address_hash": _hash(keys, wallet_id, address_index),
        "since": now,
    }
    await db.execute(insert(suppressed_addresses).values(row).on_conflict_do_nothing())


async def unsuppress(
    db: AsyncConnection, keys: KeyRing, wallet_id: WalletId, address_index: bytes
) -> bool:
    """Whether there was anything to take back."""
    this = (suppressed_addresses.c.wallet_id == wallet_id) & (
        suppressed_addresses.c.address_hash == _hash(keys, wallet_id, address_index)
    )
    return (await db.execute(delete(suppressed_addresses).where(this))).rowcount == 1


async def is_suppressed(
    db: AsyncConnection, keys: KeyRing, wallet_id: WalletId, address_index: bytes
) -> bool:
    this = (suppressed_addresses.c.wallet_id == wallet_id) & (
        suppressed_addresses.c.address_hash == _hash(keys, wallet_id, address_index)
    )
    return await db.scalar(select(suppressed_addresses.c.since).where(this)) is not None


def _hash(keys: KeyRing, wallet_id: WalletId, address_index: bytes) -> bytes:
    own_key = hmac.digest(keys.index.secret, b"suppressed|" + wallet_id.bytes, sha256)
    return hmac.digest(own_key, address_index, sha256)
