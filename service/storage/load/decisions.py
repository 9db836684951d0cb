"""Proposals and who decides them, releases looked at again, freezes that are undone together."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.client_mistakes import ClientMistake, MistakenFreeze, MistakeStatus
from domain.contacts import Contact
from domain.ids import (
    AccountId,
    AgentId,
    ClientId,
    ClientMistakeId,
    MistakenFreezeId,
    ReleaseReviewId,
    TicketId,
    WalletId,
)
from domain.tickets import (
    Finding,
    Proposal,
    ProposalKind,
    ProposalStatus,
    ReleaseReview,
    Ticket,
)
from service.storage.load.sight import Sight
from service.storage.rows import every, one, the_one
from service.storage.tables import (
    agents,
    api_clients,
    client_mistakes,
    contacts,
    disputes,
    hints,
    loss_reports,
    mistaken_freezes,
    proofs,
    proposals,
    release_reviews,
    tickets,
    wallet_reports,
)
from service.storage.values import ApiClient


async def agent_held(db: AsyncConnection, agent_id: AgentId) -> Agent:
    """As they stand now; nobody changes that before the transaction ends."""
    asked = select(agents).where(agents.c.id == agent_id).with_for_update(read=True)
    return await the_one(db, asked, Agent)


async def picked_proposals(db: AsyncConnection, wallet_id: WalletId) -> tuple[Proposal, ...]:
    """Those that wait for somebody whom the system picked."""
    ours = (proposals.c.wallet_id == wallet_id) & proposals.c.approver_id.isnot(None)
    ours &= proposals.c.status == ProposalStatus.PENDING.value
    return await every(db, select(proposals).where(ours).order_by(proposals.c.id), Proposal)


async def last_proposal(
    db: AsyncConnection,
    wallet_id: WalletId,
    ticket_id: TicketId,
    status: ProposalStatus,
    kind: ProposalKind | None = None,
) -> Proposal | None:
    """The newest that ended so."""
    ours = (proposals.c.wallet_id == wallet_id) & (proposals.c.ticket_id == ticket_id)
    ours &= proposals.c.status == status.value
    if kind is not None:
        ours &= proposals.c.kind == kind.value
    newest = select(proposals).where(ours).order_by(proposals.c.decided_at.desc()).limit(1)
    return await one(db, newest, Proposal)


# Releases that are looked at again ------------------------------------------------------------


async def release_reviews_seen(
    db: AsyncConnection, sight: Sight, *, limit: int
) -> tuple[ReleaseReview, ...]:
    """What is not in order first, then what waits, then the rest; the newest first of each."""
    order = case(
        (release_reviews.c.finding == Finding.NOT_IN_ORDER.value, 0),
        (release_reviews.c.finding.is_(None), 1),
        else_=2,
    )
    asked = (
        select(release_reviews)
        .join(tickets, tickets.c.id == release_reviews.c.ticket_id)
        .where(sight.of_tickets())
        .order_by(order, release_reviews.c.drawn_at.desc())
        .limit(limit)
    )
    return await every(db, asked, ReleaseReview)


async def release_review_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> ReleaseReview | None:
    ours = (release_reviews.c.wallet_id == wallet_id) & (release_reviews.c.ticket_id == ticket_id)
    return await one(db, select(release_reviews).where(ours), ReleaseReview)


async def release_review_for_change(
    db: AsyncConnection, wallet_id: WalletId, review_id: ReleaseReviewId
) -> ReleaseReview:
    ours = (release_reviews.c.wallet_id == wallet_id) & (release_reviews.c.id == review_id)
    return await the_one(db, select(release_reviews).where(ours).with_for_update(), ReleaseReview)


# Freezes of one client ------------------------------------------------------------------------


async def clients_of(db: AsyncConnection, wallet_id: WalletId) -> tuple[ApiClient, ...]:
    """Every program of the wallet, ended ones too: a stolen key may be one of those."""
    ours = api_clients.c.wallet_id == wallet_id
    return await every(
        db, select(api_clients).where(ours).order_by(api_clients.c.client_id), ApiClient
    )


async def frozen_by_client(
    db: AsyncConnection,
    wallet_id: WalletId,
    client_id: ClientId,
    since: datetime,
    until: datetime,
) -> tuple[tuple[AccountId, TicketId], ...]:
    """The accounts and tickets that its calls in the window were about, in the order of calls."""
    ours = (wallet_reports.c.wallet_id == wallet_id) & (wallet_reports.c.client_id == client_id)
    ours &= (wallet_reports.c.filed_at >= since) & (wallet_reports.c.filed_at < until)
    rows = await db.execute(
        select(wallet_reports.c.account_id, wallet_reports.c.ticket_id)
        .where(ours)
        .group_by(wallet_reports.c.account_id, wallet_reports.c.ticket_id)
        .order_by(func.min(wallet_reports.c.filed_at), wallet_reports.c.ticket_id)
    )
    return tuple((AccountId(row.account_id), TicketId(row.ticket_id)) for row in rows)


async def contacts_reported(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[TicketId]
) -> frozenset[TicketId]:
    """On which of these tickets a contact reported, in whatever way, taken back or not."""
    ours = (loss_reports.c.wallet_id == wallet_id) & loss_reports.c.ticket_id.in_(ids)
    return frozenset(
        TicketId(row) for row in await db.scalars(select(loss_reports.c.ticket_id).where(ours))
    )


async def owner_heard(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[TicketId]
) -> frozenset[TicketId]:
    """On which of them somebody was heard who is the owner, or says so."""
    parts = [
        select(table.c.ticket_id).where(table.c.wallet_id == wallet_id, table.c.ticket_id.in_(ids))
        for table in (hints, disputes, proofs)
    ]
    return frozenset(TicketId(row) for row in await db.scalars(union(*parts)))


async def client_mistakes_of(
    db: AsyncConnection, wallets: Collection[WalletId], *, limit: int
) -> tuple[ClientMistake, ...]:
    ours = client_mistakes.c.wallet_id.in_(wallets)
    newest = select(client_mistakes).where(ours).order_by(client_mistakes.c.proposed_at.desc())
    return await every(db, newest.limit(limit), ClientMistake)


async def approved_mistakes(db: AsyncConnection) -> tuple[ClientMistake, ...]:
    """Of all wallets: those that are being carried out."""
    ours = client_mistakes.c.status == MistakeStatus.APPROVED.value
    return await every(db, select(client_mistakes).where(ours), ClientMistake)


async def client_mistake(
    db: AsyncConnection, wallets: Collection[WalletId], mistake_id: ClientMistakeId
) -> ClientMistake:
    ours = client_mistakes.c.wallet_id.in_(wallets) & (client_mistakes.c.id == mistake_id)
    return await the_one(db, select(client_mistakes).where(ours), ClientMistake)


async def client_mistake_for_change(
    db: AsyncConnection, wallets: Collection[WalletId], mistake_id: ClientMistakeId
) -> ClientMistake:
    ours = client_mistakes.c.wallet_id.in_(wallets) & (client_mistakes.c.id == mistake_id)
    return await the_one(db, select(client_mistakes).where(ours).with_for_update(), ClientMistake)


async def mistaken_freezes_of(
    db: AsyncConnection, wallet_id: WalletId, mistake_id: ClientMistakeId
) -> tuple[MistakenFreeze, ...]:
    ours = (mistaken_freezes.c.wallet_id == wallet_id) & (
        mistaken_freezes.c.mistake_id == mistake_id
    )
    asked = select(mistaken_freezes).where(ours).order_by(mistaken_freezes.c.id)
    return await every(db, asked, MistakenFreeze)


async def mistaken_freeze_for_change(
    db: AsyncConnection, wallet_id: WalletId, freeze_id: MistakenFreezeId
) -> MistakenFreeze:
    ours = (mistaken_freezes.c.wallet_id == wallet_id) & (mistaken_freezes.c.id == freeze_id)
    return await the_one(db, select(mistaken_freezes).where(ours).with_for_update(), MistakenFreeze)


async def references_of(
    db: AsyncConnection, sight: Sight, ids: Collection[UUID]
) -> dict[TicketId, str]:
    """By ticket; a ticket that the agent does not see has none."""
    ours = sight.of_tickets() & tickets.c.id.in_(ids)
    rows = await db.execute(select(tickets.c.id, tickets.c.reference).where(ours))
    return {TicketId(row.id): str(row.reference) for row in rows}


async def tickets_with(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[TicketId]
) -> tuple[Ticket, ...]:
    """Many at once, for a list."""
    ours = (tickets.c.wallet_id == wallet_id) & tickets.c.id.in_(ids)
    return await every(db, select(tickets).where(ours), Ticket)


async def contacts_leaving(
    db: AsyncConnection, wallet_id: WalletId, accounts: Collection[AccountId]
) -> tuple[Contact, ...]:
    """Those of many accounts who are on the way out."""
    ours = (contacts.c.wallet_id == wallet_id) & contacts.c.account_id.in_(accounts)
    ours &= contacts.c.leaves_at.isnot(None)
    return await every(db, select(contacts).where(ours), Contact)
