"""Deadlines that want something done, what was written down of them, and who is rung."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, OnCallId, RingId, TicketId, WalletId
from domain.on_call import OnCallPerson, Ring
from domain.tickets import ClockEvent, ClockWhat
from service.storage.rows import every, one, the_one
from service.storage.tables import clock_events, now, on_call_persons, rings, tickets


class DueTicket(Struct, frozen=True):
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId


async def tickets_to_look_at(db: AsyncConnection, *, limit: int) -> tuple[DueTicket, ...]:
    """Open ones whose clocks want something concluded, longest due first; of all wallets."""
    due = (tickets.c.look_at <= now) & tickets.c.closed_at.is_(None)
    found = await db.execute(
        select(tickets.c.wallet_id, tickets.c.account_id, tickets.c.id)
        .where(due)
        .order_by(tickets.c.look_at)
        .limit(limit)
    )
    return tuple(
        DueTicket(WalletId(row.wallet_id), AccountId(row.account_id), TicketId(row.id))
        for row in found
    )


async def clock_events_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[ClockEvent, ...]:
    """In the order in which they were written."""
    ours = (clock_events.c.wallet_id == wallet_id) & (clock_events.c.ticket_id == ticket_id)
    return await every(
        db, select(clock_events).where(ours).order_by(clock_events.c.number), ClockEvent
    )


async def breaches_since(
    db: AsyncConnection, wallets: tuple[WalletId, ...], since: datetime
) -> int:
    """How many deadlines of these wallets were found run out since then."""
    ours = clock_events.c.wallet_id.in_(wallets) & (clock_events.c.at >= since)
    ours &= clock_events.c.what == ClockWhat.BREACHED.value
    return await db.scalar(select(func.count()).where(ours)) or 0


async def rings_to_ring(db: AsyncConnection, *, limit: int) -> tuple[Ring, ...]:
    due = (rings.c.next_at <= now) & rings.c.ended_at.is_(None)
    return await every(db, select(rings).where(due).order_by(rings.c.next_at).limit(limit), Ring)


async def ring_for_change(db: AsyncConnection, wallet_id: WalletId, ring_id: RingId) -> Ring:
    ours = (rings.c.wallet_id == wallet_id) & (rings.c.id == ring_id)
    return await the_one(db, select(rings).where(ours).with_for_update(), Ring)


async def open_rings_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Ring, ...]:
    ours = (rings.c.wallet_id == wallet_id) & (rings.c.ticket_id == ticket_id)
    ours &= rings.c.ended_at.is_(None)
    return await every(db, select(rings).where(ours).order_by(rings.c.id), Ring)


async def on_call_for(db: AsyncConnection, wallet_id: WalletId) -> tuple[OnCallPerson, ...]:
    """The wallet's own people, and those of the installation."""
    theirs = or_(on_call_persons.c.wallet_id == wallet_id, on_call_persons.c.wallet_id.is_(None))
    return await every(
        db, select(on_call_persons).where(theirs).order_by(on_call_persons.c.place), OnCallPerson
    )


async def on_call_person(db: AsyncConnection, person_id: OnCallId) -> OnCallPerson | None:
    ours = on_call_persons.c.id == person_id
    return await one(db, select(on_call_persons).where(ours), OnCallPerson)


async def all_on_call(db: AsyncConnection) -> tuple[OnCallPerson, ...]:
    in_order = (on_call_persons.c.wallet_id.nulls_last(), on_call_persons.c.place)
    return await every(db, select(on_call_persons).order_by(*in_order), OnCallPerson)
