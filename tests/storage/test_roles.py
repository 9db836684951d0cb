"""What the service's database role may not do, and that the tables are those of the code."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest
from sqlalchemy import CheckConstraint, insert, select, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from service.embedded import OWNER, SERVICE, Cluster
from service.operations.house import House
from service.operations.journal import seal_journal
from service.security.tokens import new_id
from service.storage.migrations import (
    INSERT_ONLY,
    RoleMayRewrite,
    differences,
    require_humble_role,
    upgrade,
)
from service.storage.tables import journal, metadata, notifications_metadata, seals
from tests.builders import NOON, NORTE

pytestmark = pytest.mark.anyio

RIGHTS = ("UPDATE", "DELETE", "TRUNCATE")
ONE_HOLDER = "person_addresses_wallet_id_kind_address_index_key"
REWRITING = {
    "UPDATE journal": "UPDATE journal SET entry = '{}'",
    "DELETE journal": "DELETE FROM journal",
    "TRUNCATE journal": "TRUNCATE journal",
    "UPDATE seals": "UPDATE seals SET number = number + 1",
    "DELETE seals": "DELETE FROM seals",
    "TRUNCATE seals": "TRUNCATE seals",
    "insert over": (
        "INSERT INTO journal (id, wallet_id, at, entry) SELECT id, wallet_id, at, '{}' FROM journal"
        " ON CONFLICT (id) DO UPDATE SET entry = excluded.entry"
    ),
}
UNMAKING = {
    "drop": "DROP TABLE journal",
    "alter": "ALTER TABLE journal DROP COLUMN entry",
    "become the owner": f"SET ROLE {OWNER}",
    "new clock": "CREATE OR REPLACE FUNCTION resguardo_clock() RETURNS timestamptz"
    " LANGUAGE sql AS 'SELECT now()'",
    "trigger": "CREATE RULE nothing AS ON INSERT TO journal DO INSTEAD NOTHING",
}


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
def only_migrated(cluster: Cluster) -> Iterator[str]:
    """The owner's address of a database with nothing but what the migrations make."""
    name = f"migrated_{uuid4().hex[:12]}"
    cluster.create_database(name)
    yield cluster.url(OWNER, name)
    cluster.drop_database(name)


async def an_entry(house: House) -> None:
    async with house.engine.begin() as db:
        entry = {"id": new_id(), "wallet_id": NORTE, "at": NOON, "entry": '{"by":{}}'}
        await db.execute(insert(journal).values(entry))


async def the_record(house: House) -> list[tuple[object, ...]]:
    async with house.engine.connect() as db:
        entries = (await db.execute(select(journal))).all()
        return [tuple(row) for row in (*entries, *(await db.execute(select(seals))).all())]


@pytest.mark.parametrize("statement", REWRITING.values(), ids=REWRITING)
async def test_the_service_can_add_to_the_record_and_never_rewrite_it(
    house: House, statement: str
) -> None:
    await an_entry(house)
    assert await seal_journal(house) == 1
    before = await the_record(house)

    with pytest.raises(ProgrammingError, match="permission denied"):
        async with house.engine.begin() as db:
            await db.execute(text(statement))

    assert await the_record(house) == before
    assert len(before) == 2


@pytest.mark.parametrize("statement", UNMAKING.values(), ids=UNMAKING)
async def test_the_service_cannot_give_itself_more(house: House, statement: str) -> None:
    with pytest.raises(ProgrammingError, match=r"must be owner|permission denied"):
        async with house.engine.begin() as db:
            await db.execute(text(statement))


async def test_the_service_cannot_pass_on_a_right_it_does_not_have(house: House) -> None:
    async with house.engine.begin() as db:
        # PostgreSQL only warns: nothing was granted.
        await db.execute(text(f"GRANT UPDATE ON journal TO {SERVICE}"))

    async with house.engine.connect() as db:
        await require_humble_role(db)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with house.engine.begin() as db:
            await db.execute(text("UPDATE journal SET entry = '{}'"))


async def test_the_service_is_let_start_and_the_owner_is_not(
    house: House, owner: AsyncEngine
) -> None:
    async with house.engine.connect() as db:
        await require_humble_role(db)
    async with owner.connect() as db:
        with pytest.raises(RoleMayRewrite):
            await require_humble_role(db)


@pytest.mark.parametrize("right", RIGHTS)
@pytest.mark.parametrize("table", sorted(INSERT_ONLY))
async def test_a_role_with_a_single_right_too_many_is_refused_by_name(
    house: House, owner: AsyncEngine, table: str, right: str
) -> None:
    async with owner.begin() as db:
        await db.execute(text(f"GRANT {right} ON {table} TO {SERVICE}"))

    async with house.engine.connect() as db:
        with pytest.raises(RoleMayRewrite, match=f"{right} on {table}"):
            await require_humble_role(db)


@pytest.mark.parametrize("column", ["journal (entry)", "seals (hash)"])
async def test_a_role_that_may_change_a_single_column_is_refused(
    house: House, owner: AsyncEngine, column: str
) -> None:
    table, _, name = column.partition(" ")
    async with owner.begin() as db:
        await db.execute(text(f"GRANT UPDATE {name} ON {table} TO {SERVICE}"))

    async with house.engine.connect() as db:
        with pytest.raises(RoleMayRewrite, match=f"UPDATE on {table}"):
            await require_humble_role(db)


async def test_migrating_again_takes_back_what_the_role_should_not_have(
    cluster: Cluster, database: str, house: House, owner: AsyncEngine
) -> None:
    async with owner.begin() as db:
        await db.execute(text(f"GRANT ALL ON journal, seals TO {SERVICE}"))
        await db.execute(text(f"GRANT UPDATE (hash) ON seals TO {SERVICE}"))

    await upgrade(cluster.url(OWNER, database), SERVICE)

    async with house.engine.connect() as db:
        await require_humble_role(db)
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with house.engine.begin() as db:
            await db.execute(text("UPDATE seals SET hash = ''"))


async def test_the_migrations_make_exactly_the_tables_of_the_code(only_migrated: str) -> None:
    await upgrade(only_migrated, SERVICE)

    assert await differences(only_migrated) == []


async def test_migrating_twice_does_no_harm(only_migrated: str) -> None:
    await upgrade(only_migrated, SERVICE)
    await upgrade(only_migrated, SERVICE)

    assert await differences(only_migrated) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE contacts DROP COLUMN label", "label"),
        ("ALTER TABLE contacts ALTER COLUMN name DROP NOT NULL", "name"),
        (f"ALTER TABLE person_addresses DROP CONSTRAINT {ONE_HOLDER}", "address_index"),
        ("DROP INDEX tickets_one_open_loss_key", "tickets_one_open_loss_key"),
        ("CREATE TABLE another (id integer)", "another"),
    ],
)
async def test_a_table_out_of_step_is_named(only_migrated: str, change: str, named: str) -> None:
    await upgrade(only_migrated, SERVICE)
    engine = create_async_engine(only_migrated, poolclass=NullPool)
    async with engine.begin() as db:
        await db.execute(text(change))

    found = await differences(only_migrated)

    await engine.dispose()
    assert len(found) == 1
    assert named in found[0]


async def test_the_migrations_make_every_check_of_the_code_and_no_other(
    only_migrated: str,
) -> None:
    # The comparison above is blind to checks.
    of_the_code = {
        str(check.name)
        for tables in (metadata, notifications_metadata)
        for table in tables.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    await upgrade(only_migrated, SERVICE)
    engine = create_async_engine(only_migrated, poolclass=NullPool)
    async with engine.connect() as db:
        made = await db.scalars(
            text(
                "SELECT conname FROM pg_constraint WHERE contype = 'c'"
                " AND connamespace = 'public'::regnamespace"
            )
        )
        migrated = set(made.all())
    await engine.dispose()

    assert len(of_the_code) > 15
    assert {name for name in migrated if name != "alembic_version_pkc"} == of_the_code
