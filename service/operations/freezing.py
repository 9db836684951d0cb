"""What every freeze does, whoever asked for it: the account, its one ticket, and the danger.

The caller holds the locks of account and open ticket, has read the clock after them, and keeps
the steps together with its own.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, tickets
from domain.accounts import Account
from domain.change import Change
from domain.events import Actor, ActorKind
from domain.ids import TicketId
from domain.tickets import Proposal, Ticket, TicketKind
from domain.wallets import Wallet
from service.operations import release_hours
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import keep
from service.storage.together import Step


class Freeze(Struct, frozen=True, kw_only=True):
    """What is frozen, and what is known of it."""

    wallet: Wallet
    account: Account
    # The account's open loss ticket; None when there is none.
    ticket: Ticket | None
    # What waits for approval on that ticket; asked for only where there is danger.
    pending: Proposal | None = None
    # Of the ticket, if there is none yet.
    reference: str
    stolen: bool
    in_danger: bool
    asked_by: ActorKind = ActorKind.CONTACT
    now: datetime


class Frozen(Struct, frozen=True, kw_only=True):
    """The ticket as it is afterwards, and all there is to keep."""

    ticket: Ticket
    steps: tuple[Step[Any], ...]


def freeze(asked: Freeze) -> Frozen:
    """The account frozen, its ticket opened or joined. Said again, it joins."""
    ticket = _ticket(asked)
    steps: list[Step[Any]] = [*ticket.steps]
    last = ticket.ticket
    if asked.in_danger:
        steps += proposal_voided(asked.pending, last, now=asked.now)
        danger = tickets.raise_danger(last, now=asked.now)
        steps.append(Step(last, danger))
        last = danger.value
    steps += _account(asked, last.id)
    return Frozen(ticket=last, steps=tuple(steps))


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
        decision_until=release_hours.decided_by(wallet, now),
    )


async def void_proposal(db: AsyncConnection, ticket: Ticket, *, by: Actor, now: datetime) -> None:
    """What waits for approval was proposed on other evidence."""
    pending = await load.pending_proposal(db, ticket.wallet_id, ticket.id)
    for step in proposal_voided(pending, ticket, now=now):
        await keep(db, ticket.wallet_id, step.before, step.change, by=by)


def proposal_voided(
    pending: Proposal | None, ticket: Ticket, *, now: datetime
) -> tuple[Step[Proposal], ...]:
    """The same, of a proposal that was read; nothing where none waits."""
    if pending is None:
        return ()
    return (Step(pending, tickets.void_proposal(pending, ticket, now=now)),)


def _ticket(asked: Freeze) -> Frozen:
    now = asked.now
    if asked.ticket is None:
        new = new_ticket(asked.wallet, asked.account, reference=asked.reference, now=now)
        return Frozen(ticket=new, steps=(Step(None, tickets.open_ticket(new, now=now)),))
    joined = tickets.join(asked.ticket, now=now)
    confirmed = tickets.confirm(joined.value, now=now)
    steps = (Step(asked.ticket, joined), Step(joined.value, confirmed))
    return Frozen(ticket=confirmed.value, steps=steps)


def _account(asked: Freeze, ticket_id: TicketId) -> tuple[Step[Account], ...]:
    before = asked.account
    if before.is_frozen:
        if not asked.in_danger:
            return (Step(before, Change(before)),)
        return (Step(before, accounts.turn_neutral(before, ticket_id=ticket_id, now=asked.now)),)
    change = accounts.freeze(
        before,
        ticket_id=ticket_id,
        stolen=asked.stolen,
        in_danger=asked.in_danger,
        asked_by=asked.asked_by,
        now=asked.now,
    )
    return (Step(before, change),)
