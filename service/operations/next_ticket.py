"""What an agent does next: the most urgent ticket that nobody else has in their hands."""

from domain import access, tickets
from domain.ids import SkipId, TicketId
from domain.tickets import Skip, SkipReason
from service.operations import presence
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import at_work
from service.operations.disputes import owner_key
from service.operations.house import House
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load, queue
from service.storage.rows import clock, keep, put

_LONGEST = 300


async def take(house: House, by: SignedIn) -> TicketId | None:
    """Assign it to this agent, who is seen to look at it from then on; None when nothing is left.

    Losses and, to whoever is trained for them, safety tickets in one order. Two who ask at once
    are served two tickets. Raises LevelTooLow.
    """
    async with house.engine.begin() as db:
        access.require_level(by.agent, access.REACHES_OWNER)
        sight = await load.sight_of(db, by.agent)
        ticket = await queue.take_next(db, sight, by.agent)
        if ticket is None:
            return None
        change = tickets.assign(ticket, by.agent.id, by=by.agent, now=await clock(db))
        await keep(db, ticket.wallet_id, ticket, change, by=by.actor)
        await presence.note(db, ticket.wallet_id, ticket.id, by)
        return ticket.id


async def skip(
    house: House, ticket_id: TicketId, *, reason: SkipReason, words: str, by: SignedIn
) -> None:
    """Leave it to somebody else for a while, of whichever kind it is.

    Raises WordsMissing, LevelTooLow, TicketClosed; NotFound outside the agent's sight.
    """
    async with house.engine.connect() as db:
        seen = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
    async with at_work(house, ticket_id, by, kind=seen.kind) as work:
        skip_id = SkipId(new_id())
        said = plain_text(words, longest=_LONGEST)
        sealed = None
        if said:
            key = await owner_key(work.db, house, work.account)
            sealed = key.seal(Place("skips", "said", skip_id), said)
        skipped = Skip(
            id=skip_id,
            wallet_id=work.wallet_id,
            ticket_id=ticket_id,
            skipped_by=by.agent.id,
            reason=reason,
            said=sealed,
            skipped_at=work.now,
        )
        change = tickets.skip(work.ticket, skipped, by=by.agent, now=work.now)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await put(work.db, None, skipped)
        await presence.forget(work.db, ticket_id, by)
