"""Two agents take a contact back who was suspended for false reports."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.access import Agent
from domain.accounts import Account
from domain.change import Change
from domain.contacts import Contact, StaysSuspended
from domain.ids import ContactId, TicketId, WalletId
from domain.refusals import ChangedMeanwhile, NotFound, OwnProposal
from domain.reports import LossReport, Outcome
from service.operations.agents import SignedIn
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep

# Whoever decides as they stand now: a level may have been lowered meanwhile.
Decides = Callable[[Contact, Account, Agent, datetime], Change[Contact]]


async def propose(
    house: House, ticket_id: TicketId, contact_id: ContactId, *, by: SignedIn
) -> None:
    """The first of two, from the ticket where their report was found false.

    Raises LevelTooLow, AccountIsFrozen, NotSuspended, AlreadyProposed; NotFound for anybody else.
    """

    def decides(contact: Contact, account: Account, agent: Agent, now: datetime) -> Change[Contact]:
        return contacts.propose_reinstatement(contact, account=account, by=agent, now=now)

    await _decide(house, ticket_id, contact_id, by, decides)


async def confirm(
    house: House,
    ticket_id: TicketId,
    contact_id: ContactId,
    *,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """The second: they can report again, and owner and contact are told.

    `seen` is the version of the contact that the agent had before their eyes. Raises LevelTooLow,
    TooNewToApprove, AccountIsFrozen, NotSuspended, NothingPending, OwnProposal, ChangedMeanwhile;
    NotFound for anybody else.
    """

    def decides(contact: Contact, account: Account, agent: Agent, now: datetime) -> Change[Contact]:
        change = contacts.reinstate(contact, account=account, by=agent, now=now)
        if seen is not None and contact.row_version != seen:
            raise ChangedMeanwhile
        return change

    await _decide(house, ticket_id, contact_id, by, decides)


async def reject(
    house: House,
    ticket_id: TicketId,
    contact_id: ContactId,
    because: StaysSuspended,
    *,
    by: SignedIn,
) -> None:
    """The second says no, and why: they stay suspended, and nobody is told. Raises as `confirm`."""

    def decides(contact: Contact, account: Account, agent: Agent, now: datetime) -> Change[Contact]:
        return contacts.reject_reinstatement(
            contact, account=account, by=agent, because=because, now=now
        )

    await _decide(house, ticket_id, contact_id, by, decides)


def found_false(reports: tuple[LossReport, ...]) -> frozenset[ContactId]:
    """Whose reports on a ticket were false."""
    return frozenset(one.contact_id for one in reports if one.outcome is Outcome.FALSE)


async def _decide(
    house: House, ticket_id: TicketId, contact_id: ContactId, by: SignedIn, decides: Decides
) -> None:
    async with house.engine.begin() as db:
        shown = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        account = await load.account_for_change(db, shown.wallet_id, shown.account_id)
        contact = await _judged(db, shown.wallet_id, ticket_id, contact_id)
        agent = await load.agent_held(db, by.agent.id)
        change = decides(contact, account, agent, await clock(db))
        if contact.reinstatement_proposed_by in await load.selves_of(db, by.agent.id):
            raise OwnProposal
        await keep(db, shown.wallet_id, contact, change, by=by.actor)


async def _judged(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId, contact_id: ContactId
) -> Contact:
    """One whose report on this very ticket was found false, locked."""
    if contact_id not in found_false(await load.reports_of(db, wallet_id, ticket_id)):
        raise NotFound
    return await load.contact_for_change(db, wallet_id, contact_id)
