"""The README's pictures of the agents' console: the queue, and a ticket whose proofs are there.

`make pictures` keeps them in docs/pictures; otherwise they are only taken, so that the command
still works when it is needed.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, ViewportSize, expect
from sqlalchemy import text

from domain.tickets import Stage
from service.operations import tickets
from tests import people as cast
from tests import proving
from tests.browser.test_console_looks import Served, browser, served, sign_in
from tests.desks import Case, a_case, an_agent, tickets_like

__all__ = ["browser", "served"]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(240)]
ROOT: Final = Path(__file__).parents[2]
AFTERNOON: Final = datetime(2026, 11, 21, 17, 2, 10, tzinfo=UTC)
SCREEN: Final[ViewportSize] = {"width": 1280, "height": 860}
LARGEST: Final = 250 * 1024


async def test_the_pictures_of_the_console(
    served: Served, browser: Browser, tmp_path: Path
) -> None:
    folder = ROOT / os.environ.get("PICTURES", tmp_path)
    await set_clock(served, AFTERNOON)
    astrid = await an_agent(served.house, served.wallet, "astrid", level=2)
    sofia = await cast.an_agent(served.house, served.wallet, "sofía", 4)
    case = await a_case(served.house, served.wallet, reach="+54 9 11 5555 0142")
    await tickets.reach_owner(served.house, case.ticket_id, by=sofia)
    await proving.proved(served.house, served.wallet, case.ticket_id, sofia)
    await others(served, case)
    context = await browser.new_context(
        locale="en", viewport=SCREEN, color_scheme="light", reduced_motion="reduce"
    )
    page = await context.new_page()
    await sign_in(page, served, astrid)
    for name, path in (("queue", "/console"), ("ticket", case.path)):
        await page.goto(f"{served.console}{path}")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0) }")
            picture = await page.screenshot(path=folder / f"console-{name}-{scheme}.png")
            assert len(picture) < LARGEST, (name, len(picture))
    await context.close()
    assert len(list(folder.glob("console-*.png"))) == 4


async def others(served: Served, case: Case) -> None:
    """What else waits: late, unconfirmed, in danger, reached, awaiting approval."""
    now = await cast.now(served.house)

    def opened(minutes: int) -> dict[str, object]:
        at = now - timedelta(minutes=minutes)
        return {
            "opened_at": at,
            "first_attempt_until": at + timedelta(minutes=15),
            "decision_until": at + timedelta(hours=4),
            "frozen_at": at,
            "owner_reached_at": None,
            "attempted_at": None,
            "proved_at": None,
            "stage": Stage.OPENED,
            "boost": 0,
        }

    await tickets_like(
        served.house,
        case,
        opened(19) | {"boost": 2, "level": 2},
        opened(7) | {"language": "pt-BR"},
        opened(2) | {"danger": True, "boost": 1},
        opened(95) | {"owner_reached_at": now - timedelta(minutes=80), "stage": "owner-reached"},
        opened(40) | {"attempted_at": now - timedelta(minutes=30), "language": "en"},
    )


async def set_clock(served: Served, instant: datetime) -> None:
    async with served.house.engine.begin() as db:
        await db.execute(
            text("UPDATE test_clock SET moved = :at - clock_timestamp()"), {"at": instant}
        )
