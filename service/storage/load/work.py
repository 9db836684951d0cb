"""What agents noted on a ticket and wrote to its people, and what else is known of those."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from msgspec import Struct
from sqlalchemy import func, literal, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, AgentId, PersonId, TicketId, WalletId
from domain.tickets import Ticket, TicketKind, TicketMessage, TicketNote
from service.storage.rows import every
from service.storage.tables import (
    account_addresses,
    agent_addresses,
    contacts,
    deliveries,
    loss_reports,
    outbox,
    person_addresses,
    ticket_messages,
    ticket_notes,
    tickets,
)

_STANDS = ("active", "leaving", "suspended")
_MOST_EARLIER = 10


class Told(Struct, frozen=True, kw_only=True):
    """What became of a promise to tell: its deliveries' states, none before it is dispatched."""

    dispatched_at: datetime | None
    states: frozenset[str]


async def notes_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[TicketNote, ...]:
    ours = (ticket_notes.c.wallet_id == wallet_id) & (ticket_notes.c.ticket_id == ticket_id)
    return await every(db, select(ticket_notes).where(ours).order_by(ticket_notes.c.id), TicketNote)


async def messages_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[TicketMessage, ...]:
    ours = (ticket_messages.c.wallet_id == wallet_id) & (ticket_messages.c.ticket_id == ticket_id)
    found = select(ticket_messages).where(ours).order_by(ticket_messages.c.id)
    return await every(db, found, TicketMessage)


async def told_of(
    db: AsyncConnection, wallet_id: WalletId, outbox_ids: Collection[UUID]
) -> dict[UUID, Told]:
    """By promise; what was told a while ago is cleared away, and is not here any more."""
    if not outbox_ids:
        return {}
    states = func.array_remove(func.array_agg(deliveries.c.state), None)
    sent = outbox.outerjoin(
        deliveries,
        (deliveries.c.outbox_id == outbox.c.id) & (deliveries.c.wallet_id == wallet_id),
    )
    ours = (outbox.c.wallet_id == wallet_id) & outbox.c.id.in_(outbox_ids)
    rows = await db.execute(
        select(outbox.c.id, outbox.c.dispatched_at, states)
        .select_from(sent)
        .where(ours)
        .group_by(outbox.c.id)
    )
    return {
        found: Told(dispatched_at=dispatched_at, states=frozenset(stood))
        for found, dispatched_at, stood in rows
    }


async def earlier_tickets(db: AsyncConnection, ticket: Ticket) -> tuple[Ticket, ...]:
    """Of the same account, about a loss; the newest ten, newest first."""
    ours = (tickets.c.wallet_id == ticket.wallet_id) & (tickets.c.account_id == ticket.account_id)
    ours &= (tickets.c.kind == TicketKind.LOSS.value) & (tickets.c.opened_at < ticket.opened_at)
    newest = select(tickets).where(ours).order_by(tickets.c.opened_at.desc()).limit(_MOST_EARLIER)
    return await every(db, newest, Ticket)


async def other_owners_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    account_id: AccountId,
    person_ids: Collection[PersonId],
) -> dict[PersonId, tuple[int, int]]:
    """For how many other owners each of them is a contact, and for how many they reported."""
    if not person_ids:
        return {}
    stands = (
        select(contacts.c.person_id, contacts.c.account_id, literal(0).label("way"))
        .where(contacts.c.wallet_id == wallet_id, contacts.c.person_id.in_(person_ids))
        .where(contacts.c.account_id != account_id, contacts.c.status.in_(_STANDS))
    )
    reported = (
        select(loss_reports.c.person_id, loss_reports.c.account_id, literal(1).label("way"))
        .where(loss_reports.c.wallet_id == wallet_id, loss_reports.c.person_id.in_(person_ids))
        .where(loss_reports.c.account_id != account_id)
    )
    both = union(stands, reported).subquery()
    rows = await db.execute(
        select(
            both.c.person_id,
            func.count().filter(both.c.way == 0),
            func.count().filter(both.c.way == 1),
        ).group_by(both.c.person_id)
    )
    return {PersonId(found): (stood, told) for found, stood, told in rows}


async def agents_whose_own_it_is(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> frozenset[AgentId]:
    """Who is owner or contact of this account, whenever that was: the other side of `Sight.own`."""
    held = person_addresses.join(contacts, person_addresses.c.person_id == contacts.c.person_id)
    theirs = union(
        select(account_addresses.c.address_index).where(
            account_addresses.c.wallet_id == wallet_id, account_addresses.c.account_id == account_id
        ),
        select(contacts.c.address_index).where(
            contacts.c.wallet_id == wallet_id, contacts.c.account_id == account_id
        ),
        select(person_addresses.c.address_index)
        .select_from(held)
        .where(contacts.c.wallet_id == wallet_id, contacts.c.account_id == account_id),
    ).subquery()
    found = await db.scalars(
        select(agent_addresses.c.agent_id).where(
            agent_addresses.c.wallet_id == wallet_id,
            agent_addresses.c.address_index.in_(select(theirs.c.address_index)),
        )
    )
    return frozenset(AgentId(one) for one in found)
