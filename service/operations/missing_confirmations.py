"""Freezes that a wallet has not said to obey: said aloud once, by the clock."""

from typing import Final

import structlog

from domain import accounts
from domain.accounts import Account
from domain.events import THE_CLOCK
from domain.ids import AccountId, TicketId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep

log = structlog.get_logger("service.missing_confirmations")

# Of one wallet, before the clock looks at the next: one that is silent holds up nobody else.
_MOST_AT_ONCE: Final = 500


async def alarm_missing_confirmations(house: House) -> int:
    """One line in the log for each, and one in the ticket's timeline. Answers how many were new.

    The account's own row says that it was done, so that looking late, twice or in two processes at
    once says it once.
    """
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    return sum([await _alarm_in(house, wallet) for wallet in wallets])


async def _alarm_in(house: House, wallet: Wallet) -> int:
    within = wallet.policy.messages.confirmation_expected_within
    async with house.engine.connect() as db:
        late = await load.unconfirmed_freezes(db, wallet.id, within=within, limit=_MOST_AT_ONCE)
    alarmed = 0
    for account_id in late:
        ticket_id = await _alarm(house, wallet, account_id)
        if ticket_id is None:
            continue
        alarmed += 1
        log.error(
            "freeze.not-confirmed",
            wallet_id=str(wallet.id),
            account_id=str(account_id),
            ticket_id=str(ticket_id),
        )
    return alarmed


async def _alarm(house: House, wallet: Wallet, account_id: AccountId) -> TicketId | None:
    """The ticket that says so now; None where it was confirmed, released or said meanwhile."""
    async with house.engine.begin() as db:
        account: Account = await load.account_for_change(db, wallet.id, account_id)
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account_id)
        if ticket is None:
            return None
        change = accounts.miss_confirmation(
            account, ticket_id=ticket.id, policy=wallet.policy.messages, now=await clock(db)
        )
        await keep(db, wallet.id, account, change, by=THE_CLOCK)
        return ticket.id if change.events else None
