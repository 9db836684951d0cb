"""Entries of the record as they are shown: each held to its seal, with what its reader may see.

An entry is checked where it is shown, against its own seal and the one before it. That finds
whatever was changed, dropped or moved by itself.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, cast
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import Actor
from domain.ids import AgentId, TicketId, WalletId
from domain.journal import first_hash, next_hash
from domain.tickets import TicketKind
from service.operations import agents, timeline
from service.operations.house import House
from service.operations.timeline import Happened
from service.storage import load
from service.storage.load.journal import SealedEntry
from service.storage.load.sight import Sight

# A reference, an instant, a word of ours.
_LONGEST_TOLD: Final = 64


class Seal(StrEnum):
    """What became of an entry since it was sealed."""

    FITS = "fits"
    CHANGED = "changed"
    GONE = "gone"
    MOVED = "moved"
    # The number itself does not stand there any more.
    MISSING = "missing"


class EntrySeen(Struct, frozen=True, kw_only=True):
    number: int
    seal: Seal
    # None for what is gone or cannot be read, and for what this reader may not see.
    line: Happened | None = None
    by_id: UUID | None = None
    # What it holds: references, instants, numbers and words of ours.
    holds: tuple[tuple[str, str], ...] = ()
    kept_from_reader: bool = False


class _Stored(Struct, frozen=True, kw_only=True):
    by: Actor
    what: dict[str, Any]


async def read_entries(
    db: AsyncConnection,
    house: House,
    chain: WalletId,
    rows: tuple[SealedEntry, ...],
    sight: Sight,
    *,
    filtered: bool,
) -> tuple[EntrySeen, ...]:
    read = {row.number: _read(row) for row in rows}
    hidden = await _hidden(db, rows, read, sight)
    by = {one.by.id for one in read.values() if one is not None and one.by.id is not None}
    names = await agents.names_of(db, house, [AgentId(one) for one in by])
    seen: list[EntrySeen] = []
    for index, row in enumerate(rows):
        # What is kept from them must not be found by looking for it either.
        if row.number in hidden and filtered:
            continue
        if not filtered and index and rows[index - 1].number != row.number + 1:
            seen.append(EntrySeen(number=rows[index - 1].number - 1, seal=Seal.MISSING))
        seen.append(_seen(chain, row, read[row.number], names, hidden=row.number in hidden))
    return tuple(seen)


def _seen(
    chain: WalletId,
    row: SealedEntry,
    stored: _Stored | None,
    names: Mapping[AgentId, str],
    *,
    hidden: bool,
) -> EntrySeen:
    seal = _seal(chain, row, stored)
    if stored is None or row.at is None or hidden:
        return EntrySeen(number=row.number, seal=seal, kept_from_reader=hidden)
    by = stored.by
    line = Happened(
        at=row.at,
        event=str(stored.what.get("event", "")),
        what=stored.what,
        by_kind=by.kind,
        by_name=names.get(AgentId(by.id)) if by.id is not None else None,
    )
    return EntrySeen(
        number=row.number, seal=seal, line=line, by_id=by.id, holds=_holds(stored.what)
    )


def _seal(chain: WalletId, row: SealedEntry, stored: _Stored | None) -> Seal:
    if row.entry is None:
        return Seal.GONE
    if row.stands_in != chain:
        return Seal.MOVED
    previous = first_hash(chain) if row.number == 1 else row.previous
    if previous is None or stored is None:
        return Seal.CHANGED
    if next_hash(row.number, previous, row.entry_id, row.entry) != row.hash:
        return Seal.CHANGED
    account, at = stored.what.get("account_id"), stored.what.get("at")
    told = (str(row.account_id) if row.account_id is not None else None, row.at)
    return Seal.FITS if told == (account, _instant(at)) else Seal.MOVED


def _instant(said: object) -> datetime | None:
    return datetime.fromisoformat(said) if isinstance(said, str) else None


def _read(row: SealedEntry) -> _Stored | None:
    """None for what is gone, or is no entry any more."""
    if row.entry is None:
        return None
    try:
        return msgspec.json.decode(row.entry, type=_Stored)
    except msgspec.MsgspecError:
        return None


async def _hidden(
    db: AsyncConnection,
    rows: tuple[SealedEntry, ...],
    read: Mapping[int, _Stored | None],
    sight: Sight,
) -> set[int]:
    """What is about their own account, and what only those trained for it see."""
    named = {
        row.number: TicketId(key)
        for row in rows
        if (stored := read[row.number]) is not None
        and (key := _key(stored.what.get("ticket_id"))) is not None
    }
    unseen = await load.tickets_of_other_kinds(db, set(named.values()), sight)
    hidden = {number for number, ticket_id in named.items() if ticket_id in unseen}
    hidden |= {row.number for row in rows if row.account_id in sight.own}
    if TicketKind.SAFETY not in sight.kinds:
        hidden |= {
            number
            for number, stored in read.items()
            if stored is not None and stored.what.get("event") in timeline.ONLY_ON_SAFETY
        }
    return hidden


def _holds(what: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Whatever is sealed or long is no reference, and is not shown."""
    return tuple(
        (name, text)
        for name, value in what.items()
        if name not in {"event", "at"} and (text := _told(value)) is not None
    )


def _told(value: object) -> str | None:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str() if len(value) <= _LONGEST_TOLD:
            return value
        case list():
            return ", ".join(str(one) for one in cast("list[object]", value))
        case _:
            return None


def _key(said: object) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
