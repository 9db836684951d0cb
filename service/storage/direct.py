"""The driver's own connection for the hot statements, in a transaction that is otherwise the same.

SQLAlchemy's part in a statement costs several times what the driver itself needs for it. The
connection still comes from the engine's pool, and whoever listens to the engine's statements and
commits hears of these as well.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class ConnectionLost(OSError):
    """The database went away in the middle of a transaction."""


class Direct:
    """One open transaction."""

    def __init__(self, db: AsyncConnection) -> None:
        self._db = db
        pooled = db.sync_connection.connection if db.sync_connection else None
        # The driver has no annotations of its own.
        self.driver: Any = pooled.driver_connection if pooled else None

    async def fetch(self, statement: str, parameters: Sequence[Any]) -> Sequence[Sequence[Any]]:
        """The rows of a statement that the driver prepares once for each connection."""
        heard = self._db.sync_engine.dispatch.before_cursor_execute
        heard(self._db.sync_connection, None, statement, parameters, None, False)
        return await self.driver.fetch(statement, *parameters)

    async def slowly(self) -> AsyncConnection:
        """The same connection and transaction as everyone else's, for what is seldom asked."""
        if not self._db.in_transaction():
            # Otherwise SQLAlchemy would begin a transaction of its own inside of this one.
            await self._db.execution_options(isolation_level="AUTOCOMMIT")
        return self._db


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncGenerator[Direct]:
    """Commits at the end, rolls back on whatever is raised. Raises ConnectionLost."""
    async with engine.connect() as db:
        direct = Direct(db)
        driver = direct.driver
        try:
            async with driver.transaction():
                yield direct
                engine.sync_engine.dispatch.commit(db.sync_connection)
        except Exception as fault:
            if driver.is_closed():
                raise ConnectionLost from fault
            raise
        finally:
            # A transaction that could not even be rolled back must not reach the next who asks.
            if driver.is_closed() or driver.is_in_transaction():
                await db.invalidate()


async def rows(
    db: AsyncConnection | Direct, statement: str, parameters: Sequence[Any]
) -> Sequence[Sequence[Any]]:
    """The rows of a statement in the driver's own words, whichever way it is sent."""
    if isinstance(db, Direct):
        return await db.fetch(statement, parameters)
    return (await db.exec_driver_sql(statement, tuple(parameters))).all()
