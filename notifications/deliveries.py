"""A delivery's life: leased by one worker, sent by it with no transaction open, recorded.

    due ──lease──▶ due (leased) ──record──▶ sent · parked · pointless
     ▲                  │
     └── later, or the lease ran out ◀──┘
                        └──hold──▶ held ──let go──▶ due       (the owner is in danger)

At least once: a worker killed between sending and recording leaves its lease to run out, and
the delivery is sent again with the same id.
"""

import random
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.ids import AccountId, ContactId, WalletId
from notifications import retry
from notifications.audience import Role
from notifications.channels import Later, Never, Outcome, Sent
from notifications.clock import at_this_instant, clock
from notifications.retry import Parked, Pointless
from notifications.tables import deliveries, outbox

# Twice what the slowest channel takes before it gives up.
LEASE_LASTS: Final = timedelta(seconds=60)
_CHANCE: Final = random.SystemRandom()


class LeasedDelivery(Struct, frozen=True, kw_only=True):
    """One delivery, this worker's own until the lease runs out."""

    id: UUID
    wallet_id: WalletId
    outbox_id: UUID
    event: str
    body: str
    role: Role
    account_id: AccountId | None
    contact_id: ContactId | None
    address_id: UUID
    # Counted when leased: a try that killed its worker was one.
    attempts: int
    useful_until: datetime | None
    # Still sealed.
    secret: bytes | None
    lease_token: UUID
    leased_at: datetime


async def lease_next(engine: AsyncEngine) -> LeasedDelivery | None:
    """The delivery that has been due longest, or whose lease ran out. Commits."""
    return next(iter(await lease(engine, most=1)), None)


async def lease(engine: AsyncEngine, *, most: int) -> list[LeasedDelivery]:
    """Those that have been due longest, in one statement. Commits."""
    now, token = at_this_instant(), uuid4()
    free = or_(deliveries.c.leased_until.is_(None), deliveries.c.leased_until <= now)
    # By itself, and not inside of the condition: there it might be asked anew for each row, and
    # lock more than it leases.
    chosen = (
        select(deliveries.c.id)
        .where(deliveries.c.state == "due", deliveries.c.due_at <= now, free)
        .order_by(deliveries.c.due_at)
        .limit(most)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    taken = (
        update(deliveries)
        .where(deliveries.c.id == chosen.c.id, deliveries.c.outbox_id == outbox.c.id)
        .values(
            lease_token=token,
            leased_until=now + LEASE_LASTS,
            attempts=deliveries.c.attempts + 1,
        )
        .returning(deliveries, outbox.c.body, outbox.c.secret)
    )
    async with engine.begin() as db:
        rows = (await db.execute(taken)).all()
    return [_leased(row) for row in sorted(rows, key=lambda row: row.due_at)]


def _leased(row: Any) -> LeasedDelivery:
    return LeasedDelivery(
        id=row.id,
        wallet_id=WalletId(row.wallet_id),
        outbox_id=row.outbox_id,
        event=row.event,
        body=row.body,
        role=Role(row.role),
        account_id=row.account_id,
        contact_id=row.contact_id,
        address_id=row.address_id,
        attempts=row.attempts,
        useful_until=row.useful_until,
        secret=row.secret,
        lease_token=row.lease_token,
        leased_at=row.leased_until - LEASE_LASTS,
    )


async def record(engine: AsyncEngine, leased: LeasedDelivery, outcome: Outcome | Pointless) -> bool:
    """What became of it. False, and nothing changed, when the lease is no longer ours."""
    async with engine.begin() as db:
        # First the promise: two deliveries of one promise recorded at the same moment would
        # otherwise each see the other as due, and the secret would stay for good.
        await db.execute(_promise_of(leased).with_for_update())
        now = await clock(db)
        recorded = await db.execute(
            update(deliveries)
            .where(
                deliveries.c.wallet_id == leased.wallet_id,
                deliveries.c.id == leased.id,
                deliveries.c.lease_token == leased.lease_token,
                deliveries.c.state == "due",
            )
            .values(lease_token=None, leased_until=None, **_what_became(leased, outcome, now))
        )
        if recorded.rowcount != 1:
            return False
        await _wipe_secret_if_told(db, leased)
        return True


async def hold(db: AsyncConnection, leased: LeasedDelivery) -> bool:
    """Lay it aside until an agent lets it go; this try is none. False when no longer ours.

    The caller has made sure, in this transaction, that nobody lets go meanwhile.
    """
    held = await db.execute(
        update(deliveries)
        .where(
            deliveries.c.wallet_id == leased.wallet_id,
            deliveries.c.id == leased.id,
            deliveries.c.lease_token == leased.lease_token,
            deliveries.c.state == "due",
        )
        .values(
            state="held",
            lease_token=None,
            leased_until=None,
            attempts=deliveries.c.attempts - 1,
        )
    )
    return held.rowcount == 1


async def let_go(db: AsyncConnection, wallet_id: WalletId, account_id: AccountId) -> int:
    """What waited for an agent is due now."""
    due = update(deliveries).where(_held_for(wallet_id, account_id))
    return (await db.execute(due.values(state="due", due_at=at_this_instant()))).rowcount


async def drop_held(db: AsyncConnection, wallet_id: WalletId, account_id: AccountId) -> int:
    """What waited is of no use any more."""
    dropped = update(deliveries).where(_held_for(wallet_id, account_id))
    return (await db.execute(dropped.values(state="pointless"))).rowcount


def _held_for(wallet_id: WalletId, account_id: AccountId) -> ColumnElement[bool]:
    return and_(
        deliveries.c.wallet_id == wallet_id,
        deliveries.c.account_id == account_id,
        deliveries.c.state == "held",
    )


def _promise_of(leased: LeasedDelivery) -> Any:
    return select(outbox.c.id).where(
        outbox.c.wallet_id == leased.wallet_id, outbox.c.id == leased.outbox_id
    )


def _what_became(
    leased: LeasedDelivery, outcome: Outcome | Pointless, now: datetime
) -> dict[str, Any]:
    match outcome:
        case Sent():
            return {"state": "sent", "sent_at": now, "last_error": None}
        case Never(error=error):
            return {"state": "parked", "last_error": error}
        case Pointless():
            return {"state": "pointless"}
        case Later(error=error, retry_after=retry_after):
            following = retry.after_failure(
                tries=leased.attempts,
                now=now,
                jitter=_CHANCE.uniform(-1, 1),
                retry_after=retry_after,
                useful_until=leased.useful_until,
            )
            return _what_follows(following) | {"last_error": error}


def _what_follows(following: retry.Next) -> dict[str, Any]:
    match following:
        case retry.TryAt(at=at):
            return {"due_at": at}
        case Parked():
            return {"state": "parked"}
        case Pointless():
            return {"state": "pointless"}


async def _wipe_secret_if_told(db: AsyncConnection, leased: LeasedDelivery) -> None:
    """Secrets travel to contacts only; what owners still have to hear needs none."""
    still_due = exists().where(
        deliveries.c.wallet_id == leased.wallet_id,
        deliveries.c.outbox_id == leased.outbox_id,
        deliveries.c.role == Role.CONTACT.value,
        deliveries.c.state == "due",
    )
    await db.execute(
        update(outbox)
        .where(
            outbox.c.wallet_id == leased.wallet_id,
            outbox.c.id == leased.outbox_id,
            outbox.c.secret.is_not(None),
            ~still_due,
        )
        .values(secret=None)
    )
