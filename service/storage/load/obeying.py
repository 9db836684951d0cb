"""What wallets report themselves, whether they obey, and owners whom no message reached."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.accounts import Account, AccountState
from domain.events import AccountFrozen, name_of
from domain.ids import AccountId, TicketId, WalletId
from domain.policy import DEFAULT
from domain.tickets import TicketKind
from domain.wallet_reports import WalletReport
from service.storage.rows import every
from service.storage.tables import (
    account_addresses,
    accounts,
    deliveries,
    now,
    tickets,
    wallet_reports,
)

# Written into the statement: an index over frozen accounts alone serves no plan that has to be
# good for any state.
_FROZEN: Final = accounts.c.state == literal_column(f"'{AccountState.FROZEN.value}'")


async def wallet_reports_of(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[WalletReport, ...]:
    ours = (wallet_reports.c.wallet_id == wallet_id) & (wallet_reports.c.ticket_id == ticket_id)
    return await every(
        db, select(wallet_reports).where(ours).order_by(wallet_reports.c.id), WalletReport
    )


async def wallet_reports_on(
    db: AsyncConnection, served: Collection[WalletId], ids: Collection[TicketId]
) -> tuple[WalletReport, ...]:
    """The same of many tickets at once, for a list."""
    ours = wallet_reports.c.wallet_id.in_(served) & wallet_reports.c.ticket_id.in_(ids)
    return await every(
        db, select(wallet_reports).where(ours).order_by(wallet_reports.c.id), WalletReport
    )


async def frozen_accounts_after(
    db: AsyncConnection, wallet_id: WalletId, after: AccountId | None, *, limit: int
) -> tuple[Account, ...]:
    """Up to `limit` frozen accounts by their ids, from the one after `after`.

    An id never changes, so what stays frozen while somebody turns the pages stands on one of them.
    """
    ours = (accounts.c.wallet_id == wallet_id) & _FROZEN
    if after is not None:
        ours &= accounts.c.id > after
    return await every(
        db, select(accounts).where(ours).order_by(accounts.c.id).limit(limit), Account
    )


async def unconfirmed_freezes(
    db: AsyncConnection, wallet_id: WalletId, *, within: timedelta, limit: int
) -> tuple[AccountId, ...]:
    """Frozen for that long, not confirmed, and nobody has said so aloud; the longest first."""
    ours = (accounts.c.wallet_id == wallet_id) & _FROZEN
    ours &= accounts.c.confirmed_version.is_distinct_from(accounts.c.version)
    ours &= accounts.c.alarmed_version.is_distinct_from(accounts.c.version)
    ours &= accounts.c.frozen_at <= now - within
    rows = await db.scalars(
        select(accounts.c.id).where(ours).order_by(accounts.c.frozen_at).limit(limit)
    )
    return tuple(AccountId(row) for row in rows)


async def unreached_tickets(
    db: AsyncConnection, wallet_id: WalletId, *, only: TicketId | None = None
) -> tuple[tuple[TicketId, AccountId], ...]:
    """Of freezes that every message to the owner failed to tell: none is out, under way or held.

    Also where there was no address to write to. Those of whom it is known already are left out.
    """
    ours = (tickets.c.wallet_id == wallet_id) & (tickets.c.kind == TicketKind.LOSS.value)
    ours &= tickets.c.closed_at.is_(None) & ~tickets.c.unconfirmed
    ours &= tickets.c.proof_requested_at.is_(None)
    if only is not None:
        ours &= tickets.c.id == only
    rows = await db.execute(
        select(tickets.c.id, tickets.c.account_id)
        .join(accounts, accounts.c.id == tickets.c.account_id)
        .where(
            ours,
            _FROZEN,
            ~exists().where(_told_of_it(), deliveries.c.state.in_(("due", "held", "sent"))),
            # Counted, for a question that could be asked of all addresses at once would be.
            (_how_many(_told_of_it()) > 0) | (_how_many(_had_an_address()) == 0),
        )
        .order_by(tickets.c.id)
    )
    return tuple((TicketId(row.id), AccountId(row.account_id)) for row in rows)


def _how_many(which: ColumnElement[bool]) -> Any:
    return select(func.count()).where(which).correlate(accounts).scalar_subquery()


def _told_of_it() -> ColumnElement[bool]:
    """The deliveries that tell the owner of the present freeze."""
    ours = (deliveries.c.wallet_id == accounts.c.wallet_id) & (
        deliveries.c.account_id == accounts.c.id
    )
    ours &= (deliveries.c.event == name_of(AccountFrozen)) & (deliveries.c.role == "owner")
    return ours & (deliveries.c.created_at >= accounts.c.frozen_at)


def _had_an_address() -> ColumnElement[bool]:
    """Where a notice of the freeze could go when it came: until it is dispatched, it may."""
    address = account_addresses.c
    heard_since = accounts.c.frozen_at - DEFAULT.messages.removed_addresses_hear_for
    theirs = (address.wallet_id == accounts.c.wallet_id) & (address.account_id == accounts.c.id)
    there = (address.added_at <= accounts.c.frozen_at) & (
        address.removed_at.is_(None) | (address.removed_at > heard_since)
    )
    return theirs & there
