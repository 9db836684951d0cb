"""Sealing the journal, and finding whatever was changed in it afterwards."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Select, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import AccountId, WalletId
from domain.journal import first_hash, next_hash
from domain.wallets import THE_INSTALLATION
from service.operations.checkpoints import Kept, earliest_beyond, kept
from service.operations.house import House
from service.storage import load
from service.storage.rows import clock
from service.storage.tables import journal, sealing, seals

_MOST_AT_ONCE = 5000


class Verdict(Struct, frozen=True, kw_only=True):
    """What a check of a wallet's chain found. `broken_at` is the first number that does not fit."""

    wallet_id: WalletId
    sealed: int
    unsealed: int
    # How many signed checkpoints stand beside it, outside the database.
    signed: int
    broken_at: int | None
    why: str | None
    # The seal of the last entry that fits.
    hash: bytes = b""
    # Accounts whose state is not what the journal leads to.
    unexplained: tuple[AccountId, ...] = ()

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None and not self.unexplained


class Walked(Struct, frozen=True, kw_only=True):
    """How far a chain goes: its last number, and the seal of the last entry that fits."""

    number: int
    hash: bytes
    broken_at: int | None = None
    why: str | None = None


async def seal_journal(house: House) -> int:
    """Give number and chained hash to every committed entry that has none; answers how many.

    One sealer at a time. Which entries may still lack a seal is known exactly from transaction
    numbers: everything below the oldest transaction that was still running last time has been
    sealed, however late it committed.
    """
    async with house.engine.begin() as db:
        alone = await db.scalar(select(func.pg_try_advisory_xact_lock(0x5EA1)))
        if not alone:
            return 0
        below, oldest_running = await _watermarks(db)
        entries = (
            await db.execute(
                select(journal.c.id, journal.c.wallet_id, journal.c.entry)
                .outerjoin(seals, seals.c.entry_id == journal.c.id)
                .where(journal.c.xid >= below, seals.c.entry_id.is_(None))
                .order_by(journal.c.id)
                .limit(_MOST_AT_ONCE)
            )
        ).all()
        now = await clock(db)
        chains: dict[UUID, tuple[int, bytes]] = {}
        rows: list[dict[str, object]] = []
        for entry_id, wallet_id, entry in entries:
            number, previous = chains.get(wallet_id) or await load.last_seal(
                db, WalletId(wallet_id)
            )
            seal = next_hash(number + 1, previous, entry_id, entry)
            chains[wallet_id] = (number + 1, seal)
            rows.append(
                {
                    "wallet_id": wallet_id,
                    "number": number + 1,
                    "entry_id": entry_id,
                    "hash": seal,
                    "sealed_at": now,
                }
            )
        if rows:
            await db.execute(insert(seals), rows)
        if len(rows) < _MOST_AT_ONCE and oldest_running > below:
            await db.execute(update(sealing).values(sealed_below=oldest_running))
        return len(rows)


async def verify_all(house: House) -> list[Verdict]:
    """Every wallet's chain, and that of the installation itself."""
    async with house.engine.connect() as db:
        wallets = await load.all_wallets(db)
    chains = [THE_INSTALLATION, *(wallet.id for wallet in wallets)]
    return [await verify_journal(house, chain) for chain in chains]


async def verify_journal(house: House, wallet_id: WalletId) -> Verdict:
    """Walk the whole chain. Any entry changed, dropped, inserted or moved is found, an end cut off
    if it was signed before, and every account whose state the journal does not explain.
    """
    signed = await kept(house, wallet_id)
    async with house.engine.connect() as db:
        # One instant for everything: what is frozen meanwhile must not look unexplained.
        await db.execution_options(isolation_level="REPEATABLE READ")
        unsealed = await db.scalar(
            select(func.count())
            .select_from(journal)
            .outerjoin(seals, seals.c.entry_id == journal.c.id)
            .where(journal.c.wallet_id == wallet_id, seals.c.entry_id.is_(None))
        )
        unexplained = await load.unexplained_accounts(db, wallet_id)
        walked = await walk(db, wallet_id, signed)
    return Verdict(
        wallet_id=wallet_id,
        sealed=walked.number,
        unsealed=int(unsealed or 0),
        signed=len(signed.by_number),
        broken_at=walked.broken_at,
        why=walked.why,
        hash=walked.hash,
        unexplained=unexplained,
    )


async def walk(
    db: AsyncConnection,
    wallet_id: WalletId,
    signed: Kept,
    *,
    after: tuple[int, bytes] | None = None,
) -> Walked:
    """How far the chain goes, and the first number that does not fit with the reason.

    `after` is where somebody came before, and the seal they found there; without it, the beginning.
    """
    number, previous = after or (0, first_hash(wallet_id))
    async with db.stream(_chain_of(wallet_id, number)) as rows:
        async for row in rows:
            why = _wrong(row.number, number, row.entry, row.wallet_id, wallet_id)
            seal = previous
            if why is None:
                seal = next_hash(row.number, previous, row.entry_id, row.entry)
                why = None if seal == row.hash else "the entry is not the one sealed"
                why = why or _misplaced(row.entry, row.at, row.account_id)
                why = why or _not_signed(signed, row.number, seal)
            if why is not None:
                return Walked(number=row.number, hash=previous, broken_at=row.number, why=why)
            number, previous = row.number, seal
    whole = Walked(number=number, hash=previous)
    if (at := earliest_beyond(signed, number)) is not None:
        cut = f"the end is cut off: more was signed at {at.isoformat()}"
        return replace(whole, broken_at=number + 1, why=cut)
    if signed.forged:
        forged = f"{signed.forged} of its checkpoints are not signed by our key"
        return replace(whole, broken_at=number, why=forged)
    return whole


def _chain_of(wallet_id: WalletId, after: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            seals.c.number,
            seals.c.entry_id,
            seals.c.hash,
            journal.c.entry,
            journal.c.wallet_id,
            journal.c.at,
            journal.c.account_id,
        )
        .outerjoin(journal, journal.c.id == seals.c.entry_id)
        .where(seals.c.wallet_id == wallet_id, seals.c.number > after)
        .order_by(seals.c.number)
        .execution_options(yield_per=2000)
    )


def _not_signed(signed: Kept, number: int, seal: bytes) -> str | None:
    checkpoint = signed.by_number.get(number)
    if checkpoint is None or checkpoint.seal == seal:
        return None
    return f"the chain is not the one that was signed at {checkpoint.at.isoformat()}"


def _wrong(
    number: int, before: int, entry: str | None, stands_in: UUID | None, belongs_to: WalletId
) -> str | None:
    if number != before + 1:
        return f"number {before + 1} is missing"
    if entry is None:
        return "the entry is gone"
    return None if stands_in == belongs_to else "the entry was moved to another wallet"


class _Happened(Struct):
    at: datetime
    account_id: UUID | None = None


class _Entry(Struct):
    what: _Happened


def _misplaced(entry: str, at: datetime, account_id: UUID | None) -> str | None:
    """Timelines are read by these two columns; the sealed entry itself says what they must be."""
    try:
        said = msgspec.json.decode(entry, type=_Entry).what
    except msgspec.MsgspecError:
        return "the entry cannot be read"
    if (said.at, said.account_id) == (at, account_id):
        return None
    return "the entry was moved to another account or instant"


async def _watermarks(db: AsyncConnection) -> tuple[int, int]:
    """From where entries may lack a seal, and from where they still may next time."""
    oldest = int(
        (
            await db.execute(text("select pg_snapshot_xmin(pg_current_snapshot())::text"))
        ).scalar_one()
    )
    below = await db.scalar(select(sealing.c.sealed_below))
    if below is None:
        await db.execute(insert(sealing).values(one=1, sealed_below=0))
        return 0, oldest
    # A restored database counts its transactions anew: look at everything once.
    return (0 if below > oldest else below), oldest
