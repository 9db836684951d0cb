"""The README's pictures of the owner's pages: taken from the real service in a real browser.

`make pictures` keeps them in docs/pictures; otherwise they are only taken, so that the command
still works when it is needed.
"""

import os
import re
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, ViewportSize
from sqlalchemy import text

from domain.accounts import AddressKind
from service.operations import people, removals
from service.operations.people import NewContact
from service.storage.values import BrowserSession
from tests import people as cast
from tests.browser.street import Served, served, street
from tests.browser.tabs import browser

__all__ = ["browser", "served", "street"]

pytestmark = pytest.mark.anyio
ROOT: Final = Path(__file__).parents[2]
# One afternoon in Buenos Aires, so that the same words stand on every picture made anew.
AFTERNOON: Final = datetime(2026, 11, 21, 17, 2, 10, tzinfo=UTC)
PHONE: Final[ViewportSize] = {"width": 360, "height": 780}
SCALE: Final = 1.25
LARGEST: Final = 100 * 1024


@pytest.mark.timeout(240)
async def test_the_pictures_of_the_owners_pages(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    # Relative to the project, wherever the command is called from.
    folder = ROOT / os.environ.get("PICTURES", tmp_path)
    await her_people(served)
    for scheme in ("light", "dark"):
        context = await browser.new_context(
            locale="en",
            viewport=PHONE,
            device_scale_factor=SCALE,
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        page = await context.new_page()
        await page.goto(await served.page_link())
        await page.get_by_role("heading", name="My trusted people").wait_for()
        await taken(page, folder, scheme)
        await context.close()
    assert len(list(folder.glob("owner-*.png"))) == 8


async def taken(page: Page, folder: Path, scheme: str) -> None:
    """Every page as an owner meets it, from the list on."""

    async def keep(name: str) -> None:
        # The port of the day is no part of the picture, and nothing on it has the focus.
        await page.evaluate(
            """() => {
                document.activeElement.blur();
                document.querySelector(".domain span").textContent = "localhost:8000";
                scrollTo(0, 0);
            }"""
        )
        picture = await page.screenshot(path=folder / f"owner-{name}-{scheme}.png")
        width, height = struct.unpack(">II", picture[16:24])
        assert (width, height) == (PHONE["width"] * SCALE, PHONE["height"] * SCALE)
        assert len(picture) < LARGEST, (name, len(picture))

    await keep("people")
    await page.get_by_role("link", name=re.compile("Remove ?: Bruno")).click()
    await keep("remove")
    await page.get_by_role("link", name="Back", exact=True).click()
    await page.get_by_role("link", name="What happened").click()
    await keep("history")
    await page.get_by_role("link", name="Back", exact=True).click()
    await page.get_by_role("link", name="I do not feel safe").click()
    await keep("help")


async def her_people(served: Served) -> None:
    """Bruno and Cleo can report, Cleo is leaving, Dora has not answered for three days."""
    await set_clock(served, AFTERNOON - timedelta(days=4))
    owner = await at_her_pages(served)
    for name in ("Bruno", "Cleo"):
        await cast.a_contact(served.house, served.wallet, owner, name)
    await set_clock(served, AFTERNOON - timedelta(days=2, hours=20))
    owner = await at_her_pages(served)
    dora = NewContact(name="Dora", kind=AddressKind.PHONE, address="011 15-2345-6701")
    await people.invite(served.house, served.wallet, owner, dora, key="dora")
    await set_clock(served, AFTERNOON - timedelta(hours=3))
    owner = await at_her_pages(served)
    seen = await people.see_people(served.house, served.wallet, owner)
    cleo = next(one for one in seen.people if one.name == "Cleo")
    await removals.remove(served.house, served.wallet, owner, cleo.contact_id)
    await set_clock(served, AFTERNOON)


async def set_clock(served: Served, instant: datetime) -> None:
    async with served.house.engine.begin() as db:
        await db.execute(
            text("UPDATE test_clock SET moved = :at - clock_timestamp()"), {"at": instant}
        )


async def at_her_pages(served: Served) -> BrowserSession:
    token = f"on her phone at {await cast.now(served.house)}"
    session = await cast.a_session(served.house, served.wallet, token)
    return await cast.at_her_pages(served.house, served.wallet, session)
