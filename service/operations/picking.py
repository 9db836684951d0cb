"""Who approves: the dice are thrown here, among those on shift who could."""

import secrets
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.change import Change
from domain.events import THE_CLOCK
from domain.ids import AgentId
from domain.tickets import Proposal, Ticket
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep

log = structlog.get_logger("service.picking")


async def candidates(
    db: AsyncConnection, ticket: Ticket, *, proposed_by: AgentId, now: datetime
) -> tuple[AgentId, ...]:
    """Signed in, serving the wallet, may approve now, not who proposed, under another name neither,
    and the ticket is in their sight: neither their own nor of a kind they do not serve."""
    on_shift = [
        agent
        for agent in await load.agents_on_shift(db, ticket.wallet_id)
        if tickets.could_approve(
            agent, wallet_id=ticket.wallet_id, proposed_by=proposed_by, now=now
        )
    ]
    sights = await load.sights_of(db, on_shift)
    selves = await load.selves_of(db, proposed_by)
    return tuple(
        agent.id
        for agent in on_shift
        if ticket.kind in sights[agent.id].kinds
        and ticket.account_id not in sights[agent.id].own
        and agent.id not in selves
    )


async def pick(
    db: AsyncConnection, wallet: Wallet, ticket: Ticket, proposal: Proposal, *, now: datetime
) -> Change[Proposal]:
    """Whom the dice name for a proposal; nobody, where too few could."""
    could = await candidates(db, ticket, proposed_by=proposal.proposed_by, now=now)
    return _picked(wallet, ticket, proposal, could, now)


async def pick_again(house: House) -> int:
    """The job: whoever did not answer, or is not there any more, is passed over. Answers how often.

    Until then nobody approves what was theirs: an accomplice gains nothing by waiting.
    """
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    again = 0
    for wallet in wallets:
        async with house.engine.connect() as db:
            waiting = await load.picked_proposals(db, wallet.id)
            now = await clock(db)
        for proposal in waiting:
            again += await _pick_again(house, wallet, proposal, now)
    return again


async def _pick_again(house: House, wallet: Wallet, known: Proposal, seen_at: datetime) -> bool:
    async with house.engine.connect() as db:
        ticket = await load.ticket(db, wallet.id, known.ticket_id)
        could = await candidates(db, ticket, proposed_by=known.proposed_by, now=seen_at)
    if not tickets.must_pick_again(known, could, now=seen_at):
        return False
    async with house.engine.begin() as db:
        await load.account_for_change(db, wallet.id, ticket.account_id)
        ticket = await load.ticket_for_change(db, wallet.id, known.ticket_id)
        proposal = await load.pending_proposal(db, wallet.id, ticket.id)
        now = await clock(db)
        could = await candidates(db, ticket, proposed_by=known.proposed_by, now=now)
        if proposal is None or not tickets.must_pick_again(proposal, could, now=now):
            return False
        change = _picked(wallet, ticket, proposal, could, now)
        await keep(db, wallet.id, proposal, change, by=THE_CLOCK)
    log.info("approver.picked-again", wallet_id=str(wallet.id), ticket_id=str(ticket.id))
    return True


def _picked(
    wallet: Wallet,
    ticket: Ticket,
    proposal: Proposal,
    could: Sequence[AgentId],
    now: datetime,
) -> Change[Proposal]:
    policy = wallet.policy.tickets
    return tickets.pick(proposal, ticket, could, draw=secrets.choice, policy=policy, now=now)
