"""The house under test: one throw-away cluster, a migrated template, a database per test."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as chance
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.embedded import Cluster
from service.operations.house import House
from service.security.keys import KeyRing, create
from service.security.keys import load as load_keys
from service.security.passwords import Passwords
from service.storage.migrations import upgrade
from tests.clocks import stop_clock
from tests.clusters import throw_away_cluster
from tests.databases import Databases
from tests.houses import app, routes, settings
from tests.leaks import (
    EARS,
    pytest_configure,
    pytest_runtest_makereport,
    pytest_runtest_protocol,
)

__all__ = [
    "app",
    "pytest_configure",
    "pytest_runtest_makereport",
    "pytest_runtest_protocol",
    "routes",
    "settings",
]

# How long an example takes tells how busy the machine is; one that hangs meets the time limit.
chance.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
chance.load_profile("any machine")

TEMPLATE = "template_house"
# What takes a minute and more.
LONGEST = ("/life/", "/web/test_pages_in_browser.py", "/outage/")
# Browsers and whole towns of processes: half a minute to a minute where nobody else is at work. The
# limit of all tests would end one on a busy machine, and with it the browser that others share.
LONG = (
    *("/browser/", "/outage/", "/pictures/", "/web/test_pages_in_browser.py"),
    *("tests/test_demo", "tests/test_first_afternoon.py"),
)
LONG_TAKES = 600
# The test clock: the production function's body plus an offset that a test may move; and a test
# may stop it.
CLOCK = """
CREATE TABLE test_clock (moved interval NOT NULL, stands_at timestamptz);
INSERT INTO test_clock VALUES (interval '0');
GRANT SELECT, UPDATE ON test_clock TO resguardo_service;
CREATE OR REPLACE FUNCTION resguardo_clock() RETURNS timestamptz
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$ SELECT coalesce(stands_at, clock_timestamp()) + moved FROM test_clock $$
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests begin first: at the end one would keep the others' processes waiting."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))
    for item in items:
        is_long = any(name in item.nodeid for name in LONG)
        if is_long and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONG_TAKES))


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with throw_away_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def keys_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    create(folder)
    for file in folder.iterdir():
        EARS.hide(*(word.rstrip("=") for word in file.read_text().split()))
    return folder


@pytest.fixture(scope="session")
def keys(keys_folder: Path) -> KeyRing:
    return load_keys(keys_folder)


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    """A migrated, empty house that every test's database is a copy of."""
    cluster.create_database(TEMPLATE)
    asyncio.run(_build(cluster.url("resguardo_owner", TEMPLATE)))
    return TEMPLATE


@pytest.fixture(scope="session")
def databases(cluster: Cluster, template: str) -> Databases:
    return Databases(cluster, template)


@pytest.fixture
def database(databases: Databases) -> Iterator[str]:
    """The name of a database in which nothing has happened yet."""
    with databases.lend() as name:
        yield name


@pytest.fixture
def database_url(cluster: Cluster, database: str) -> str:
    return cluster.url("resguardo_service", database)


@pytest.fixture
async def house(database_url: str, keys: KeyRing) -> AsyncIterator[House]:
    engine = create_async_engine(database_url, pool_size=8, max_overflow=8, pool_timeout=30)
    yield House(engine=engine, keys=keys, passwords=Passwords())
    await engine.dispose()


@pytest.fixture
async def clock_stands(house: House) -> None:
    """From before the test's other fixtures on: however busy the machine is, a moment before a
    deadline is before it."""
    await stop_clock(house)


async def _build(owner_url: str) -> None:
    await upgrade(owner_url, "resguardo_service")
    engine = create_async_engine(owner_url)
    async with engine.begin() as db:
        for statement in CLOCK.split(";\n"):
            await db.execute(text(statement))
    await engine.dispose()
