"""Who is to be forgotten, and what keeps them."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account, AccountState
from domain.contacts import ON_A_PLACE, Contact
from domain.erasures import Basis, Erasure, hold
from domain.ids import AccountId, ContactId, ErasureId, PersonId, TicketId, WalletId
from domain.tickets import TicketKind
from service.storage.rows import every, one
from service.storage.tables import (
    account_addresses,
    accounts,
    contacts,
    disputes,
    erasures,
    hints,
    loss_reports,
    now,
    persons,
    proofs,
    reveals,
    safety_notes,
    ticket_messages,
    ticket_notes,
    tickets,
    wallet_reports,
)

_GONE = contacts.c.status.not_in(sorted(status.value for status in ON_A_PLACE))
_SAYS_SOMETHING = contacts.c.name != b""


async def erasures_due(
    db: AsyncConnection, wallet_id: WalletId
) -> tuple[tuple[ErasureId, PersonId], ...]:
    """Whose deadline has come, the earliest first; those that are held stand here, too."""
    due = (erasures.c.wallet_id == wallet_id) & erasures.c.done_at.is_(None)
    rows = await db.execute(
        select(erasures.c.id, erasures.c.person_id)
        .where(due, erasures.c.due_at <= now)
        .order_by(erasures.c.due_at)
    )
    return tuple((ErasureId(row.id), PersonId(row.person_id)) for row in rows)


async def erasure_for_change(
    db: AsyncConnection, wallet_id: WalletId, erasure_id: ErasureId
) -> Erasure | None:
    ours = (erasures.c.wallet_id == wallet_id) & (erasures.c.id == erasure_id)
    return await one(db, select(erasures).where(ours).with_for_update(), Erasure)


async def erasures_of(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> tuple[Erasure, ...]:
    """Those carried out as well."""
    ours = (erasures.c.wallet_id == wallet_id) & (erasures.c.person_id == person_id)
    return await every(db, select(erasures).where(ours).order_by(erasures.c.id), Erasure)


async def held_by(db: AsyncConnection, wallet_id: WalletId, person_id: PersonId) -> Basis | None:
    """What keeps this person from being erased. A drill is no ticket that anybody works on."""
    working = (tickets.c.wallet_id == wallet_id) & tickets.c.closed_at.is_(None)
    working &= tickets.c.kind != TicketKind.DRILL.value
    reported = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.person_id == person_id)
    reported &= loss_reports.c.ticket_id == tickets.c.id
    owned = (accounts.c.wallet_id == wallet_id) & (accounts.c.person_id == person_id)
    theirs = exists().where(reported) | exists().where(owned, accounts.c.id == tickets.c.account_id)
    open_ticket = await db.scalar(select(tickets.c.id).where(working, theirs).limit(1))
    open_account = await db.scalar(
        select(accounts.c.id).where(owned, accounts.c.state != AccountState.CLOSED.value).limit(1)
    )
    return hold(ticket_open=open_ticket is not None, account_open=open_account is not None)


async def contacts_of_person(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> tuple[Contact, ...]:
    """Everything they were ever named for, under whichever address."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.person_id == person_id)
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def accounts_of_person(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId
) -> tuple[Account, ...]:
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.person_id == person_id)
    return await every(db, select(accounts).where(ours).order_by(accounts.c.id), Account)


async def contacts_gone(db: AsyncConnection, wallet_id: WalletId) -> tuple[Contact, ...]:
    """Contacts no more, or never, of whom a name is still stored; how long it stays is a rule."""
    ours = (contacts.c.wallet_id == wallet_id) & _GONE & _SAYS_SOMETHING
    over = contacts.c.lapses_at <= now
    return await every(db, select(contacts).where(ours, over), Contact)


async def contacts_counted(db: AsyncConnection, wallet_id: WalletId) -> tuple[Contact, ...]:
    """Forgotten but for the keyed hash that the limits on invitations still count."""
    ours = (contacts.c.wallet_id == wallet_id) & ~_SAYS_SOMETHING
    return await every(db, select(contacts).where(ours, contacts.c.address_index != b""), Contact)


async def who_reported(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[ContactId]
) -> frozenset[ContactId]:
    ours = (loss_reports.c.wallet_id == wallet_id) & loss_reports.c.contact_id.in_(ids)
    rows = await db.scalars(select(loss_reports.c.contact_id).where(ours).distinct())
    return frozenset(ContactId(row) for row in rows)


async def is_still_known(db: AsyncConnection, wallet_id: WalletId, person_id: PersonId) -> bool:
    """Whether anything of them is needed: a contact of whom something is stored, or an account."""
    named = (contacts.c.wallet_id == wallet_id) & (contacts.c.person_id == person_id)
    owned = (accounts.c.wallet_id == wallet_id) & (accounts.c.person_id == person_id)
    return bool(
        await db.scalar(select(exists().where(named, _SAYS_SOMETHING) | exists().where(owned)))
    )


async def persons_of_nobody(db: AsyncConnection, wallet_id: WalletId) -> tuple[PersonId, ...]:
    """Known by nothing any more, and their key is still there."""
    named = exists().where(contacts.c.person_id == persons.c.id, _SAYS_SOMETHING)
    owned = exists().where(accounts.c.person_id == persons.c.id)
    ours = (persons.c.wallet_id == wallet_id) & persons.c.data_key_id.isnot(None)
    rows = await db.scalars(select(persons.c.id).where(ours, ~named, ~owned))
    return tuple(PersonId(row) for row in rows)


async def tickets_to_forget(
    db: AsyncConnection, wallet_id: WalletId, closed_before: datetime
) -> tuple[tuple[TicketId, AccountId], ...]:
    """Closed before then, and something written or said is still stored with them."""
    words = (
        exists().where(
            loss_reports.c.ticket_id == tickets.c.id,
            loss_reports.c.note.isnot(None)
            | loss_reports.c.reach.isnot(None)
            | loss_reports.c.network.isnot(None),
        )
        | exists().where(
            wallet_reports.c.ticket_id == tickets.c.id,
            wallet_reports.c.note.isnot(None) | wallet_reports.c.hot_line.isnot(None),
        )
        | exists().where(hints.c.ticket_id == tickets.c.id)
        | exists().where(disputes.c.ticket_id == tickets.c.id, disputes.c.note.isnot(None))
        | exists().where(proofs.c.ticket_id == tickets.c.id, proofs.c.source.isnot(None))
        | exists().where(safety_notes.c.ticket_id == tickets.c.id)
        | exists().where(ticket_notes.c.ticket_id == tickets.c.id, ticket_notes.c.said.isnot(None))
        | exists().where(
            ticket_messages.c.ticket_id == tickets.c.id, ticket_messages.c.own_line.isnot(None)
        )
        | exists().where(reveals.c.ticket_id == tickets.c.id, reveals.c.words.isnot(None))
    )
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.closed_at <= closed_before)
    rows = await db.execute(select(tickets.c.id, tickets.c.account_id).where(ours, words))
    return tuple((TicketId(row.id), AccountId(row.account_id)) for row in rows)


async def accounts_with_old_addresses(
    db: AsyncConnection, wallet_id: WalletId, removed_before: datetime
) -> tuple[AccountId, ...]:
    ours = (account_addresses.c.wallet_id == wallet_id) & (
        account_addresses.c.removed_at <= removed_before
    )
    rows = await db.scalars(select(account_addresses.c.account_id).where(ours).distinct())
    return tuple(AccountId(row) for row in rows)
