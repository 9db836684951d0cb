"""Let the n-th statement of an operation fail, its COMMIT included."""

from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from itertools import count
from typing import Any, Final

from msgspec import Struct
from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.operations.house import House
from service.storage.tables import metadata, notifications_metadata

Act = Callable[[], Awaitable[object]]
# Rows of each table, as PostgreSQL writes them.
Stored = dict[str, list[str]]


class PowerCut(Exception):
    """The lights went out here."""


class Cut(Struct):
    """How far the operation came."""

    happened: bool = False
    statements: int = 0


@contextmanager
def power_cut_at(engine: AsyncEngine, step: int) -> Generator[Cut]:
    """Raise PowerCut instead of the `step`-th statement or commit and all after it; count them.

    Step 0 cuts nothing.
    """
    cut = Cut()

    def count_one() -> None:
        cut.statements += 1
        # It stays dark: who catches it and tries the next thing does not get further.
        if step and cut.statements >= step:
            cut.happened = True
            raise PowerCut

    def before_statement(*_: Any) -> None:
        count_one()

    def before_commit(*_: Any) -> None:
        count_one()

    sync = engine.sync_engine
    event.listen(sync, "before_cursor_execute", before_statement)
    event.listen(sync, "commit", before_commit)
    try:
        yield cut
    except PowerCut:
        assert cut.happened
    finally:
        event.remove(sync, "before_cursor_execute", before_statement)
        event.remove(sync, "commit", before_commit)


async def everything_or_nothing(
    house: House, act: Act, *, counts: Collection[str] = (), again: Act | None = None
) -> int:
    """Cut at the first statement, then the second … until it gets through; answers how many.

    `counts` are tables in which an attempt is counted, and committed, before it is looked at:
    they alone may differ after a cut. `again` makes the next try as good as the first.
    """
    before = _without(await what_is_stored(house), counts)
    for step in count(1):
        with power_cut_at(house.engine, step) as cut:
            await act()
        stored = _without(await what_is_stored(house), counts)
        if not cut.happened:
            assert stored != before
            return cut.statements
        assert stored == before, f"half done at statement {step}"
        if again is not None:
            await again()
    raise AssertionError


async def each_table_whole(house: House, act: Act) -> int:
    """The same for what clears up one table after the other: none of them is ever half done."""
    before = await what_is_stored(house)
    cuts: list[Stored] = []
    for step in count(1):
        with power_cut_at(house.engine, step) as cut:
            await act()
        stored = await what_is_stored(house)
        if cut.happened:
            cuts.append(stored)
            continue
        changed = [name for name in before if before[name] != stored[name]]
        assert changed
        for found in cuts:
            for name, rows in found.items():
                assert rows in (before[name], stored[name]), name
        return len(changed)
    raise AssertionError


def _without(stored: Stored, counts: Collection[str]) -> Stored:
    return {name: rows for name, rows in stored.items() if name not in counts}


async def what_is_stored(house: House) -> Stored:
    """Every row of every table, so that nothing half-done can hide."""
    stored: Stored = {name: [] for name in _names()}
    async with house.engine.connect() as db:
        # A word that should have been sealed can be read in what is stored of it.
        await db.execute(text("set local bytea_output to escape"))
        for name, row in await db.execute(_EVERYTHING):
            stored[name].append(row)
    return stored


def _names() -> list[str]:
    return sorted([*metadata.tables, *notifications_metadata.tables])


# One question for all: it is asked after each of some thousand cuts.
_EVERYTHING: Final = text(
    " union all ".join(f"select '{name}', one::text from {name} one" for name in _names())  # noqa: S608  # our own names
    + " order by 1, 2"
)
