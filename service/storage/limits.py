"""The rows of the limits: each holds one instant, and is taken in one statement.

However many processes ask at once, the row's lock puts them one after another; none of them reads
what another is about to write. `domain/limits.py` says what the instant means.
"""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import limits as rules
from domain.ids import WalletId
from domain.limits import Rate, Standing
from service.storage.tables import limits, now


class Subject(Struct, frozen=True, kw_only=True):
    """One row's key. `subject` is a keyed hash: no address and no network lies here in clear."""

    wallet_id: WalletId
    name: str
    subject: bytes


async def take(db: AsyncConnection, of: Subject, rate: Rate) -> tuple[bool, Standing]:
    """One attempt: whether it is allowed, and what is left. The row stays locked until the end."""
    fresh = insert(limits).values(
        wallet_id=of.wallet_id, name=of.name, subject=of.subject, arrival=now + rate.each
    )
    # What would be inserted is the present plus one `each`.
    proposed = fresh.excluded.arrival
    taken = (
        await db.execute(
            fresh.on_conflict_do_update(
                index_elements=["wallet_id", "name", "subject"],
                set_={"arrival": func.greatest(limits.c.arrival + rate.each, proposed)},
                where=limits.c.arrival <= proposed + (rate.whole_after - 2 * rate.each),
            ).returning(limits.c.arrival, now)
        )
    ).one_or_none()
    if taken is not None:
        return True, rules.standing(taken[0], rate, now=taken[1])
    return False, await see(db, of, rate)


async def see(db: AsyncConnection, of: Subject, rate: Rate) -> Standing:
    """What is left, without taking any of it."""
    arrival, instant = (
        await db.execute(select(select(limits.c.arrival).where(*_is(of)).scalar_subquery(), now))
    ).one()
    return rules.standing(arrival, rate, now=instant)


async def give_back(db: AsyncConnection, of: Subject, rate: Rate) -> None:
    """The attempt was none: as if it had not been made."""
    await db.execute(update(limits).where(*_is(of)).values(arrival=limits.c.arrival - rate.each))


async def forget(db: AsyncConnection, of: Subject) -> bool:
    """As good as new, at once. Answers whether there was anything to forget."""
    return (await db.execute(delete(limits).where(*_is(of)))).rowcount > 0


async def forget_all(db: AsyncConnection, wallet_id: WalletId, name: str) -> int:
    """The same for everyone one limit counts."""
    ours = (limits.c.wallet_id == wallet_id, limits.c.name == name)
    return (await db.execute(delete(limits).where(*ours))).rowcount


async def in_use(db: AsyncConnection, wallet_id: WalletId, name: str) -> tuple[datetime, ...]:
    """When each row of one limit will be as good as new, the furthest first."""
    rows = await db.execute(
        select(limits.c.arrival)
        .where(limits.c.wallet_id == wallet_id, limits.c.name == name, limits.c.arrival > now)
        .order_by(limits.c.arrival.desc())
    )
    return tuple(row.arrival for row in rows)


def _is(of: Subject) -> tuple[ColumnElement[bool], ...]:
    return (
        limits.c.wallet_id == of.wallet_id,
        limits.c.name == of.name,
        limits.c.subject == of.subject,
    )
