"""What every part of a ticket's page is given: the ticket with what was read of it already."""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent
from domain.accounts import Account
from domain.contacts import Contact
from domain.reports import LossReport
from domain.tickets import Ticket
from domain.wallet_reports import WalletReport
from domain.wallets import Wallet
from service.operations.house import House
from service.operations.timeline import Entry


class Looking(Struct, frozen=True, kw_only=True):
    """An agent looks at a ticket, in one transaction that writes nothing."""

    db: AsyncConnection
    house: House
    agent: Agent
    ticket: Ticket
    wallet: Wallet
    account: Account
    reports: tuple[LossReport, ...]
    # Whoever made one of those, each once.
    reporters: tuple[Contact, ...]
    wallet_reports: tuple[WalletReport, ...]
    # What was recorded of the account while the ticket was open.
    entries: tuple[Entry, ...]
    now: datetime
