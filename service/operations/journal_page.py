"""The record as auditors read it: one chain, the newest entries first, each held to its seal.

A chain that was forged from some point to its end fits itself. It is found by the walk of the
whole, which the clock does, against checkpoints outside the database; how that went stands on top.
"""

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.access import Agent, Role, require_record_reader
from domain.events import ActorKind
from domain.ids import WalletId, read_reference
from domain.journal import Checkpoint
from domain.refusals import NotFound
from domain.tickets import TicketKind
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations.agents import SignedIn
from service.operations.checkpoints import last_kept
from service.operations.house import House
from service.operations.journal_entries import EntrySeen, read_entries
from service.storage import load
from service.storage.load.journal import (
    JournalCheck,
    SealedEntry,
    Unsealed,
    between,
    naming,
    of_account,
    of_actor,
    of_event,
)
from service.storage.load.sight import Sight
from service.storage.rows import clock

ON_A_PAGE: Final = 50
# So many entries are looked through for a page of rare ones; the next page goes on from there.
LOOKED_THROUGH: Final = 20_000
# An entry may have waited so long for its seal.
_SEALED_WITHIN: Final = timedelta(hours=1)
_UTC: Final = "UTC"


class Sought(Struct, frozen=True, kw_only=True):
    """Which entries; what is not said does not matter."""

    chain: WalletId | None = None
    event: str = ""
    actor: ActorKind | None = None
    # A ticket's or a report's reference, or the key of whatever entries name.
    about: str = ""
    day: date | None = None
    before: int | None = None

    @property
    def is_filtered(self) -> bool:
        return bool(self.event or self.actor or self.about or self.day)


class ChainSeen(Struct, frozen=True, kw_only=True):
    """The state of one chain, as far as it can be told at once."""

    length: int
    seal: bytes
    unsealed: Unsealed
    checkpoint: Checkpoint | None
    check: JournalCheck | None


class JournalSeen(Struct, frozen=True, kw_only=True):
    # None: the installation's own chain.
    wallet: Wallet | None
    wallets: tuple[Wallet, ...]
    may_see_installation: bool
    chain: ChainSeen
    entries: tuple[EntrySeen, ...]
    # Where the next page begins; None on the last one.
    next: int | None
    # As far as this was looked through without finding enough.
    looked_down_to: int | None
    about_is_unknown: bool
    # Which kinds of ticket its reader sees.
    kinds: tuple[TicketKind, ...]
    time_zone: str
    now: datetime


class _Range(Struct, frozen=True, kw_only=True):
    least: int
    end: int
    conditions: tuple[ColumnElement[bool], ...]
    # Where more may stand before it: what is rare is looked for a part at a time.
    is_part: bool = False


async def see_journal(house: House, sought: Sought, by: SignedIn) -> JournalSeen:
    """Raises LevelTooLow; NotFound for a chain that this reader has no business with."""
    require_record_reader(by.agent)
    async with house.engine.connect() as db:
        wallets = _served(await load.all_wallets(db), by.agent)
        chain, wallet = _chosen(sought, wallets, by.agent)
        sight = await load.sight_of(db, by.agent)
        zone = wallet.time_zone if wallet is not None else _UTC
        found = await _range(db, chain, sought, sight, zone)
        rows = () if found is None else await _rows(db, chain, found)
        entries = await read_entries(db, house, chain, rows, sight, filtered=sought.is_filtered)
        seen = await _chain(db, house, chain)
        now = await clock(db)
    last = min((row.number for row in rows), default=0)
    is_full = len(rows) == ON_A_PAGE
    looked = found.least if found is not None and found.is_part and not is_full else None
    return JournalSeen(
        wallet=wallet,
        wallets=wallets,
        may_see_installation=by.agent.role is Role.AUDITOR,
        chain=seen,
        entries=entries,
        next=last if is_full and last > 1 else looked,
        looked_down_to=looked,
        about_is_unknown=found is None,
        kinds=sight.kinds,
        time_zone=zone,
        now=now,
    )


def _served(wallets: tuple[Wallet, ...], agent: Agent) -> tuple[Wallet, ...]:
    return tuple(wallet for wallet in wallets if agent.serves(wallet.id))


def _chosen(
    sought: Sought, wallets: tuple[Wallet, ...], agent: Agent
) -> tuple[WalletId, Wallet | None]:
    """The installation's own is about agents and keys of all wallets: for auditors alone."""
    if sought.chain == THE_INSTALLATION and agent.role is Role.AUDITOR:
        return THE_INSTALLATION, None
    if sought.chain is None and wallets:
        return wallets[0].id, wallets[0]
    for wallet in wallets:
        if wallet.id == sought.chain:
            return wallet.id, wallet
    raise NotFound


async def _rows(db: AsyncConnection, chain: WalletId, found: _Range) -> tuple[SealedEntry, ...]:
    return await load.sealed_entries(
        db,
        chain,
        numbers=(found.least, found.end),
        conditions=found.conditions,
        limit=ON_A_PAGE,
    )


async def _chain(db: AsyncConnection, house: House, chain: WalletId) -> ChainSeen:
    length, seal = await load.last_seal(db, chain)
    return ChainSeen(
        length=length,
        seal=seal,
        unsealed=await load.unsealed(db, chain),
        checkpoint=await last_kept(house, chain),
        check=await load.journal_check(db, chain),
    )


async def _range(
    db: AsyncConnection, chain: WalletId, sought: Sought, sight: Sight, zone: str
) -> _Range | None:
    """Which numbers are looked at, and what their entries must say; None for a reference that
    leads nowhere."""
    length, _ = await load.last_seal(db, chain)
    least, end = 1, length + 1
    conditions: list[ColumnElement[bool]] = []
    if sought.event:
        conditions.append(of_event(sought.event))
    if sought.actor is not None:
        conditions.append(of_actor(sought.actor))
    by_account = False
    if sought.about:
        about = await _about(db, chain, sought.about, sight)
        if about is None:
            return None
        by_account = about[1]
        conditions.append(about[0])
    if sought.day is not None:
        begins = datetime.combine(sought.day, time.min, tzinfo=ZoneInfo(zone))
        ends = datetime.combine(sought.day + timedelta(days=1), time.min, tzinfo=ZoneInfo(zone))
        conditions.append(between(begins, ends))
        least = await load.first_sealed_from(db, chain, begins)
        end = min(end, await load.first_sealed_from(db, chain, ends + _SEALED_WITHIN))
    if sought.before is not None:
        end = min(end, max(1, sought.before))
    # One account's entries are found by an index, however old they are.
    is_part = bool(conditions) and not by_account and end - LOOKED_THROUGH > least
    return _Range(
        least=end - LOOKED_THROUGH if is_part else least,
        end=end,
        conditions=tuple(conditions),
        is_part=is_part,
    )


async def _about(
    db: AsyncConnection, chain: WalletId, typed: str, sight: Sight
) -> tuple[ColumnElement[bool], bool] | None:
    """What entries must say, and whether that is found by account."""
    reference = read_reference(typed)
    if reference is not None:
        ticket_id = await load.ticket_by_reference(db, reference, sight)
        if ticket_id is None:
            return None
        ticket = await load.ticket_anywhere(db, ticket_id, sight)
        return (of_account(ticket.account_id), True) if ticket.wallet_id == chain else None
    try:
        key = UUID(typed)
    except ValueError:
        return None
    if await load.is_account(db, chain, key):
        return of_account(key), True
    return naming(key), False
