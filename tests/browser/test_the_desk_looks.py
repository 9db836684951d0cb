"""Working on a ticket in a real browser: readable for everyone, in three languages, by day and
night, on desk and phone."""

import os
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from domain.ids import ContactId
from domain.tickets import BoostReason, ContactReply, OwnerReply, TriedWay
from service.operations import boosting, desk, desk_messages, handing_over, notes, unconfirmed
from service.operations.agents import SignedIn
from service.operations.house import House
from tests import people as cast
from tests.browser.test_console_looks import (
    DESK,
    PHONE,
    Served,
    browser,
    looks_right,
    objections_on,
    served,
    sign_in,
)
from tests.desks import Case, a_case, an_agent

__all__ = ["browser", "served"]

pytestmark = pytest.mark.anyio
SCRIPT: Final = '<script>alert("hi")</script> =HYPERLINK("http://evil.example")'
# Where pictures are kept to be looked at; none are taken without it.
PICTURES: Final = os.environ.get("DESK_PICTURES")


@pytest.mark.parametrize("language", ["es", "pt-BR", "en"])
async def test_a_ticket_at_work_is_for_everyone(
    served: Served, browser: Browser, language: str
) -> None:
    house = served.house
    case = await a_case(house, served.wallet, note=SCRIPT, reach="+54 9 11 5555 0142")
    sofia = await cast.an_agent(house, served.wallet, "sofia", 4)
    await _worked_on(house, case, sofia)
    astrid = await an_agent(house, served.wallet, "astrid", level=2, language=language)
    page = await browser.new_page(locale=language)
    objections = objections_on(page)
    await sign_in(page, served, astrid)

    await page.goto(f"{served.console}{case.path}")
    await _pictured(page, f"ticket-{language}")
    await looks_right(page)
    await page.locator(".desk summary").first.click()
    await expect(page.locator("#to")).to_be_focused()
    await looks_right(page)
    await _pictured(page, f"handing-over-{language}")
    await page.goto(f"{served.console}{case.path}/messages?to=owner")
    await looks_right(page)
    await _pictured(page, f"writing-{language}")
    await page.goto(f"{served.console}{case.path}")
    await _boosted_meanwhile(house, case, sofia)
    await page.locator("#assign button").click()
    await expect(page.locator("#problem")).to_be_focused()
    await looks_right(page)
    await _pictured(page, f"meanwhile-{language}")
    assert objections == []


async def _worked_on(house: House, case: Case, sofia: SignedIn) -> None:
    ticket = case.ticket_id
    await notes.add(house, ticket, f"Called twice.\n{SCRIPT}", key="one", by=sofia)
    await unconfirmed.note_attempt(house, ticket, way=TriedWay.OTHER_NUMBER, by=sofia)
    await desk_messages.write(
        house,
        ticket,
        None,
        OwnerReply.TRYING_TO_REACH,
        own_line="Llamamos dos veces esta tarde.",
        key="two",
        by=sofia,
    )
    seen = await desk.see_ticket(house, ticket, sofia)
    (carl,) = [one.contact_id for one in seen.work.people if one.reported]
    await desk_messages.write(
        house, ticket, ContactId(carl), ContactReply.PLEASE_CALL, key="three", by=sofia
    )
    version = (await desk.see_ticket(house, ticket, sofia)).ticket.row_version
    await handing_over.take(house, ticket, by=sofia, seen=version)


async def _boosted_meanwhile(house: House, case: Case, sofia: SignedIn) -> None:
    version = (await desk.see_ticket(house, case.ticket_id, sofia)).ticket.row_version
    await boosting.boost(house, case.ticket_id, BoostReason.ATTACK_GOES_ON, by=sofia, seen=version)


async def _pictured(page: Page, name: str) -> None:
    if PICTURES is None:
        return
    for width, height in (DESK, PHONE):
        await page.set_viewport_size({"width": width, "height": height})
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            at = Path(PICTURES) / f"{name}-{width}-{scheme}.png"
            await page.screenshot(path=at, full_page=True)
    await page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
