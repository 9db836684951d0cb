"""The same request twice has one effect: the first answer is replayed, sealed until then.

Written in the transaction of what it answers. Requests that repeat each other wait for the
lock their operation takes first, so that the second always finds the first one's answer.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.refusals import KeyReused
from service.security.encryption import DataKey, Place
from service.storage.rows import clock, one, put
from service.storage.tables import idempotency_keys, now
from service.storage.values import IdempotencyKey

KEPT: Final = timedelta(hours=24)


class Request(Struct, frozen=True, kw_only=True):
    """What makes two requests the same one."""

    wallet_id: WalletId
    caller: str
    route: str
    key: str
    body: bytes

    @property
    def place(self) -> Place:
        name = f"{self.wallet_id}|{self.caller}|{self.route}|{self.key}"
        row: UUID = uuid5(NAMESPACE_OID, name)
        return Place("idempotency_keys", "answer", row)


async def replay(db: AsyncConnection, key: DataKey, request: Request) -> str | None:
    """The first answer, or None the first time. Raises KeyReused for another body."""
    fresh = idempotency_keys.c.created_at > now - KEPT
    kept = await one(db, select(idempotency_keys).where(_same(request), fresh), IdempotencyKey)
    return None if kept is None else first_answer(kept, key, request)


def first_answer(kept: IdempotencyKey, key: DataKey, request: Request) -> str:
    """What was answered the first time. Raises KeyReused for another body."""
    if kept.body_sha256 != sha256(request.body).digest():
        raise KeyReused
    return key.open(request.place, kept.answer)


async def remember(db: AsyncConnection, key: DataKey, request: Request, answer: str) -> None:
    """Keep the answer for 24 hours, in the transaction of what it tells.

    The key's uniqueness stops two requests that did not wait for each other.
    """
    await forget_past(db, request)
    await put(db, None, answered(key, request, answer, at=await clock(db)))


def answered(key: DataKey, request: Request, answer: str, *, at: datetime) -> IdempotencyKey:
    """What is kept of a request that was carried out."""
    return IdempotencyKey(
        wallet_id=request.wallet_id,
        caller=request.caller,
        route=request.route,
        key=request.key,
        body_sha256=sha256(request.body).digest(),
        answer=key.seal(request.place, answer),
        created_at=at,
    )


async def forget_past(db: AsyncConnection, request: Request) -> None:
    """Make room for the same key a day later."""
    past = idempotency_keys.c.created_at <= now - KEPT
    await db.execute(delete(idempotency_keys).where(_same(request), past))


def _same(request: Request) -> ColumnElement[bool]:
    return and_(
        idempotency_keys.c.wallet_id == request.wallet_id,
        idempotency_keys.c.caller == request.caller,
        idempotency_keys.c.route == request.route,
        idempotency_keys.c.key == request.key,
    )
