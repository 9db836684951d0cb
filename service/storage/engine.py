"""The connections of one process to the database."""

from typing import Any, Final

from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_WAITS: Final = 30.0


def open_engine(
    url: str, *, connections: int, name: str = "", waits: float = _WAITS
) -> AsyncEngine:
    """So many connections and never more; one waits for one of them for `waits` seconds. They stay:
    one that is opened for a single answer costs more than the answer, most of all when many wait.

    A database that was away and is back is noticed without a question: the driver knows which of
    its connections have ended, and nobody is given one of those, nor an older one beside it.
    """
    settings = {"server_settings": {"application_name": name}} if name else {}
    engine = create_async_engine(
        url,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=waits,
        connect_args=settings,
        # An error's text must not carry what a person typed into a log.
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "checkout", _require_open)
    return engine


def _require_open(connection: Any, _record: object, _proxy: object) -> None:
    """The pool opens another one instead."""
    if connection.driver_connection.is_closed():
        raise InvalidatePoolError
