"""Tickets, and what was established and proposed on them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, ProofId, TicketId, WalletId
from domain.tickets import Proof, Proposal, ProposalStatus, Ticket, TicketKind
from service.storage.load.sight import Sight
from service.storage.rows import every, one, the_one
from service.storage.tables import loss_reports, proofs, proposals, tickets


async def open_loss_ticket_for_change(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> Ticket | None:
    """At most one (drills and safety tickets stand outside); a partial unique index sees to it."""
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.account_id == account_id)
    ours &= (tickets.c.kind == TicketKind.LOSS.value) & tickets.c.closed_at.is_(None)
    return await one(db, select(tickets).where(ours).with_for_update(), Ticket)


async def has_open_ticket(db: AsyncConnection, wallet_id: WalletId, account_id: AccountId) -> bool:
    """Of any kind. A drill is no ticket that anybody works on."""
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.account_id == account_id)
    ours &= (tickets.c.kind != TicketKind.DRILL.value) & tickets.c.closed_at.is_(None)
    return await db.scalar(select(tickets.c.id).where(ours).limit(1)) is not None


async def ticket(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> Ticket:
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.id == ticket_id)
    return await the_one(db, select(tickets).where(ours), Ticket)


async def ticket_for_change(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> Ticket:
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.id == ticket_id)
    return await the_one(db, select(tickets).where(ours).with_for_update(), Ticket)


async def ticket_anywhere(db: AsyncConnection, ticket_id: TicketId, sight: Sight) -> Ticket:
    """A ticket that the agent sees; any other does not exist."""
    ours = sight.of_tickets() & (tickets.c.id == ticket_id)
    return await the_one(db, select(tickets).where(ours), Ticket)


async def open_tickets(db: AsyncConnection, sight: Sight) -> tuple[Ticket, ...]:
    ours = sight.of_tickets() & tickets.c.closed_at.is_(None)
    return await every(db, select(tickets).where(ours), Ticket)


async def ticket_by_reference(db: AsyncConnection, reference: str, sight: Sight) -> TicketId | None:
    """The ticket a reference belongs to: its own, or that of a report that joined it."""
    own = sight.of_tickets() & (tickets.c.reference == reference)
    direct = await db.scalar(select(tickets.c.id).where(own))
    if direct is not None:
        return TicketId(direct)
    of_report = loss_reports.join(tickets, tickets.c.id == loss_reports.c.ticket_id)
    ours = sight.of_tickets() & (loss_reports.c.reference == reference)
    found = await db.scalar(select(tickets.c.id).select_from(of_report).where(ours))
    return None if found is None else TicketId(found)


async def proof(db: AsyncConnection, wallet_id: WalletId, proof_id: ProofId) -> Proof:
    ours = (proofs.c.wallet_id == wallet_id) & (proofs.c.id == proof_id)
    return await the_one(db, select(proofs).where(ours), Proof)


async def proofs_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Proof, ...]:
    ours = (proofs.c.wallet_id == wallet_id) & (proofs.c.ticket_id == ticket_id)
    return await every(db, select(proofs).where(ours).order_by(proofs.c.id), Proof)


async def pending_proposal(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> Proposal | None:
    ours = (proposals.c.wallet_id == wallet_id) & (proposals.c.ticket_id == ticket_id)
    ours &= proposals.c.status == ProposalStatus.PENDING.value
    return await one(db, select(proposals).where(ours), Proposal)
