"""Let the n-th statement of an operation fail, its COMMIT included."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from service.operations.house import House
from service.storage.tables import metadata, notifications_metadata


class PowerCut(Exception):
    """The lights went out here."""


class Cut(Struct):
    """How far the operation came."""

    happened: bool = False
    statements: int = 0


@contextmanager
def power_cut_at(engine: AsyncEngine, step: int) -> Generator[Cut]:
    """Raise PowerCut instead of the `step`-th statement or commit; count them all."""
    cut = Cut()

    def count() -> None:
        cut.statements += 1
        if cut.statements == step:
            cut.happened = True
            raise PowerCut

    def before_statement(*_: Any) -> None:
        count()

    def before_commit(*_: Any) -> None:
        count()

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


async def what_is_stored(house: House) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table, so that nothing half-done can hide."""
    async with house.engine.connect() as db:
        return {name: await _rows(db, name) for name in _names()}


def _names() -> list[str]:
    return sorted([*metadata.tables, *notifications_metadata.tables])


async def _rows(db: AsyncConnection, name: str) -> list[tuple[Any, ...]]:
    rows = await db.execute(select(text("*")).select_from(text(name)))
    return sorted((tuple(row) for row in rows), key=repr)
