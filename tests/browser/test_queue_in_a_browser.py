"""The queue in a real browser: live, by keyboard, for everyone, on desk and phone."""

import asyncio
import os
from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace
from playwright.async_api import Browser, Page, expect
from sqlalchemy import update

from domain.wallets import Wallet
from service.operations import next_ticket, presence
from service.operations.house import House
from service.settings import Settings
from service.storage.tables import agents, browser_sessions
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests.browser.test_console_looks import (
    Served,
    arrives,
    browser,
    looks_right,
    objections_on,
    sign_in,
)
from tests.desks import Case, a_case, a_safety_ticket, an_agent, tickets_like
from tests.ports import free_port
from tests.served import environment_of, serving

__all__ = ["browser"]

pytestmark = pytest.mark.anyio
LIKE: dict[str, Any] = {}
# Where pictures go, for whoever wants to look.
PICTURES = os.environ.get("PICTURES")


class Desk(Struct, frozen=True):
    """A queue that Astrid looks at, and what her page must not complain of."""

    served: Served
    page: Page
    case: Case
    objections: list[str]

    @property
    def house(self) -> House:
        return self.served.house

    async def touch(self) -> None:
        """Somebody else does something on the ticket."""
        async with self.house.engine.begin() as db:
            one = ticket_rows.c.id == self.case.ticket_id
            await db.execute(update(ticket_rows).where(one).values(boost=ticket_rows.c.boost + 1))

    async def picture(self, name: str) -> None:
        if PICTURES:
            await self.page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.fixture
async def desk(house: House, settings: Settings, browser: Browser) -> AsyncGenerator[Desk]:
    port = free_port()
    origin, console = f"http://localhost:{port}", f"http://console.localhost:{port}"
    wallet: Wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=origin))
    with serving(environment_of(settings, port)):
        served = Served(house, wallet, console)
        astrid = await an_agent(house, wallet, "astrid", level=2)
        case = await a_case(house, wallet)
        page = await browser.new_page()
        objections = objections_on(page)
        await sign_in(page, served, astrid)
        await expect(page.locator(".fresh .state")).to_have_text("live")
        yield Desk(served, page, case, objections)
        assert objections == []


async def test_what_changes_is_said_and_rows_do_not_jump(desk: Desk) -> None:
    page = desk.page
    await desk.touch()
    await expect(page.locator(".news .change")).to_contain_text("1 changed")
    await expect(page.locator("tbody tr")).to_have_class("changed")
    await tickets_like(desk.house, desk.case, LIKE, LIKE)
    await expect(page.locator(".news .change")).to_contain_text("2 new · 1 changed")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await looks_right(page)
    await desk.picture("news")

    await page.locator(".news .change a").click()

    await expect(page.locator("tbody tr")).to_have_count(3)
    await expect(page.locator(".news .change")).to_be_hidden()


async def test_a_line_that_breaks_is_said_and_what_was_missed_is_caught_up_with(
    desk: Desk,
) -> None:
    page = desk.page
    await page.context.set_offline(True)
    await expect(page.locator(".news .line")).to_contain_text("No connection: this list is from")
    await expect(page.locator(".fresh .state")).to_be_empty()
    await looks_right(page)
    await desk.picture("lost")
    await tickets_like(desk.house, desk.case, LIKE)
    await desk.touch()

    await page.context.set_offline(False)

    await expect(page.locator(".news .line")).to_be_hidden()
    await expect(page.locator(".news .change")).to_contain_text("1 new · 1 changed")
    # The browser reports the refused requests of the time without a line; nothing else.


async def test_a_session_that_ends_ends_the_stream_and_leads_to_the_door(desk: Desk) -> None:
    page = desk.page
    async with desk.house.engine.begin() as db:
        await db.execute(update(browser_sessions).values(expires_at=await cast.now(desk.house)))

    await expect(page.locator(".news .line")).to_contain_text("Your session has ended")
    await page.get_by_role("link", name="Sign in again").click()
    await expect(page.locator("#login")).to_be_visible()


async def test_a_shift_by_keys_alone(desk: Desk) -> None:
    page = desk.page
    await tickets_like(desk.house, desk.case, LIKE, LIKE)
    await page.reload()
    links = page.locator(".queue .ref a")
    await page.keyboard.press("j")
    await expect(links.nth(0)).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(links.nth(2)).to_be_focused()
    await page.keyboard.press("k")
    await expect(links.nth(1)).to_be_focused()
    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await looks_right(page)
    await desk.picture("keys")
    await page.keyboard.press("Escape")
    # In a field keys are letters.
    await page.keyboard.press("/")
    await expect(page.locator("#reference")).to_be_focused()
    await page.keyboard.type("jka?")
    await expect(page.locator("#reference")).to_have_value("jka?")
    await page.locator("#reference").fill("")
    await page.get_by_role("link", name=desk.case.reference).focus()
    await page.keyboard.press("a")
    await arrives(page, f"{desk.served.console}{desk.case.path}?done=take")
    await page.keyboard.press("n")
    await expect(page.locator("#note")).to_be_focused()


async def test_the_keys_can_be_switched_off_and_stay_off(desk: Desk) -> None:
    page = desk.page
    await page.get_by_role("button", name="Keys").click()
    await page.locator("#keys-off").check()
    await page.get_by_role("button", name="Close").click()
    for _ in range(2):
        await page.keyboard.press("j")
        await page.keyboard.press("?")
        await expect(page.locator("#keys")).to_be_hidden()
        await expect(page.locator(".queue .ref a").first).not_to_be_focused()
        await page.reload()
    await page.get_by_role("button", name="Keys").click()
    await expect(page.locator("#keys-off")).to_be_checked()


async def test_who_else_looks_is_shown_on_the_ticket_and_in_the_queue(desk: Desk) -> None:
    house, page = desk.house, desk.page
    arne = await cast.an_agent(house, desk.served.wallet, "arne", 3)
    await presence.say(house, desk.case.ticket_id, arne)
    await page.goto(f"{desk.served.console}{desk.case.path}")
    await expect(page.locator("[data-others]")).to_have_text("Arne is looking at this ticket too")
    await desk.picture("ticket")
    assert (await presence.say(house, desk.case.ticket_id, arne)).others == ("Astrid",)

    await page.goto(f"{desk.served.console}/console")
    await expect(page.locator(".queue .looking")).to_have_text("looking: Arne")
    # The page she left says so, on its way out: nobody waits for that.
    async with asyncio.timeout(20):
        while True:
            if not (await presence.say(house, desk.case.ticket_id, arne)).others:
                break
            await asyncio.sleep(0.05)


async def test_who_looks_comes_and_goes_without_a_refresh_and_no_row_jumps(desk: Desk) -> None:
    house, page = desk.house, desk.page
    arne = await cast.an_agent(house, desk.served.wallet, "arne", 3)
    await tickets_like(house, desk.case, LIKE, {"kind": "safety"})
    await page.reload()
    await expect(page.locator(".fresh .state")).to_have_text("live")
    row = page.locator(f"[data-ticket='{desk.case.ticket_id}']")
    looking = row.locator(".looking")
    await expect(looking).to_be_empty()
    boxes = [await one.bounding_box() for one in await page.locator("tbody tr").all()]

    await presence.say(house, desk.case.ticket_id, arne)

    await expect(looking).to_have_text("looking: Arne")
    await desk.picture("looking")
    now = [await one.bounding_box() for one in await page.locator("tbody tr").all()]
    assert now == boxes
    assert len(now) == 2
    await expect(page.locator(".news .change")).to_be_hidden()
    # Without a line nobody hears who left; with it, the page is as things are.
    await page.context.set_offline(True)
    await expect(page.locator(".news .line")).to_be_visible()
    await presence.leave(house, desk.case.ticket_id, arne)
    await page.context.set_offline(False)
    await expect(looking).to_be_empty()
    # No heartbeat comes: nobody is there.
    await presence.say(house, desk.case.ticket_id, arne)
    await expect(looking).to_have_text("looking: Arne")
    await cast.move_clock(house, timedelta(seconds=45))
    await expect(looking).to_be_empty()
    await looks_right(page)


async def test_a_trained_agent_is_served_a_safety_ticket_and_may_pass_it_over(desk: Desk) -> None:
    house, page = desk.house, desk.page
    async with house.engine.begin() as db:
        await db.execute(update(agents).values(trained_for_safety=True))
    ticket_id = await a_safety_ticket(house, desk.case)
    await page.reload()
    await page.get_by_role("button", name="Next ticket").click()
    await expect(page).to_have_url(f"{desk.served.console}/console/safety/{ticket_id}")
    await page.get_by_text("Leave it to somebody else").click()
    await looks_right(page)
    await desk.picture("safety-served")
    await page.locator("#skip-reason").select_option("no-time")
    await page.get_by_role("button", name="Pass it over").click()
    await expect(page.locator(".note.good")).to_contain_text("Passed over")


async def test_a_full_queue_is_for_everyone(desk: Desk) -> None:
    house, page = desk.house, desk.page
    now = await cast.now(house)
    calm = {"attempted_at": now, "owner_reached_at": now}
    sofia = await cast.an_agent(house, desk.served.wallet, "sofia", 3)
    await tickets_like(
        house,
        desk.case,
        {"first_attempt_until": now - timedelta(minutes=3), "danger": True},
        {**calm, "decision_until": now + timedelta(hours=2), "language": "pt-BR", "level": 3},
        {**calm, "stage": "proposed", "proposed_at": now, "boost": 4},
        {**calm, "unconfirmed": True, "proof_requested_at": now, "assigned_to": sofia.agent.id},
        *[LIKE] * 60,
    )
    taken = await next_ticket.take(house, sofia)
    assert taken is not None
    for path in ("", "?view=closed", "?view=mine", "?view=next&language=pt-BR&level=3"):
        await page.goto(f"{desk.served.console}/console{path}")
        await looks_right(page)
        await desk.picture(f"queue{path.replace('?', '-').replace('&', '-').replace('=', '-')}")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto(f"{desk.served.console}/console")
    await desk.picture("queue-wide")
    await page.emulate_media(color_scheme="dark")
    await desk.picture("queue-dark")
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.emulate_media(color_scheme="light")
    await desk.picture("queue-phone")
