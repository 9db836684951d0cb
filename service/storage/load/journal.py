"""What happened, and how it was found when somebody looked whether it is whole."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import AccountFrozen, AccountReleased, name_of
from domain.ids import AccountId, TicketId, WalletId
from domain.journal import first_hash
from service.storage.direct import rows as direct
from service.storage.load.sight import Sight
from service.storage.rows import every, one, the_one
from service.storage.tables import accounts, journal, journal_checks, sealing, seals, tickets


class JournalCheck(Struct, frozen=True, kw_only=True):
    """How a chain was found when it was walked last."""

    wallet_id: WalletId
    # So far every entry fits, and this is the seal it ends with.
    number: int
    hash: bytes
    checked_at: datetime
    # When it was walked from its beginning, last.
    whole_at: datetime | None
    broken_at: int | None
    # Accounts whose state is not what the journal leads to.
    unexplained: int


class SealedEntry(Struct, frozen=True, kw_only=True):
    """An entry as it stands now, with its seal and the one before. What is gone is None."""

    number: int
    entry_id: UUID
    hash: bytes
    previous: bytes | None
    entry: str | None
    stands_in: UUID | None
    at: datetime | None
    account_id: UUID | None


class Unsealed(Struct, frozen=True, kw_only=True):
    count: int
    oldest_at: datetime | None


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
with explained as (
  select * from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::boolean[])
             as told(account_id, version, epoch, frozen)
)
select coalesce(a.id, e.account_id)
  from (select * from accounts where wallet_id = $5) a
  full join explained e on e.account_id = a.id
 where a.id is null
    or a.version <> coalesce(e.version, 0)
    or a.epoch <> coalesce(e.epoch, 0)
    or (a.state = 'frozen') <> coalesce(e.frozen, false)
 order by 1
"""


class _Leaving(Struct, frozen=True):
    """A freeze or a release, as its entry tells what it left."""

    event: str
    account_id: UUID
    version: int
    # Only a freeze begins one.
    epoch: int = 0


class _Entry(Struct, frozen=True):
    what: _Leaving


async def unexplained_accounts(db: AsyncConnection, wallet_id: WalletId) -> tuple[AccountId, ...]:
    """The accounts whose state, version or epoch is not what the journal leads to.

    An entry that is no entry any more explains nothing; it must not stop the others from being
    read, so that the database is never asked to understand one.
    """
    frozen, released = name_of(AccountFrozen), name_of(AccountReleased)
    last: dict[UUID, _Leaving] = {}
    epochs: dict[UUID, int] = {}
    mentioned = select(journal.c.entry).where(
        journal.c.wallet_id == wallet_id, of_event(frozen) | of_event(released)
    )
    async with db.stream(mentioned.execution_options(yield_per=2000)) as rows:
        async for row in rows:
            told = _told_in(row.entry)
            if told is None or told.event not in {frozen, released}:
                continue
            epochs[told.account_id] = max(epochs.get(told.account_id, 0), told.epoch)
            before = last.get(told.account_id)
            if before is None or told.version > before.version:
                last[told.account_id] = told
    asked = (
        list(last),
        [one.version for one in last.values()],
        [epochs[key] for key in last],
        [one.event == frozen for one in last.values()],
        wallet_id,
    )
    return tuple(AccountId(row[0]) for row in await direct(db, _UNEXPLAINED, asked))


def _told_in(entry: str) -> _Leaving | None:
    try:
        return msgspec.json.decode(entry, type=_Entry).what
    except msgspec.MsgspecError:
        return None


async def is_account(db: AsyncConnection, wallet_id: WalletId, key: UUID) -> bool:
    ours = (accounts.c.wallet_id == wallet_id) & (accounts.c.id == key)
    return await db.scalar(select(accounts.c.id).where(ours)) is not None


async def tickets_of_other_kinds(
    db: AsyncConnection, ids: Collection[TicketId], sight: Sight
) -> frozenset[TicketId]:
    """Those of these tickets that an agent of this sight does not see for their kind."""
    if not ids:
        return frozenset()
    seen = [kind.value for kind in sight.kinds]
    others = tickets.c.id.in_(ids) & tickets.c.kind.notin_(seen)
    return frozenset(TicketId(one) for one in await db.scalars(select(tickets.c.id).where(others)))


async def journal_check(db: AsyncConnection, wallet_id: WalletId) -> JournalCheck | None:
    ours = select(journal_checks).where(journal_checks.c.wallet_id == wallet_id)
    return await one(db, ours, JournalCheck)


async def sealed_entries(
    db: AsyncConnection,
    wallet_id: WalletId,
    *,
    numbers: tuple[int, int],
    conditions: tuple[ColumnElement[bool], ...],
    limit: int,
) -> tuple[SealedEntry, ...]:
    """The newest first: from the first number on, up to the second without it."""
    before = seals.alias("before")
    link = (before.c.wallet_id == seals.c.wallet_id) & (before.c.number == seals.c.number - 1)
    least, end = numbers
    ours = (seals.c.wallet_id == wallet_id) & (seals.c.number >= least) & (seals.c.number < end)
    asked = (
        select(
            seals.c.number,
            seals.c.entry_id,
            seals.c.hash,
            before.c.hash.label("previous"),
            journal.c.entry,
            journal.c.wallet_id.label("stands_in"),
            journal.c.at,
            journal.c.account_id,
        )
        .select_from(
            seals.outerjoin(before, link).outerjoin(journal, journal.c.id == seals.c.entry_id)
        )
        .where(ours, *conditions)
        .order_by(seals.c.number.desc())
        .limit(limit)
    )
    return await every(db, asked, SealedEntry)


def of_event(name: str) -> ColumnElement[bool]:
    """As text: an entry that somebody garbled must not stop the others from being read."""
    return func.strpos(journal.c.entry, f'"event":"{name}"') > 0


def of_actor(kind: str) -> ColumnElement[bool]:
    """An entry begins with who it was by."""
    return journal.c.entry.regexp_match(f'^\\{{"by":\\{{"id":[^,]*,"kind":"{kind}"\\}}')


def of_account(account_id: UUID) -> ColumnElement[bool]:
    return journal.c.account_id == account_id


def naming(reference: UUID) -> ColumnElement[bool]:
    return func.strpos(journal.c.entry, str(reference)) > 0


def between(since: datetime, until: datetime) -> ColumnElement[bool]:
    return (journal.c.at >= since) & (journal.c.at < until)


async def first_sealed_from(db: AsyncConnection, wallet_id: WalletId, instant: datetime) -> int:
    """The first number that was sealed then or later; one past the end if there is none.

    Seals follow each other in time, so that some twenty looks find it among millions.
    """
    last, _ = await last_seal(db, wallet_id)
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        at = await db.scalar(
            select(seals.c.sealed_at)
            .where(seals.c.wallet_id == wallet_id, seals.c.number >= middle)
            .order_by(seals.c.number)
            .limit(1)
        )
        if at is None or at >= instant:
            high = middle
        else:
            low = middle + 1
    return low


async def unsealed(db: AsyncConnection, wallet_id: WalletId) -> Unsealed:
    """What waits for its seal, and since when."""
    below = func.coalesce(select(sealing.c.sealed_below).scalar_subquery(), 0)
    asked = (
        select(func.count().label("count"), func.min(journal.c.at).label("oldest_at"))
        .outerjoin(seals, seals.c.entry_id == journal.c.id)
        .where(journal.c.wallet_id == wallet_id, journal.c.xid >= below, seals.c.entry_id.is_(None))
    )
    return await the_one(db, asked, Unsealed)
