"""The journal is checked by the clock too, so that a page can say how it was found.

Every hour the walk goes on from where the last one came to; once a day it begins at the beginning,
and asks whether the journal explains every account. What is kept of it stands in the database like
the journal itself: whoever changes both is found by the signed checkpoints outside.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import WalletId
from domain.wallets import THE_INSTALLATION
from service.operations.checkpoints import kept
from service.operations.house import House
from service.operations.journal import verify_journal, walk
from service.storage import load
from service.storage.load.journal import JournalCheck
from service.storage.rows import clock, row_of
from service.storage.tables import journal_checks, seals

EVERY: Final = timedelta(hours=1)
WHOLE_EVERY: Final = timedelta(days=1)


class _Found(Struct, frozen=True, kw_only=True):
    number: int
    hash: bytes
    broken_at: int | None
    unexplained: int
    is_whole: bool


async def check_journal(house: House) -> int:
    """Walk every chain whose last walk is an hour old; answers how many.

    Late, twice or beside another worker it only looks again.
    """
    async with house.engine.connect() as db:
        chains = [THE_INSTALLATION, *(wallet.id for wallet in await load.all_wallets(db))]
        before = {chain: await load.journal_check(db, chain) for chain in chains}
        now = await clock(db)
    checked = 0
    for chain, last in before.items():
        if last is not None and now < last.checked_at + EVERY:
            continue
        await check(house, chain, last)
        checked += 1
    return checked


async def check(house: House, wallet_id: WalletId, last: JournalCheck | None) -> JournalCheck:
    """One chain, and remember how it was found."""
    async with house.engine.connect() as db:
        now = await clock(db)
    found = None
    if last is not None and _may_go_on(last, now):
        found = await _go_on(house, wallet_id, last)
    if found is None:
        # The whole, also where something did not fit: perhaps a backup has put it right.
        verdict = await verify_journal(house, wallet_id)
        found = _Found(
            number=verdict.sealed,
            hash=verdict.hash,
            broken_at=verdict.broken_at,
            unexplained=len(verdict.unexplained),
            is_whole=True,
        )
    whole_at = now if found.is_whole or last is None else last.whole_at
    kept_of_it = JournalCheck(
        wallet_id=wallet_id,
        number=found.number,
        hash=found.hash,
        checked_at=now,
        whole_at=whole_at,
        broken_at=found.broken_at,
        unexplained=found.unexplained,
    )
    async with house.engine.begin() as db:
        await _keep(db, kept_of_it)
    return kept_of_it


async def _go_on(house: House, wallet_id: WalletId, last: JournalCheck) -> _Found | None:
    """From where the last walk came to; None if that place is not what it was."""
    signed = await kept(house, wallet_id)
    async with house.engine.connect() as db:
        await db.execution_options(isolation_level="REPEATABLE READ")
        at = (seals.c.wallet_id == wallet_id) & (seals.c.number == last.number)
        if last.number and await db.scalar(select(seals.c.hash).where(at)) != last.hash:
            return None
        walked = await walk(db, wallet_id, signed, after=(last.number, last.hash))
    return _Found(
        number=walked.number,
        hash=walked.hash,
        broken_at=walked.broken_at,
        unexplained=last.unexplained,
        is_whole=False,
    )


def _may_go_on(last: JournalCheck, now: datetime) -> bool:
    """What was whole then is looked at from there on, for a day."""
    if last.broken_at is not None or last.whole_at is None:
        return False
    return now < last.whole_at + WHOLE_EVERY


async def _keep(db: AsyncConnection, check: JournalCheck) -> None:
    new = insert(journal_checks).values(row_of(check))
    told = {name: new.excluded[name] for name in JournalCheck.__struct_fields__}
    await db.execute(new.on_conflict_do_update(index_elements=["wallet_id"], set_=told))
