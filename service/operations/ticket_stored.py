"""What every part of a ticket's page is made of: its rows, read once, and what is sealed in them,
opened once.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.accounts import Account, AccountAddress, Device
from domain.contacts import Contact
from domain.disputes import Dispute
from domain.events import AccountFrozen, name_of
from domain.ids import AgentId, ContactId
from domain.outcomes import Verdict
from domain.recovery import Hint
from domain.reports import LossReport
from domain.tickets import Attempt, Proof, Proposal, Ticket
from domain.wallet_reports import WalletReport
from domain.wallets import Wallet
from service.operations import agents, timeline, wallet_on_ticket
from service.operations.house import House
from service.operations.timeline import Entry
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.rows import clock


class Stored(Struct, frozen=True, kw_only=True):
    """The rows of the page, as they were at one instant."""

    ticket: Ticket
    wallet: Wallet
    account: Account
    reports: tuple[LossReport, ...]
    wallet_reports: tuple[WalletReport, ...]
    hints: tuple[Hint, ...]
    disputes: tuple[Dispute, ...]
    attempts: tuple[Attempt, ...]
    verdicts: tuple[Verdict, ...]
    contacts: dict[ContactId, Contact]
    addresses: tuple[AccountAddress, ...]
    devices: tuple[Device, ...]
    proofs: tuple[Proof, ...]
    pending: Proposal | None
    entries: tuple[Entry, ...]
    sessions_ended: int
    frozen_at: datetime | None
    now: datetime

    @property
    def lost_at(self) -> datetime:
        """Since when the phone may have been gone."""
        told = (*self.reports, *self.wallet_reports)
        return tickets.lost_at(self.ticket, (one.noticed_at for one in told))


class Opened(Struct, frozen=True, kw_only=True):
    """What is sealed in those rows, readable, with the names of whoever is in them."""

    opener: Opener
    agents: dict[AgentId, str]
    contacts: dict[ContactId, str]


async def read(db: AsyncConnection, ticket: Ticket) -> Stored:
    wallet = await load.wallet(db, ticket.wallet_id)
    account = await load.account(db, wallet.id, ticket.account_id)
    now = await clock(db)
    reports = await load.reports_of(db, wallet.id, ticket.id)
    contacts = await load.contacts_with(db, wallet.id, {report.contact_id for report in reports})
    entries = await timeline.entries_of(db, ticket)
    frozen = next((e for e in entries if e.event == name_of(AccountFrozen)), None)
    ended = 0
    if frozen is not None:
        epoch = int(frozen.what["epoch"])
        ended = await load.count_sessions_ended(
            db, wallet.id, account.id, epoch=epoch, at=frozen.at
        )
    return Stored(
        ticket=ticket,
        wallet=wallet,
        account=account,
        reports=reports,
        wallet_reports=await load.wallet_reports_of(db, wallet.id, ticket.id),
        hints=await load.hints_of(db, wallet.id, ticket.id),
        disputes=await load.disputes_of(db, wallet.id, ticket.id),
        attempts=await load.attempts_on(db, wallet.id, ticket.id),
        verdicts=await load.verdicts_on(db, wallet.id, ticket.id),
        contacts={contact.id: contact for contact in contacts},
        addresses=await load.addresses_of(db, wallet.id, account.id),
        devices=await load.devices_of(db, wallet.id, account.id),
        proofs=await load.proofs_of(db, wallet.id, ticket.id),
        pending=await load.pending_proposal(db, wallet.id, ticket.id),
        entries=entries,
        sessions_ended=ended,
        frozen_at=frozen.at if frozen is not None else None,
        now=now,
    )


async def open_all(db: AsyncConnection, house: House, stored: Stored) -> Opened:
    """In two statements, whatever there is to open."""
    opener = await Opener.for_values(db, house.keys, _sealed(stored))
    names = await agents.names_of(db, house, _agents_of(stored))
    contacts = {
        one.id: opener.text(Place("contacts", "name", one.id), one.name)
        for one in stored.contacts.values()
    }
    return Opened(opener=opener, agents=names, contacts=contacts)


def _agents_of(stored: Stored) -> set[AgentId]:
    found = {proof.recorded_by for proof in stored.proofs if proof.recorded_by is not None}
    if stored.pending is not None:
        found.add(stored.pending.proposed_by)
    found |= {verdict.proposed_by for verdict in stored.verdicts}
    return found | timeline.agents_in(stored.entries)


def _sealed(stored: Stored) -> Iterator[bytes | None]:
    yield stored.account.display_name
    yield from (one.address for one in stored.addresses)
    yield from (one.label for one in stored.devices)
    yield from (one.note for one in stored.reports)
    yield from (one.reach for one in stored.reports)
    yield from wallet_on_ticket.sealed(stored.wallet_reports)
    yield from (one.said for one in stored.hints)
    yield from (one.note for one in stored.disputes)
    yield from (one.name for one in stored.contacts.values())
    yield from (one.source for one in stored.proofs)
