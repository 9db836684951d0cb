"""Reading values. The wallet is the first condition of every query.

`…_for_change` functions lock the row until the transaction ends. Locks are always taken in the
same order: account, contact, report, ticket.
"""

from collections.abc import Collection
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ARRAY, Uuid, any_, func, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.accounts import Account, AccountAddress, AddressKind, Device, WalletSession
from domain.challenges import Challenge, Purpose
from domain.contacts import Contact
from domain.ids import (
    AccountId,
    AgentId,
    BrowserSessionId,
    ContactId,
    PersonId,
    RecoveryCodeId,
    ReportId,
    SessionId,
    TicketId,
    WalletId,
)
from domain.recovery import Hint, RecoveryCode
from domain.refusals import NotFound
from domain.reports import LossReport
from domain.tickets import Proof, Proposal, ProposalStatus, Ticket, TicketKind
from domain.wallets import Wallet
from service.storage.rows import every, one
from service.storage.tables import (
    account_addresses,
    accounts,
    agents,
    challenges,
    contacts,
    devices,
    hints,
    journal,
    loss_reports,
    now,
    person_addresses,
    persons,
    proofs,
    proposals,
    recovery_codes,
    tickets,
    wallet_sessions,
    wallets,
)
from service.storage.values import Person

V = TypeVar("V", bound=Struct)


async def all_wallets(db: AsyncConnection) -> tuple[Wallet, ...]:
    return await every(db, select(wallets), Wallet)


async def wallet(db: AsyncConnection, wallet_id: WalletId) -> Wallet:
    found = await one(db, select(wallets).where(wallets.c.id == wallet_id), Wallet)
    if found is None:
        raise NotFound
    return found


async def account(db: AsyncConnection, wallet_id: WalletId, account_id: AccountId) -> Account:
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.id == account_id)
    return _found(await one(db, select(accounts).where(ours), Account))


async def accounts_with(
    db: AsyncConnection, served: Collection[WalletId], ids: Collection[AccountId]
) -> tuple[Account, ...]:
    """Many at once, for a list."""
    ours = accounts.c.wallet_id.in_(served) & accounts.c.id.in_(ids)
    return await every(db, select(accounts).where(ours), Account)


async def account_for_change(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> Account:
    """The lock that freezing, releasing, sessions and contacts all take first."""
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.id == account_id)
    return _found(await one(db, select(accounts).where(ours).with_for_update(), Account))


async def account_by_subject(
    db: AsyncConnection, wallet_id: WalletId, subject: str, *, for_change: bool = False
) -> Account | None:
    """The account under the wallet's own user id."""
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.subject == subject)
    statement = select(accounts).where(ours)
    return await one(db, statement.with_for_update() if for_change else statement, Account)


async def addresses_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[AccountAddress, ...]:
    """Present and replaced ones, in the order they came."""
    ours = (account_addresses.c.wallet_id == wallet_id) & (
        account_addresses.c.account_id == account_id
    )
    return await every(
        db, select(account_addresses).where(ours).order_by(account_addresses.c.id), AccountAddress
    )


async def person(db: AsyncConnection, wallet_id: WalletId, person_id: PersonId) -> Person:
    ours = (persons.c.wallet_id == wallet_id) & (persons.c.id == person_id)
    return _found(await one(db, select(persons).where(ours), Person))


async def holder_of(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> Person | None:
    """Whoever proved the address; at most one person holds it."""
    ours = (person_addresses.c.wallet_id == wallet_id) & (
        person_addresses.c.address_index == address_index
    )
    ours &= person_addresses.c.kind == kind.value
    return await one(
        db,
        select(persons)
        .join(person_addresses, person_addresses.c.person_id == persons.c.id)
        .where(ours),
        Person,
    )


async def device_by_name(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, name: str
) -> Device | None:
    ours = (devices.c.wallet_id == wallet_id) & (devices.c.account_id == account_id)
    return await one(db, select(devices).where(ours, devices.c.name == name), Device)


async def devices_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[Device, ...]:
    ours = (devices.c.wallet_id == wallet_id) & (devices.c.account_id == account_id)
    return await every(db, select(devices).where(ours).order_by(devices.c.id), Device)


async def sessions_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[WalletSession, ...]:
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    return await every(
        db, select(wallet_sessions).where(ours).order_by(wallet_sessions.c.id), WalletSession
    )


async def session_by_token(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, token_sha256: bytes
) -> WalletSession | None:
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    ours &= wallet_sessions.c.token_sha256 == token_sha256
    return await one(db, select(wallet_sessions).where(ours), WalletSession)


async def sessions_after(
    db: AsyncConnection,
    wallet_id: WalletId,
    account_id: AccountId,
    after: SessionId | None,
    *,
    limit: int,
) -> tuple[WalletSession, ...]:
    """Up to `limit` sessions in the order they began, from the one after `after`."""
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    if after is not None:
        ours &= wallet_sessions.c.id > after
    in_order = select(wallet_sessions).where(ours).order_by(wallet_sessions.c.id)
    return await every(db, in_order.limit(limit), WalletSession)


async def contacts_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[Contact, ...]:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.account_id == account_id)
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def overdue_contacts(db: AsyncConnection, wallet_id: WalletId) -> tuple[Contact, ...]:
    """Invitations past their 7 days that still stand on a place."""
    due = (contacts.c.wallet_id == wallet_id) & (contacts.c.lapses_at <= now)
    due &= contacts.c.status.in_(("invited", "declined")) & contacts.c.place.isnot(None)
    return await every(db, select(contacts).where(due).order_by(contacts.c.lapses_at), Contact)


async def contact(db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId) -> Contact:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.id == contact_id)
    return _found(await one(db, select(contacts).where(ours), Contact))


async def contacts_with(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[ContactId]
) -> tuple[Contact, ...]:
    """Many at once, for a list."""
    ours = (contacts.c.wallet_id == wallet_id) & contacts.c.id.in_(ids)
    return await every(db, select(contacts).where(ours), Contact)


async def contact_for_change(
    db: AsyncConnection, wallet_id: WalletId, contact_id: ContactId
) -> Contact:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.id == contact_id)
    return _found(await one(db, select(contacts).where(ours).with_for_update(), Contact))


async def contact_by_link(
    db: AsyncConnection, wallet_id: WalletId, link_sha256: bytes
) -> Contact | None:
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.link_sha256 == link_sha256)
    return await one(db, select(contacts).where(ours), Contact)


async def contacts_of_address(
    db: AsyncConnection, wallet_id: WalletId, person_id: PersonId, address_index: bytes
) -> tuple[Contact, ...]:
    """A code opens only contacts enrolled under the very address it went to."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.person_id == person_id)
    ours &= contacts.c.address_index == address_index
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def contacts_at(
    db: AsyncConnection, wallet_id: WalletId, kind: AddressKind, address_index: bytes
) -> tuple[Contact, ...]:
    """Everyone who was ever named under an address, whatever became of it."""
    ours = (contacts.c.wallet_id == wallet_id) & (contacts.c.address_index == address_index)
    ours &= contacts.c.address_kind == kind.value
    return await every(db, select(contacts).where(ours).order_by(contacts.c.id), Contact)


async def challenge_of(
    db: AsyncConnection,
    wallet_id: WalletId,
    browser_session_id: BrowserSessionId,
    purpose: Purpose,
) -> Challenge | None:
    """The browser's newest challenge for this purpose."""
    ours = (challenges.c.wallet_id == wallet_id) & (
        challenges.c.browser_session_id == browser_session_id
    )
    ours &= challenges.c.purpose == purpose.value
    newest = select(challenges).where(ours).order_by(challenges.c.id.desc()).limit(1)
    return await one(db, newest, Challenge)


async def report_for_change(
    db: AsyncConnection, wallet_id: WalletId, report_id: ReportId
) -> LossReport:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.id == report_id)
    return _found(await one(db, select(loss_reports).where(ours).with_for_update(), LossReport))


async def reports_by(
    db: AsyncConnection, wallet_id: WalletId, ids: Collection[ContactId], *, limit: int
) -> tuple[LossReport, ...]:
    """What these contacts reported, the newest first."""
    ours = (loss_reports.c.wallet_id == wallet_id) & loss_reports.c.contact_id.in_(ids)
    newest = select(loss_reports).where(ours).order_by(loss_reports.c.id.desc())
    return await every(db, newest.limit(limit), LossReport)


async def open_loss_ticket_for_change(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> Ticket | None:
    """At most one (drills and safety tickets stand outside); a partial unique index sees to it."""
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.account_id == account_id)
    ours &= (tickets.c.kind == TicketKind.LOSS.value) & tickets.c.closed_at.is_(None)
    return await one(db, select(tickets).where(ours).with_for_update(), Ticket)


async def ticket(db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId) -> Ticket:
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.id == ticket_id)
    return _found(await one(db, select(tickets).where(ours), Ticket))


async def ticket_for_change(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> Ticket:
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.id == ticket_id)
    return _found(await one(db, select(tickets).where(ours).with_for_update(), Ticket))


async def ticket_anywhere(
    db: AsyncConnection, ticket_id: TicketId, served: Collection[WalletId]
) -> Ticket:
    """A ticket of any wallet the agent serves; elsewhere it does not exist."""
    ours = tickets.c.wallet_id.in_(served) & (tickets.c.id == ticket_id)
    return _found(await one(db, select(tickets).where(ours), Ticket))


async def open_tickets(db: AsyncConnection, served: Collection[WalletId]) -> tuple[Ticket, ...]:
    ours = tickets.c.wallet_id.in_(served) & (tickets.c.kind == TicketKind.LOSS.value)
    return await every(db, select(tickets).where(ours, tickets.c.closed_at.is_(None)), Ticket)


async def ticket_by_reference(
    db: AsyncConnection, reference: str, served: Collection[WalletId]
) -> TicketId | None:
    """The ticket a reference belongs to: its own, or that of a report that joined it."""
    own = tickets.c.wallet_id.in_(served) & (tickets.c.reference == reference)
    direct = await db.scalar(select(tickets.c.id).where(own))
    if direct is not None:
        return TicketId(direct)
    ours = loss_reports.c.wallet_id.in_(served) & (loss_reports.c.reference == reference)
    found = await db.scalar(select(loss_reports.c.ticket_id).where(ours))
    return None if found is None else TicketId(found)


async def reports_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[LossReport, ...]:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.ticket_id == ticket_id)
    return await every(db, select(loss_reports).where(ours).order_by(loss_reports.c.id), LossReport)


async def reports_on(
    db: AsyncConnection, served: Collection[WalletId], ids: Collection[TicketId]
) -> tuple[LossReport, ...]:
    """The reports of many tickets at once, for a list."""
    ours = loss_reports.c.wallet_id.in_(served) & loss_reports.c.ticket_id.in_(ids)
    return await every(db, select(loss_reports).where(ours).order_by(loss_reports.c.id), LossReport)


async def report(db: AsyncConnection, wallet_id: WalletId, report_id: ReportId) -> LossReport:
    ours = (loss_reports.c.wallet_id == wallet_id) & (loss_reports.c.id == report_id)
    return _found(await one(db, select(loss_reports).where(ours), LossReport))


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


async def count_sessions_ended(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, *, epoch: int, at: datetime
) -> int:
    """How many sessions the freeze that began this epoch ended."""
    ours = (wallet_sessions.c.wallet_id == wallet_id) & (wallet_sessions.c.account_id == account_id)
    ours &= (wallet_sessions.c.epoch == epoch - 1) & (wallet_sessions.c.expires_at > at)
    return (await db.execute(select(func.count()).where(ours))).scalar_one()


async def journal_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, *, since: datetime
) -> tuple[tuple[datetime, str], ...]:
    """When and what, in order, for one account."""
    ours = (journal.c.wallet_id == wallet_id) & (journal.c.account_id == account_id)
    rows = await db.execute(
        select(journal.c.at, journal.c.entry)
        .where(ours, journal.c.at >= since)
        .order_by(journal.c.at, journal.c.id)
    )
    return tuple((row.at, row.entry) for row in rows)


async def accounts_at_address(
    db: AsyncConnection, wallet: Wallet, kind: AddressKind, address_index: bytes
) -> tuple[AccountId, ...]:
    """Whose address it is, or was until lately: someone else may have replaced it."""
    ours = (account_addresses.c.wallet_id == wallet.id) & (
        account_addresses.c.address_index == address_index
    )
    ours &= account_addresses.c.kind == kind.value
    since = now - wallet.policy.messages.removed_addresses_hear_for
    removed = account_addresses.c.removed_at
    found = await db.scalars(
        select(account_addresses.c.account_id)
        .where(ours, removed.is_(None) | (removed > since))
        .distinct()
        .order_by(account_addresses.c.account_id)
    )
    return tuple(AccountId(row) for row in found)


async def recovery_codes_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> tuple[RecoveryCode, ...]:
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.account_id == account_id)
    return await every(
        db, select(recovery_codes).where(ours).order_by(recovery_codes.c.id), RecoveryCode
    )


async def recovery_code_by_mark(
    db: AsyncConnection, wallet_id: WalletId, owners: Collection[AccountId], mark: str
) -> RecoveryCode | None:
    """The unused code that begins like this, on one of these owners' cards."""
    # As an array: the same statement whether there are owners or none.
    these = literal(list(owners), ARRAY(Uuid))
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.account_id == any_(these))
    ours &= (recovery_codes.c.mark == mark) & recovery_codes.c.used_at.is_(None)
    return await one(
        db, select(recovery_codes).where(ours).order_by(recovery_codes.c.id).limit(1), RecoveryCode
    )


async def recovery_code_for_change(
    db: AsyncConnection, wallet_id: WalletId, code_id: RecoveryCodeId
) -> RecoveryCode | None:
    """None when its card was replaced meanwhile."""
    ours = (recovery_codes.c.wallet_id == wallet_id) & (recovery_codes.c.id == code_id)
    return await one(db, select(recovery_codes).where(ours).with_for_update(), RecoveryCode)


async def hints_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Hint, ...]:
    """The newest first."""
    ours = (hints.c.wallet_id == wallet_id) & (hints.c.ticket_id == ticket_id)
    return await every(db, select(hints).where(ours).order_by(hints.c.id.desc()), Hint)


async def agent_by_login(
    db: AsyncConnection, login: str, *, for_change: bool = False
) -> Agent | None:
    statement = select(agents).where(agents.c.login == login)
    return await one(db, statement.with_for_update() if for_change else statement, Agent)


async def agent(db: AsyncConnection, agent_id: AgentId) -> Agent:
    return _found(await one(db, select(agents).where(agents.c.id == agent_id), Agent))


async def agent_for_change(db: AsyncConnection, agent_id: AgentId) -> Agent:
    statement = select(agents).where(agents.c.id == agent_id).with_for_update()
    return _found(await one(db, statement, Agent))


async def agents_named(db: AsyncConnection, ids: tuple[UUID, ...]) -> tuple[Agent, ...]:
    return await every(db, select(agents).where(agents.c.id.in_(ids)), Agent)


def _found(value: V | None) -> V:
    if value is None:
        raise NotFound
    return value
