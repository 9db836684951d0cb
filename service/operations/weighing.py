"""Proofs that were enough are weighed again: a report says since when the phone was gone.

Only what says so has to ask. Whoever withdraws a report takes nothing of that back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import evidence_on_file, freezing
from service.storage import load
from service.storage.together import Step


async def weigh(
    db: AsyncConnection,
    wallet: Wallet,
    ticket: Ticket,
    *,
    noticed_at: datetime | None,
    is_voided: bool = False,
    now: datetime,
) -> tuple[Step[Any], ...]:
    """What a report that joined this ticket does to what was proved on it, to be kept together with
    the report; mostly nothing. `is_voided`: what waited for a decision is void by it already."""
    if noticed_at is None or not ticket.owner_is_verified:
        return ()
    lost_at = min(noticed_at, await evidence_on_file.loss_of(db, ticket))
    weighed = tickets.weigh_again(
        ticket,
        proofs=await load.proofs_of(db, wallet.id, ticket.id),
        lost_at=lost_at,
        policy=wallet.policy.tickets,
        now=now,
    )
    if not weighed.events:
        return ()
    pending = None if is_voided else await load.pending_proposal(db, wallet.id, ticket.id)
    return (*freezing.proposal_voided(pending, ticket, now=now), Step(ticket, weighed))
