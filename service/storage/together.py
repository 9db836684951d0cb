"""Several values and their events in one statement, for where every round trip counts.

`keep` saves one value after another; `keep_all` saves the same rows, checked in the same way, in
one data-modifying statement. Its text depends on the shape alone, so drivers prepare it once.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import count
from typing import Any, Final, Generic, TypeVar

from msgspec import Struct
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql.asyncpg import dialect as driver
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.change import Change
from domain.events import Actor, Event
from domain.ids import WalletId
from domain.refusals import ChangedMeanwhile
from service.storage import tables
from service.storage.clocks import clock_rows
from service.storage.direct import Direct, rows
from service.storage.rows import TABLE_OF, recorded, row_of

V = TypeVar("V", bound=Struct)

_DIALECT: Final = driver()


class Step(Struct, Generic[V], frozen=True):
    """What a rule made of a value: as it was read (None: it is new), and the change."""

    before: V | None
    change: Change[V]


def saving(before: V | None, after: V) -> Step[V]:
    """A value that changes without an event of its own."""
    return Step(before, Change(after))


async def keep_all(
    db: AsyncConnection | Direct, wallet_id: WalletId, steps: Iterable[Step[Any]], *, by: Actor
) -> None:
    """Save the values and record and promise their events, all in one statement.

    Steps of the same value are saved as one, from what was read to what came of it last; the
    events keep their order. Raises ChangedMeanwhile when a value is not any more what was read.
    """
    values, events = _gathered(steps)
    writes = [write for before, after in values if (write := _write(before, after)) is not None]
    moved = _clocks(values, events)
    writes += [_insert(tables.clock_events, moved)] if moved else []
    entries, promises = recorded(wallet_id, events, by=by)
    writes += [_insert(tables.journal, entries), _insert(tables.outbox, promises)] if events else []
    if not writes:
        return
    statement = _statement(tuple(write.shape for write in writes))
    parameters = tuple(value for write in writes for value in write.parameters)
    ((saved,),) = await rows(db, statement, parameters)
    if saved != sum(write.shape.is_update for write in writes):
        raise ChangedMeanwhile


class _Shape(Struct, frozen=True):
    """All of a write that its text depends on."""

    table: str
    columns: tuple[str, ...]
    # New rows; none for an update.
    rows: int

    @property
    def is_update(self) -> bool:
        return self.rows == 0


class _Write(Struct, frozen=True):
    shape: _Shape
    parameters: tuple[Any, ...]


def _gathered(
    steps: Iterable[Step[Any]],
) -> tuple[list[tuple[Struct | None, Struct]], list[Event]]:
    """Each value once, as it was read and as it is at last. A statement changes a row only once."""
    values: dict[Any, tuple[Struct | None, Struct]] = {}
    events: list[Event] = []
    for step in steps:
        after: Struct = step.change.value
        # What has no id is only ever new.
        name = (type(after), getattr(after, "id", after))
        first, _ = values.get(name, (step.before, after))
        values[name] = (first, after)
        events += step.change.events
    return list(values.values()), events


def _clocks(
    values: Iterable[tuple[Struct | None, Struct]], events: Sequence[Event]
) -> list[dict[str, Any]]:
    """What became of a ticket's clocks; nothing for one that is new."""
    at = events[-1].at if events else None
    return [row for before, after in values for row in clock_rows(before, after, at)]


def _write(before: Struct | None, after: Struct) -> _Write | None:
    """What saves this value; None when nothing changed."""
    table = TABLE_OF[type(after)]
    new = row_of(after)
    if before is None:
        return _insert(table, [new])
    old = row_of(before)
    changed = {name: value for name, value in new.items() if value != old[name]}
    if not changed:
        return None
    version: int = old["row_version"]
    changed["row_version"] = version + 1
    shape = _Shape(table.name, tuple(changed), rows=0)
    return _Write(shape, (*_outgoing(table, changed), old["id"], version))


def _insert(table: Table, rows: Sequence[Mapping[str, Any]]) -> _Write:
    shape = _Shape(table.name, tuple(rows[0]), rows=len(rows))
    return _Write(shape, tuple(value for row in rows for value in _outgoing(table, row)))


@lru_cache(maxsize=256)
def _statement(shapes: tuple[_Shape, ...]) -> str:
    """One statement for all; it answers how many of the updated rows were those that were read."""
    numbers = count(1)
    parts = [f"w{position} as ({_part(shape, numbers)})" for position, shape in enumerate(shapes)]
    counted = [
        f"(select count(*) from w{position})"  # noqa: S608  # our own names
        for position, shape in enumerate(shapes)
        if shape.is_update
    ]
    return f"with {', '.join(parts)} select {' + '.join(counted) or '0'}"


def _part(shape: _Shape, numbers: "count[int]") -> str:
    quote = _DIALECT.identifier_preparer.quote
    table, names = quote(shape.table), [quote(name) for name in shape.columns]
    if shape.is_update:
        values = ", ".join(f"{name} = ${next(numbers)}" for name in names)
        read = f"id = ${next(numbers)} and row_version = ${next(numbers)}"
        return f"update {table} set {values} where {read} returning 1"  # noqa: S608  # our own names
    rows = ", ".join(
        f"({', '.join(f'${next(numbers)}' for _ in names)})" for _ in range(shape.rows)
    )
    return f"insert into {table} ({', '.join(names)}) values {rows}"  # noqa: S608  # our own names


def _outgoing(table: Table, row: Mapping[str, Any]) -> Iterable[Any]:
    """The row's values as the driver takes them."""
    forms = _forms(table)
    return (forms[name](value) if name in forms else value for name, value in row.items())


@cache
def _forms(table: Table) -> dict[str, Any]:
    """How values of some columns are turned into what the driver takes, JSON for instance."""
    processors = {
        column.name: column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
        for column in table.columns
    }
    return {name: form for name, form in processors.items() if form is not None}
