"""What every freeze does, whoever asked for it: the account, its one ticket, and the danger.

The caller holds the locks of account and open ticket and has read the clock after them.
"""

from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, tickets
from domain.accounts import Account
from domain.events import Actor
from domain.ids import TicketId
from domain.tickets import Ticket, TicketKind
from domain.wallets import Wallet
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import keep


class Freeze(Struct, frozen=True, kw_only=True):
    """Who freezes what, and what is known of it."""

    wallet: Wallet
    account: Account
    # The account's open loss ticket; None when there is none.
    ticket: Ticket | None
    # Of the ticket, if there is none yet.
    reference: str
    stolen: bool
    in_danger: bool
    by: Actor
    now: datetime


async def freeze(db: AsyncConnection, asked: Freeze) -> Ticket:
    """The account frozen and its ticket as they are afterwards. Said again, it joins."""
    ticket = await _ticket(db, asked)
    if asked.in_danger:
        await void_proposal(db, ticket, by=asked.by, now=asked.now)
        danger = tickets.raise_danger(ticket, now=asked.now)
        ticket = await keep(db, asked.wallet.id, ticket, danger, by=asked.by)
    if not asked.account.is_frozen:
        change = accounts.freeze(
            asked.account,
            ticket_id=ticket.id,
            stolen=asked.stolen,
            in_danger=asked.in_danger,
            now=asked.now,
        )
        await keep(db, asked.wallet.id, asked.account, change, by=asked.by)
    elif asked.in_danger:
        neutral = accounts.turn_neutral(asked.account, now=asked.now)
        await keep(db, asked.wallet.id, asked.account, neutral, by=asked.by)
    return ticket


def new_ticket(wallet: Wallet, account: Account, *, reference: str, now: datetime) -> Ticket:
    """A loss ticket with its deadlines, as the wallet's policy sets them."""
    policy = wallet.policy.tickets
    return Ticket(
        id=TicketId(new_id()),
        wallet_id=wallet.id,
        account_id=account.id,
        kind=TicketKind.LOSS,
        reference=reference,
        opened_at=now,
        first_attempt_until=now + policy.first_attempt_within,
        decision_until=now + policy.decided_within,
    )


async def void_proposal(db: AsyncConnection, ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """What waits for approval was proposed on other evidence."""
    pending = await load.pending_proposal(db, ticket.wallet_id, ticket.id)
    if pending is not None:
        void = tickets.void_proposal(pending, ticket, now=now)
        await keep(db, ticket.wallet_id, pending, void, by=by)


async def _ticket(db: AsyncConnection, asked: Freeze) -> Ticket:
    wallet_id, now = asked.wallet.id, asked.now
    if asked.ticket is None:
        opened = new_ticket(asked.wallet, asked.account, reference=asked.reference, now=now)
        change = tickets.open_ticket(opened, now=now)
        return await keep(db, wallet_id, None, change, by=asked.by)
    joined = tickets.join(asked.ticket, now=now)
    ticket = await keep(db, wallet_id, asked.ticket, joined, by=asked.by)
    if not ticket.unconfirmed:
        return ticket
    return await keep(db, wallet_id, ticket, tickets.confirm(ticket, now=now), by=asked.by)
