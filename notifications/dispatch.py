"""From the outbox to deliveries: each promise becomes one row per listener, address and channel.

A delivery's id is made from what makes it unique, so expanding a promise twice gives the same
rows, and the second time nothing.
"""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

import structlog
from msgspec import Struct
from sqlalchemy import Row, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from domain.accounts import AddressKind
from domain.events import Event
from domain.ids import AccountId, AddressId, ContactId, OnCallId, TicketId, WalletId
from notifications.audience import (
    AUDIENCE,
    BY_NAME,
    Hearer,
    Role,
    Who,
    read_event,
    useful_until,
)
from notifications.clock import at_this_instant, clock
from notifications.directory import Destination, Directory
from notifications.tables import deliveries, outbox

log = structlog.get_logger("notifications.dispatch")

# The PostgreSQL channel on which a worker hears that deliveries are due. Polling is the
# guarantee; this only saves the wait.
WAKE: Final = "deliveries_due"
# One that could not be expanded is tried again after as long as it has waited so far, so that
# however many of them there are, they stand in nobody's way.
_SOONEST_AGAIN: Final = timedelta(seconds=1)
_LATEST_AGAIN: Final = timedelta(minutes=5)
CHANNEL_OF: Final = {AddressKind.EMAIL: "email", AddressKind.PHONE: "sms"}


class _Listener(Struct, frozen=True, kw_only=True):
    hearer: Hearer
    destination: Destination
    account_id: AccountId | None = None
    contact_id: ContactId | None = None


async def dispatch_waiting(engine: AsyncEngine, directory: Directory, *, limit: int) -> int:
    """Expand at most `limit` waiting promises; answers how many were expanded.

    Several may run at once. A promise that cannot be expanded stays and holds up no other one.
    """
    async with engine.begin() as db:
        waiting = await _waiting(db, limit)
        if not waiting:
            return 0
        now = await clock(db)
        made = [await _expand_alone(db, directory, promise, now) for promise in waiting]
    if any(made):
        await _wake(engine)
    return sum(deliveries_made is not None for deliveries_made in made)


async def _waiting(db: AsyncConnection, limit: int) -> list[Row[Any]]:
    """An event that this version does not know waits for the worker that knows it."""
    again_at = outbox.c.dispatch_again_at
    found = await db.execute(
        select(outbox)
        .where(
            outbox.c.dispatched_at.is_(None),
            outbox.c.event.in_(BY_NAME),
            or_(again_at.is_(None), again_at <= at_this_instant()),
        )
        .order_by(outbox.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(found.all())


async def _expand_alone(
    db: AsyncConnection, directory: Directory, promise: Row[Any], now: datetime
) -> int | None:
    try:
        async with db.begin_nested():
            return await _expand(db, directory, promise, now)
    except Exception as reason:  # noqa: BLE001
        # Whatever it is, it must not hold up the others. Only its kind is kept: its words may
        # hold an address.
        log.error(  # noqa: TRY400
            "dispatch.failed",
            outbox_id=str(promise.id),
            promised=promise.event,
            reason=type(reason).__name__,
        )
    await _lay_aside(db, promise, now)
    return None


async def _lay_aside(db: AsyncConnection, promise: Row[Any], now: datetime) -> None:
    wait = min(max(now - promise.created_at, _SOONEST_AGAIN), _LATEST_AGAIN)
    await db.execute(
        update(outbox)
        .where(outbox.c.wallet_id == promise.wallet_id, outbox.c.id == promise.id)
        .values(dispatch_again_at=now + wait)
    )


async def _expand(
    db: AsyncConnection, directory: Directory, promise: Row[Any], now: datetime
) -> int:
    event = read_event(promise.event, promise.body)
    listeners = [
        listener
        for hearer in AUDIENCE[type(event)]
        for listener in await _listeners(db, directory, WalletId(promise.wallet_id), event, hearer)
    ]
    if listeners:
        rows = [_row(promise, event, listener, now) for listener in listeners]
        # A destination named twice is one delivery.
        once = {row["id"]: row for row in rows}
        await db.execute(insert(deliveries).values(list(once.values())).on_conflict_do_nothing())
    dispatched: dict[str, Any] = {"dispatched_at": now}
    if not any(listener.hearer.secret for listener in listeners):
        dispatched["secret"] = None
    await db.execute(
        update(outbox)
        .where(outbox.c.wallet_id == promise.wallet_id, outbox.c.id == promise.id)
        .values(**dispatched)
    )
    return len(listeners)


async def _listeners(
    db: AsyncConnection, directory: Directory, wallet_id: WalletId, event: Event, hearer: Hearer
) -> list[_Listener]:
    account_id: AccountId | None = getattr(event, "account_id", None)
    if hearer.who is Who.OWNER:
        if account_id is None:
            return []
        return [
            _Listener(hearer=hearer, destination=destination, account_id=account_id)
            for destination in await directory.owner(db, wallet_id, account_id)
        ]
    if hearer.who is Who.OWN_ADDRESS:
        address_id: AddressId | None = getattr(event, "address_id", None)
        if account_id is None or address_id is None:
            return []
        return [
            _Listener(hearer=hearer, destination=destination, account_id=account_id)
            for destination in await directory.owner(db, wallet_id, account_id)
            if destination.address_id == address_id
        ]
    if hearer.who is Who.ON_CALL:
        person_id: OnCallId | None = getattr(event, "person_id", None)
        if person_id is None:
            return []
        return [
            _Listener(hearer=hearer, destination=destination)
            for destination in await directory.on_call(db, wallet_id, person_id)
        ]
    return [
        _Listener(
            hearer=hearer, destination=destination, account_id=account_id, contact_id=contact_id
        )
        for contact_id in await _contacts(db, directory, wallet_id, event, hearer.who)
        for destination in await _of_contact(
            db, directory, wallet_id, event, hearer, contact_id=contact_id
        )
    ]


async def _of_contact(
    db: AsyncConnection,
    directory: Directory,
    wallet_id: WalletId,
    event: Event,
    hearer: Hearer,
    *,
    contact_id: ContactId,
) -> tuple[Destination, ...]:
    address_id: AddressId | None = getattr(event, "address_id", None)
    if hearer.who is Who.THAT_ADDRESS and address_id is not None:
        return await directory.address(db, wallet_id, contact_id, address_id)
    return await directory.contact(db, wallet_id, contact_id)


async def _contacts(
    db: AsyncConnection, directory: Directory, wallet_id: WalletId, event: Event, who: Who
) -> tuple[ContactId, ...]:
    if who is Who.REPORTERS:
        ticket_id: TicketId | None = getattr(event, "ticket_id", None)
        return () if ticket_id is None else await directory.reporters(db, wallet_id, ticket_id)
    contact_id: ContactId | None = getattr(event, "contact_id", None)
    return () if contact_id is None else (contact_id,)


def _row(promise: Row[Any], event: Event, listener: _Listener, now: datetime) -> dict[str, Any]:
    role, channel = listener.hearer.role, CHANNEL_OF[listener.destination.kind]
    address_id = listener.destination.address_id
    return {
        "id": delivery_id(promise.id, role=role, address_id=address_id, channel=channel),
        "wallet_id": promise.wallet_id,
        "outbox_id": promise.id,
        "event": promise.event,
        "role": role.value,
        "account_id": listener.account_id,
        "contact_id": listener.contact_id,
        "address_id": address_id,
        "channel": channel,
        "due_at": now,
        "useful_until": useful_until(event, listener.hearer),
        "created_at": now,
    }


def delivery_id(outbox_id: UUID, *, role: Role, address_id: UUID, channel: str) -> UUID:
    return uuid5(outbox_id, f"{role.value}/{address_id}/{channel}")


async def _wake(engine: AsyncEngine) -> None:
    """Outside the transaction above: a NOTIFY would make its commit queue behind all others."""
    async with engine.begin() as db:
        await db.execute(select(func.pg_notify(WAKE, "")))
