"""Owners whom no message could tell of the freeze: the wallet is asked to prove who they are."""

import structlog

from domain import tickets
from domain.events import THE_CLOCK
from domain.ids import AccountId, TicketId
from domain.wallets import Wallet
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock, keep

log = structlog.get_logger("service.unreached_owners")


async def request_proofs(house: House) -> int:
    """Flag and move up the ticket of each; the wallet's systems hear of it. Answers how many.

    The ticket says that it was done, so that looking late or twice asks once.
    """
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    return sum([await _request_in(house, wallet) for wallet in wallets])


async def _request_in(house: House, wallet: Wallet) -> int:
    async with house.engine.connect() as db:
        unreached = await load.unreached_tickets(db, wallet.id)
    return sum([await _request(house, wallet, *one) for one in unreached])


async def _request(
    house: House, wallet: Wallet, ticket_id: TicketId, account_id: AccountId
) -> bool:
    async with house.engine.begin() as db:
        account = await load.account_for_change(db, wallet.id, account_id)
        ticket = await load.ticket_for_change(db, wallet.id, ticket_id)
        # Released meanwhile, or somebody was faster.
        if not await load.unreached_tickets(db, wallet.id, only=ticket_id):
            return False
        change = tickets.request_proof(ticket, version=account.version, now=await clock(db))
        await keep(db, wallet.id, ticket, change, by=THE_CLOCK)
    log.warning("owner.not-reached", wallet_id=str(wallet.id), ticket_id=str(ticket_id))
    return True
