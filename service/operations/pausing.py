"""A ticket that waits for the owner, the carrier or the wallet."""

from datetime import timedelta

from domain import tickets
from domain.ids import TicketId
from domain.tickets import PauseReason
from service.operations import release_hours
from service.operations.agents import SignedIn
from service.operations.at_work import at_work, require_seen
from service.operations.house import House
from service.storage import load
from service.storage.rows import keep


async def pause(
    house: House,
    ticket_id: TicketId,
    *,
    reason: PauseReason,
    lasts: timedelta,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """Its clocks stand still for this long. Raises what `tickets.pause` raises."""
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        change = tickets.pause(
            work.ticket,
            reason=reason,
            until=work.now + lasts,
            hours=release_hours.spans_from(wallet, work.now),
            policy=wallet.policy.tickets,
            by=by.agent,
            now=work.now,
        )
        require_seen(work, seen)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def go_on(house: House, ticket_id: TicketId, *, by: SignedIn) -> None:
    """What was waited for is there. Raises NotPaused, LevelTooLow, TicketClosed."""
    async with at_work(house, ticket_id, by) as work:
        change = tickets.go_on(work.ticket, by=by.agent, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
