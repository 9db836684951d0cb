"""Databases for tests: each test finds an empty house, and most of them the same one.

Copying the template takes ten times as long as wiping out the few rows that a test wrote. What a
test did to anything else than rows is noticed, and such a database is dropped.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar
from uuid import uuid4

import asyncpg

from service.embedded import Cluster
from service.embedded.creation import ADMIN

T = TypeVar("T")
# The driver has no annotations of its own.
_driver: Any = asyncpg
# Rows that are gone still take room, and a table with much room is read by other plans.
_MOST_TESTS: Final = 40

# Everything in a database that is not rows of its tables, as one line: how much there is of each
# kind, and when it was last written. Also the rows that a new database has.
_SHAPE: Final = """
SELECT array_agg(kind || ':' || written ORDER BY kind) FROM (
    SELECT 'relations' AS kind, count(*) || '/' || max(xmin::text::bigint) AS written FROM pg_class
    UNION ALL SELECT 'columns', count(*) || '/' || max(xmin::text::bigint) FROM pg_attribute
    UNION ALL SELECT 'constraints', count(*) || '/' || max(xmin::text::bigint) FROM pg_constraint
    UNION ALL SELECT 'functions', count(*) || '/' || max(xmin::text::bigint) FROM pg_proc
    UNION ALL SELECT 'triggers', count(*) || '/' || max(xmin::text::bigint) FROM pg_trigger
    UNION ALL SELECT 'indexes', count(*) || '/' || max(xmin::text::bigint) FROM pg_index
    UNION ALL SELECT 'statistics', count(*) || '/' || max(xmin::text::bigint) FROM pg_statistic
    UNION ALL SELECT 'types', count(*) || '/' || max(xmin::text::bigint) FROM pg_type
    UNION ALL SELECT 'schemas', count(*) || '/' || max(xmin::text::bigint) FROM pg_namespace
    UNION ALL SELECT 'settings', count(*)::text FROM pg_db_role_setting
    UNION ALL SELECT 'version', (SELECT string_agg(version_num, ',') FROM alembic_version)
) AS everything
"""
_WIPE: Final = """
SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid();
SET session_replication_role = replica;
DO $$
DECLARE
    one regclass;
BEGIN
    FOR one IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('alembic_version', 'test_clock')
    LOOP
        EXECUTE format('DELETE FROM %s', one);
    END LOOP;
    UPDATE test_clock SET moved = interval '0', stands_at = NULL;
    PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence;
END $$;
"""


class Databases:
    """Copies of one template: lent to a test, wiped out, lent to the next."""

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._shape: object = None
        self._at_rest: tuple[str, int] | None = None

    @contextmanager
    def lend(self) -> Generator[str]:
        """The name of a database in which nothing has happened."""
        name, uses = self._at_rest or (self._new(), 0)
        self._at_rest = None
        yield name
        if uses < _MOST_TESTS and self._is_wiped_out(name):
            self._at_rest = (name, uses + 1)
        else:
            self._cluster.drop_database(name)

    def _new(self) -> str:
        name = f"house_{uuid4().hex[:12]}"
        self._cluster.create_database(name, template=self._template)
        if self._shape is None:
            self._shape = asyncio.run(self._in(name, _shape))
        return name

    def _is_wiped_out(self, name: str) -> bool:
        # A test may have shut it, or ended the cluster.
        with suppress(asyncpg.PostgresError, OSError):
            return asyncio.run(self._in(name, _wiped)) == self._shape
        return False

    async def _in(self, name: str, do: Callable[[Any], Awaitable[T]]) -> T:
        url = self._cluster.url(ADMIN, name).replace("+asyncpg", "")
        db = await _driver.connect(url, timeout=10)
        try:
            return await do(db)
        finally:
            await db.close()


async def _shape(db: Any) -> object:
    return await db.fetchval(_SHAPE)


async def _wiped(db: Any) -> object:
    await db.execute(_WIPE)
    return await _shape(db)
