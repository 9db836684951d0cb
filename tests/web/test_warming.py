"""A web process is small and ready: what it does without, and what it makes before it is asked."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from types import CodeType
from typing import Final

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from service.app import open_house
from service.processes import free_port
from service.settings import Settings
from service.warming import warm_up
from service.wording import LANGUAGES, templates
from tests.demos import ROOT

pytestmark = pytest.mark.anyio

# Migrations, and coloured words for a terminal: a tenth of what a process held.
WITHOUT: Final = frozenset({"alembic", "mako", "rich", "pygments"})


@pytest.fixture
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    house = open_house(settings)
    yield house.engine
    await house.engine.dispose()


@pytest.fixture
def unread() -> None:
    """Pages as after a start."""
    for language in LANGUAGES:
        cache = templates(language).cache
        assert cache is not None
        cache.clear()


def test_a_web_process_does_without_what_only_commands_need() -> None:
    ask = "import sys, service.commands.serve, service.app; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert WITHOUT.isdisjoint(loaded.stdout.split())


def test_commands_have_what_a_web_process_does_without() -> None:
    ask = "import service.app; from rich.console import Console; Console().print('said')"
    said = subprocess.run(
        [sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "said"


@pytest.mark.usefixtures("unread")
async def test_connections_and_the_pages_to_a_report_are_there_before_anybody_asks(
    engine: AsyncEngine,
) -> None:
    await warm_up(engine, 3)

    async with engine.connect() as db:
        whose = text(
            "select count(*) from pg_stat_activity"
            " where datname = current_database() and usename = current_user"
        )
        assert await db.scalar(whose) == 3
    for language in LANGUAGES:
        assert {"report/check.html", "not_stopped.html"} <= read_in(language)
    # Equal they would be in any case.
    assert len({id(code_of("report/check.html", language)) for language in LANGUAGES}) == 1


@pytest.mark.usefixtures("unread")
async def test_a_process_that_ends_at_once_does_not_wait_for_the_rest(engine: AsyncEngine) -> None:
    first, *_, last = LANGUAGES
    warming = asyncio.create_task(warm_up(engine, 1))
    while not read_in(first):  # noqa: ASYNC110  # nothing tells of a page
        await asyncio.sleep(0)

    warming.cancel()

    with pytest.raises(asyncio.CancelledError):
        await warming
    assert not read_in(last)


@pytest.mark.usefixtures("unread")
async def test_pages_are_read_also_while_the_database_is_away(settings: Settings) -> None:
    nowhere = f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none"
    house = open_house(replace(settings, database_url=nowhere))

    await warm_up(house.engine, 3)

    await house.engine.dispose()
    assert "not_stopped.html" in read_in("es")


def code_of(name: str, language: str) -> CodeType:
    """Made once, however many languages show the page."""
    return templates(language).get_template(name).root_render_func.__code__


def read_in(language: str) -> set[str]:
    cache = templates(language).cache
    assert cache is not None
    return {name for _, name in cache.keys()}  # noqa: SIM118  # no dict
