"""The record in a real browser: whole and changed, by day and night, on desk and phone."""

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.access import Role
from service.embedded import OWNER, Cluster
from service.operations.journal import seal_journal
from service.storage.tables import agents as agents_table
from service.storage.tables import journal, seals
from tests.browser.test_console_looks import Served, browser, looks_right, served, sign_in
from tests.desks import a_case, an_agent

__all__ = ["browser", "served"]
pytestmark = pytest.mark.anyio


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.mark.parametrize("language", ["en", "es", "pt-BR"])
async def test_the_record_looks_right_whole_and_changed(
    served: Served, browser: Browser, owner: AsyncEngine, language: str
) -> None:
    await a_case(served.house, served.wallet)
    ada = await an_agent(served.house, served.wallet, "ada", level=1, language=language)
    async with served.house.engine.begin() as db:
        await db.execute(
            update(agents_table)
            .where(agents_table.c.login == "ada")
            .values(role=Role.AUDITOR.value)
        )
    page = await browser.new_page()
    await sign_in(page, served, ada)
    await seal_journal(served.house)
    await page.goto(f"{served.console}/console/journal")
    await looks_right(page)
    if (folder := os.environ.get("PICTURES")) is not None:
        await page.screenshot(path=f"{folder}/record-{language}.png", full_page=True)
    await page.goto(f"{served.console}/console/journal?about=K7QF-3M2X-Z")
    await looks_right(page)

    fourth = (seals.c.wallet_id == served.wallet.id) & (seals.c.number == 4)
    async with owner.begin() as db:
        entry = journal.c.id.in_(select(seals.c.entry_id).where(fourth))
        await db.execute(update(journal).where(entry).values(entry=journal.c.entry + " "))
    await page.goto(f"{served.console}/console/journal")
    assert await page.locator("tr.broken").count() == 1

    await looks_right(page)
    if folder is not None:
        await page.screenshot(path=f"{folder}/record-changed-{language}.png", full_page=True)
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.emulate_media(color_scheme="dark")
        await page.screenshot(path=f"{folder}/record-phone-{language}.png")
