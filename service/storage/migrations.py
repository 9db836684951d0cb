"""Bringing the tables up to date, and giving the service's role exactly what it may do."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from service.storage.tables import metadata, notifications_metadata

# What the service's role may only add to: the record.
INSERT_ONLY: Final = frozenset({"journal", "seals"})


class RoleMayRewrite(Exception):
    """The service's role could change or delete the record; it must not be able to."""


async def upgrade(owner_url: str, service_role: str) -> None:
    """Every migration that is missing, then the service role's rights. Twice does no harm."""
    engine = create_async_engine(owner_url)
    try:
        async with engine.begin() as db:
            await db.run_sync(_upgrade)
            await _grant(db, service_role)
    finally:
        await engine.dispose()


async def differences(owner_url: str) -> list[str]:
    """What the tables in the code say and the migrated database does not; empty when in step."""
    engine = create_async_engine(owner_url)
    try:
        async with engine.connect() as db:
            return await db.run_sync(_differences)
    finally:
        await engine.dispose()


async def require_humble_role(db: AsyncConnection) -> None:
    """Refuse to serve as a role that could rewrite the record. Raises RoleMayRewrite."""
    whole = text("select has_table_privilege(current_user, :table, :right)")
    # A right to one column is none to the table, and rewrites the record all the same.
    in_part = text("select has_any_column_privilege(current_user, :table, :right)")
    for table in sorted(INSERT_ONLY):
        for question, right in (
            (whole, "UPDATE"),
            (in_part, "UPDATE"),
            (whole, "DELETE"),
            (whole, "TRUNCATE"),
        ):
            if await db.scalar(question, {"table": table, "right": right}):
                raise RoleMayRewrite(f"the database role of the service has {right} on {table}")


def _upgrade(connection: Connection) -> None:
    # Here, and not above: a web process asks about its role, and need not hold all of this.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[2] / "alembic"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _differences(connection: Connection) -> list[str]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    context = MigrationContext.configure(connection)
    # Several collections of tables are allowed; only the annotation says otherwise.
    ours: Any = [metadata, notifications_metadata]
    return [str(difference) for difference in compare_metadata(context, ours)]


async def _grant(db: AsyncConnection, role: str) -> None:
    name = db.dialect.identifier_preparer.quote(role)
    await db.execute(text(f"GRANT USAGE ON SCHEMA public TO {name}"))
    for table in (*metadata.tables, *notifications_metadata.tables):
        rights = "SELECT, INSERT" if table in INSERT_ONLY else "SELECT, INSERT, UPDATE, DELETE"
        await db.execute(text(f"REVOKE ALL ON {table} FROM {name}"))
        await db.execute(text(f"GRANT {rights} ON {table} TO {name}"))
