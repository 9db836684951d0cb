"""Freezes that two supervisors undo together: carried out by the clock, one account at a time.

Each is a transaction of its own. Killed in the middle, late or in two workers at once: what is done
is done, and the rest is done next time.
"""

from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from domain import client_mistakes
from domain.client_mistakes import ClientMistake, MistakenFreeze, MistakeStatus
from domain.events import THE_CLOCK, Actor, ActorKind
from domain.refusals import Refused
from service.operations import release_reviews, releasing
from service.operations.at_work import AtWork
from service.operations.house import House
from service.operations.mistaken_freezes import freezes_at
from service.storage import load
from service.storage.rows import clock, keep

log = structlog.get_logger("service.mistakes_undone")

# Of one decision in one round: another decision's accounts need not wait for a thousand.
_IN_A_ROUND: Final = 100


async def carry_on(house: House) -> int:
    """The job. Answers how many accounts were given back, or left out, now."""
    async with house.engine.connect() as db:
        mistakes = await load.approved_mistakes(db)
    return sum([await _carry_on(house, one) for one in mistakes])


async def undo(house: House, mistake: ClientMistake, known: MistakenFreeze) -> bool:
    """One account, looked at again under its locks. False where it was done already."""
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, known.wallet_id, known.account_id)
        ticket = await load.ticket_for_change(db, known.wallet_id, known.ticket_id)
        one = await load.mistaken_freeze_for_change(db, known.wallet_id, known.id)
        if one.done_at is not None or mistake.decided_by is None:
            return False
        (freeze,) = await freezes_at(db, one.wallet_id, ((account.id, ticket.id),))
        now = await clock(db)
        done, closed = client_mistakes.undo(freeze, one, mistake, now=now)
        by = Actor(ActorKind.AGENT, mistake.decided_by)
        await keep(db, one.wallet_id, one, done, by=by)
        if done.value.left_out is not None:
            return True
        work = AtWork(db=db, wallet_id=one.wallet_id, account=account, ticket=ticket, now=now)
        await keep(db, one.wallet_id, ticket, closed, by=by)
        await releasing.release(work, by=by)
        wallet = await load.wallet(db, one.wallet_id)
        await release_reviews.draw(
            db,
            ticket,
            policy=wallet.policy.tickets,
            involved=(mistake.proposed_by, mistake.decided_by, ticket.assigned_to),
            by=by,
            now=now,
        )
        return True


async def finish(house: House, known: ClientMistake) -> bool:
    """Every account of the list is done. False where some are not, or it was said already."""
    async with house.engine.begin() as db:
        mistake = await load.client_mistake_for_change(db, (known.wallet_id,), known.id)
        freezes = await load.mistaken_freezes_of(db, known.wallet_id, known.id)
        if mistake.status is not MistakeStatus.APPROVED:
            return False
        if any(one.done_at is None for one in freezes):
            return False
        change = client_mistakes.finish(mistake, now=await clock(db))
        await keep(db, known.wallet_id, mistake, change, by=THE_CLOCK)
        return True


async def _carry_on(house: House, mistake: ClientMistake) -> int:
    async with house.engine.connect() as db:
        freezes = await load.mistaken_freezes_of(db, mistake.wallet_id, mistake.id)
    done = 0
    for one in [one for one in freezes if one.done_at is None][:_IN_A_ROUND]:
        try:
            done += await undo(house, mistake, one)
        except (Refused, SQLAlchemyError) as reason:
            # The others need not wait for it; it is tried again in the next round.
            log.error(  # noqa: TRY400  # what it says may hold words
                "freeze.not-undone", ticket_id=str(one.ticket_id), reason=type(reason).__name__
            )
    await finish(house, mistake)
    return done
