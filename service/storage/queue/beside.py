"""What stands beside the tickets of a page, in one question each for all of them."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import TicketId, WalletId
from domain.tickets import Proposal, ProposalStatus
from service.storage.queue.asked import Row
from service.storage.rows import every
from service.storage.tables import proposals


class LastEntry(Struct, frozen=True, kw_only=True):
    at: datetime
    entry: str


async def last_entries(
    db: AsyncConnection, shown: Collection[Row], *, only_on_safety: Collection[str]
) -> dict[TicketId, LastEntry]:
    """What happened last on each ticket, out of its account's record."""
    if not shown:
        return {}
    found = await db.execute(
        text(_LAST),
        {"ids": [row.id for row in shown], "only_on_safety": list(only_on_safety)},
    )
    return {TicketId(row.id): LastEntry(at=row.at, entry=row.entry) for row in found}


async def pending_proposals(
    db: AsyncConnection, wallets: Collection[WalletId], ids: Collection[TicketId]
) -> Mapping[TicketId, Proposal]:
    """The proposal that waits, on each of these tickets that has one."""
    waiting = proposals.c.wallet_id.in_(wallets) & proposals.c.ticket_id.in_(ids)
    waiting &= proposals.c.status == ProposalStatus.PENDING.value
    found = await every(db, select(proposals).where(waiting), Proposal)
    return {one.ticket_id: one for one in found}


# The journal of an account holds more than its ticket: only the ticket's own time counts, and what
# names a ticket is of that one alone. So nothing that is done on a safety ticket shows on the loss
# ticket of the same owner; and on the safety ticket nothing else shows, for whoever reads it may
# not serve losses.
_LAST: Final = """
select t.id, last.at, last.entry
  from tickets t
 cross join lateral (
   select j.at, j.entry
     from journal j
    where j.wallet_id = t.wallet_id and j.account_id = t.account_id
      and j.at >= t.opened_at and (t.closed_at is null or j.at <= t.closed_at)
      -- Never read as JSON: an entry that was tampered with must not take the queue away.
      and case
        when strpos(j.entry, '"ticket_id":"') > 0
        then strpos(j.entry, '"ticket_id":"' || t.id || '"') > 0
        else (t.kind = 'safety') = exists (
          select 1 from unnest(cast(:only_on_safety as text[])) as name
           where strpos(j.entry, '"event":"' || name || '"') > 0
        )
      end
    order by j.at desc, j.id desc
    limit 1
 ) last
 where t.id = any(:ids)
"""
