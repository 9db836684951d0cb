"""What happened."""

from datetime import datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import AccountFrozen, AccountReleased, name_of
from domain.ids import AccountId, WalletId
from domain.journal import first_hash
from service.storage.tables import journal, seals


async def journal_of(
    db: AsyncConnection, wallet_id: WalletId, account_id: AccountId, *, since: datetime
) -> tuple[tuple[datetime, str], ...]:
    """When and what, in order, for one account."""
    ours = (journal.c.wallet_id == wallet_id) & (journal.c.account_id == account_id)
    rows = await db.execute(
        select(journal.c.at, journal.c.entry)
        .where(ours, journal.c.at >= since)
        .order_by(journal.c.at, journal.c.id)
    )
    return tuple((row.at, row.entry) for row in rows)


async def last_seal(db: AsyncConnection, wallet_id: WalletId) -> tuple[int, bytes]:
    """How long a wallet's chain is, and the seal it ends with."""
    last = (
        await db.execute(
            select(seals.c.number, seals.c.hash)
            .where(seals.c.wallet_id == wallet_id)
            .order_by(seals.c.number.desc())
            .limit(1)
        )
    ).one_or_none()
    return (0, first_hash(wallet_id)) if last is None else (last.number, last.hash)


# What stands in an account's row is what its last freeze or release left there, and nothing else.
_UNEXPLAINED: Final = """
with told as (
  select account_id, entry::jsonb -> 'what' as what
    from journal
   where wallet_id = :wallet_id and entry::jsonb -> 'what' ->> 'event' = any(:leaving)
), explained as (
  select account_id,
         max((what ->> 'version')::int) as version,
         max((what ->> 'epoch')::int) as epoch,
         (array_agg(what ->> 'event' order by (what ->> 'version')::int desc))[1] as event
    from told
   group by account_id
)
select coalesce(a.id, e.account_id)
  from (select * from accounts where wallet_id = :wallet_id) a
  full join explained e on e.account_id = a.id
 where a.id is null
    or a.version <> coalesce(e.version, 0)
    or a.epoch <> coalesce(e.epoch, 0)
    or (a.state = 'frozen') <> (coalesce(e.event, '') = :frozen)
 order by 1
"""


async def unexplained_accounts(db: AsyncConnection, wallet_id: WalletId) -> tuple[AccountId, ...]:
    """The accounts whose state, version or epoch is not what the journal leads to."""
    frozen = name_of(AccountFrozen)
    asked = {
        "wallet_id": wallet_id,
        "leaving": [frozen, name_of(AccountReleased)],
        "frozen": frozen,
    }
    return tuple((await db.execute(text(_UNEXPLAINED), asked)).scalars())
