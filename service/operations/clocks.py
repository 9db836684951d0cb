"""What the clock concludes about tickets: pauses that end, deadlines that run out, bells.

It may run late, twice, or in two processes at once: each ticket is looked at under its locks, and
the row says what was concluded already.
"""

from typing import Final

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import on_call, tickets
from domain.change import Change
from domain.events import THE_CLOCK, ClockBreached
from domain.ids import RingId, WalletId
from domain.on_call import Ring, RingWhy
from domain.tickets import Ticket
from service.operations.house import House
from service.operations.on_call import ring_due
from service.security.tokens import new_id
from service.storage import load
from service.storage.load import DueTicket
from service.storage.rows import clock, keep, put

log = structlog.get_logger("service.clocks")
_MOST_AT_ONCE: Final = 500


async def keep_clocks(house: House) -> int:
    """Answers how many tickets or bells it had to do something about."""
    return await look_at_tickets(house) + await ring_due(house)


async def look_at_tickets(house: House) -> int:
    """Each in a transaction of its own, longest due first."""
    async with house.engine.connect() as db:
        due = await load.tickets_to_look_at(db, limit=_MOST_AT_ONCE)
    return sum([await _look_at(house, one) for one in due])


async def _look_at(house: House, due: DueTicket) -> bool:
    """False where somebody was faster: it was decided, or another process has concluded it."""
    async with house.engine.begin() as db:
        await load.account_for_change(db, due.wallet_id, due.account_id)
        before = await load.ticket_for_change(db, due.wallet_id, due.ticket_id)
        wallet = await load.wallet(db, due.wallet_id)
        now = await clock(db)
        change = tickets.run_out(before, policy=wallet.policy.tickets, now=now)
        if change.value == before:
            return False
        after = await keep(db, wallet.id, before, change, by=THE_CLOCK)
        for why in on_call.reasons(before, after):
            await _begin_to_ring(db, wallet.id, after, why)
    _say(after, change)
    return True


async def _begin_to_ring(
    db: AsyncConnection, wallet_id: WalletId, ticket: Ticket, why: RingWhy
) -> None:
    """Nothing where the same bell rings already."""
    ringing = await load.open_rings_of(db, wallet_id, ticket.id)
    if any(ring.why is why for ring in ringing):
        return
    now = await clock(db)
    ring = Ring(
        id=RingId(new_id()),
        wallet_id=wallet_id,
        account_id=ticket.account_id,
        ticket_id=ticket.id,
        why=why,
        began_at=now,
        next_at=now,
    )
    await put(db, None, ring)


def _say(ticket: Ticket, change: Change[Ticket]) -> None:
    """For whoever watches the logs; the page and the board show it too."""
    for event in change.events:
        if isinstance(event, ClockBreached):
            log.warning(
                "clock.breached",
                wallet_id=str(ticket.wallet_id),
                ticket_id=str(ticket.id),
                clock=event.kind,
                level=ticket.level,
            )
