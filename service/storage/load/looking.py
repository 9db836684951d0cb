"""What agents look at: tries at a frozen account, changes before the loss, what was revealed.

Whatever was done for an owner's safety is no change here: it stands on its own ticket alone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import case, func, null, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, TicketId, WalletId
from domain.revealing import Reveal
from service.storage.rows import every
from service.storage.tables import account_addresses, accounts, contacts, refused_tries, reveals


async def last_refused_try_at(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> datetime | None:
    """The last one that was written down; None while there was none."""
    table = refused_tries.c
    ours = (table.wallet_id == wallet_id) & (table.account_id == account_id)
    return await db.scalar(select(func.max(table.last_at)).where(ours))


async def last_change_at(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId
) -> datetime | None:
    """When the owner's contacts or addresses were last changed; None if never."""
    addresses = account_addresses.c
    # What an account began with is no change of it.
    added_at = case((addresses.added_at > accounts.c.created_at, addresses.added_at))
    changes = union_all(
        select(func.greatest(added_at, addresses.removed_at).label("at"))
        .join(accounts, accounts.c.id == addresses.account_id)
        .where(addresses.wallet_id == wallet_id, addresses.account_id == account_id),
        select(contact_changed_at().label("at")).where(
            contacts.c.wallet_id == wallet_id, contacts.c.account_id == account_id
        ),
    ).subquery()
    return await db.scalar(select(func.max(changes.c.at)))


def contact_changed_at() -> Any:
    """The last thing that happened to a contact's place: named, accepted, on the way out, gone."""
    c = contacts.c
    gone = case((c.removed_for_safety, null()), else_=func.greatest(c.removal_began_at, c.ended_at))
    return func.greatest(c.invited_at, c.accepted_at, gone)


async def reveals_on(
    db: AsyncConnection, wallet_id: WalletId, ticket_id: TicketId
) -> tuple[Reveal, ...]:
    ours = (reveals.c.wallet_id == wallet_id) & (reveals.c.ticket_id == ticket_id)
    return await every(db, select(reveals).where(ours).order_by(reveals.c.id), Reveal)
