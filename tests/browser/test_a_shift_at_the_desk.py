"""A shift, lived by keyboard alone in real browsers: four agents, twenty tickets, a thief who talks
well, an owner abroad at night; and two more who serve two wallets, each in a language of their own.
"""

from datetime import timedelta
from typing import Final

import pytest
from msgspec import Struct
from msgspec.structs import replace
from playwright.async_api import Browser, expect
from sqlalchemy import func, select, update

from domain.access import Role
from domain.accounts import AccountState, AddressKind
from service.storage.tables import accounts
from service.storage.tables import tickets as ticket_rows
from tests import people as cast
from tests import proving
from tests.browser.at_the_keyboard import Desk, a_desk
from tests.browser.test_console_looks import (
    Served,
    arrives,
    browser,
    looks_right,
    served,
)
from tests.desks import Case, a_case, tickets_like

__all__ = ["browser", "served"]

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(900)]
# From "Next" to a proposal, beyond the proofs themselves.
MOST: Final = 6
MORE_TICKETS: Final = 18
PROVED: Final = "Thank you"
# The same company's brand in Brazil.
SUL: Final = replace(
    cast.NORTE,
    name="Carteira Sul",
    short_name="Sul",
    colour="#1f6b3a",
    languages=("pt-BR", "es"),
    time_zone="America/Sao_Paulo",
    country="BR",
)


class Shift(Struct):
    """Everybody at work, and what waits for them."""

    served: Served
    browser: Browser
    # Reported by contacts; the other tickets are there because a shift has many.
    olga: Case
    omar: Case
    # Of another wallet; its ticket is seen by those who serve both.
    vera: Case
    astrid: Desk
    arne: Desk
    sofia: Desk
    olaf: Desk
    # In Spanish and in Portuguese, for both wallets.
    luz: Desk
    rui: Desk

    async def state(self, case: Case) -> AccountState:
        account = await cast.the_account(self.served.house, case.wallet, case.account.id)
        return account.state

    async def owner_types(self, key: str, code: str) -> str:
        """At `/prove`, on a borrowed phone without scripts; answers the page's heading."""
        context = await self.browser.new_context(locale="en-US", java_script_enabled=False)
        phone = await context.new_page()
        await phone.goto(f"{self.served.wallet.origin}/prove")
        await phone.fill("#key", key)
        await phone.fill("#code", code)
        async with phone.expect_navigation():
            await phone.keyboard.press("Enter")
        heading = await phone.get_by_role("heading", level=1).inner_text()
        assert ("/prove/done" in phone.url) is (heading == PROVED), heading
        await context.close()
        return heading

    async def owner_proves(self, case: Case) -> None:
        """A counter of the wallet's, and the code in the owner's own mailbox."""
        house, page = self.served.house, self.astrid.page
        await self.astrid.presses(page.get_by_role("button", name="Send a code"))
        shown = await page.locator(".check-key").inner_text()
        typed = await proving.what_olga_types(house, case.wallet, case.ticket_id)
        assert shown == typed.key
        assert await self.owner_types(shown, typed.code) == PROVED
        await proving.reproved(house, case.wallet, case.ticket_id)
        await page.reload()

    async def proposes(self) -> None:
        """What is left when the proofs are there."""
        page = self.astrid.page
        await self.astrid.presses(self.astrid.button("I have looked at all of this"))
        await expect(page.get_by_text("The checklist is recorded.")).to_be_visible()
        await self.astrid.chooses(page.locator("#reason"), "The owner is safe", "owner-safe")
        await self.astrid.presses(self.astrid.button("Propose release"))
        await expect(page.get_by_text("Somebody else has to decide now")).to_be_visible()


@pytest.fixture
async def shift(served: Served, browser: Browser) -> Shift:
    house = served.house
    beside = served.wallet.origin.replace("//", "//sul.")
    sul = await cast.a_wallet(house, replace(SUL, origin=beside))
    vera = await a_case(house, sul, "vera-1")
    olga = await a_case(house, served.wallet)
    omar = await a_case(house, served.wallet, "omar-1")
    async with house.engine.begin() as db:
        abroad = accounts.c.id == omar.account.id
        await db.execute(update(accounts).where(abroad).values(time_zone="Asia/Tokyo"))
    later = await cast.now(house) + timedelta(hours=1)
    nothing_hurries = {"first_attempt_until": later, "decision_until": later + timedelta(hours=4)}
    await tickets_like(house, olga, *([nothing_hurries] * MORE_TICKETS))
    return Shift(
        served,
        browser,
        olga,
        omar,
        vera,
        astrid=await a_desk(served, browser, "astrid", 2),
        arne=await a_desk(served, browser, "arne", 3),
        sofia=await a_desk(served, browser, "sofia", 4),
        olaf=await a_desk(served, browser, "olaf", 1, role=Role.OFFICER),
        luz=await a_desk(served, browser, "luz", 2, language="es", also=(sul,)),
        rui=await a_desk(served, browser, "rui", 2, language="pt-BR", also=(sul,)),
    )


async def test_a_shift_by_keyboard_alone(shift: Shift) -> None:
    await a_ticket_is_served_and_the_others_see_it(shift)
    await two_wallets_are_served_in_two_more_languages(shift)
    await a_thief_talks_well(shift)
    await the_owner_proves_who_she_is(shift)
    await one_of_three_is_picked_and_approves(shift)
    await an_owner_abroad_is_waited_for(shift)
    await two_people_decide_at_night(shift)
    await the_supervisor_looks_at_the_day(shift)
    for desk in (shift.astrid, shift.arne, shift.sofia, shift.olaf, shift.luz, shift.rui):
        assert desk.objections == []


async def a_ticket_is_served_and_the_others_see_it(shift: Shift) -> None:
    astrid, arne = shift.astrid, shift.arne
    await expect(astrid.page.locator("tbody tr")).to_have_count(2 + MORE_TICKETS)
    await looks_right(astrid.page)
    await expect(arne.page.locator(".fresh .state")).to_have_text("live")
    await astrid.presses(astrid.button("Next ticket"))
    await arrives(astrid.page, f"{astrid.served.console}{shift.olga.path}")
    await expect(arne.page.locator(".news .change")).to_contain_text("1 changed")
    # Nobody is served what another has in hand.
    await arne.presses(arne.button("Next ticket"))
    await arrives(arne.page, f"{arne.served.console}{shift.omar.path}")
    await astrid.presses(astrid.button("I have reached the owner"))
    await expect(astrid.page.get_by_text("you have reached the owner")).to_be_visible()


async def two_wallets_are_served_in_two_more_languages(shift: Shift) -> None:
    """Whoever serves both wallets sees both in one queue; no other agent sees the second."""
    luz, rui, vera = shift.luz, shift.rui, shift.vera
    await expect(rui.page.locator("tbody tr")).to_have_count(3 + MORE_TICKETS)
    await expect(rui.page.locator("tbody tr", has_text=SUL.name)).to_have_count(1)
    await rui.reads_their_own_language()
    # The most urgent that nobody has in hand, whichever wallet's it is.
    await rui.presses(rui.button("Next ticket"))
    await arrives(rui.page, f"{rui.served.console}{vera.path}")
    await expect(rui.page.locator(".tags", has_text=SUL.name)).to_be_visible()
    await rui.reads_their_own_language()
    await luz.opens(vera)
    await luz.reads_their_own_language()
    await shift.astrid.searches(vera)
    await expect(shift.astrid.page.locator("#problem")).to_be_visible()
    await shift.astrid.opens(shift.olga)


async def a_thief_talks_well(shift: Shift) -> None:
    """The phone, its number and the mailbox's password are his. None of it is enough."""
    astrid, page = shift.astrid, shift.astrid.page
    before = astrid.acts
    # "Send it to my number": it is said why not, and there is nothing to press.
    number = page.locator(".evidence li", has_text="its SIM may be in the missing phone")
    await expect(number).to_have_count(1)
    assert await number.get_by_role("button").count() == 0
    # "Then change the form": the service does not take the page's word for it.
    phone = await proving.the_address(
        astrid.served.house, shift.olga.wallet, shift.olga.ticket_id, AddressKind.PHONE
    )
    await page.locator("form[action$='/owner-code'] [name=address]").evaluate(
        "(field, id) => { field.value = id }", str(phone.id)
    )
    await astrid.presses(page.get_by_role("button", name="Send a code"))
    await expect(page.locator("#problem")).to_contain_text("This was not done")
    await looks_right(page)
    # "The carrier has just given me a new SIM."
    await astrid.presses(page.get_by_text("Record a replaced line"))
    now = await cast.now(astrid.served.house)
    await page.fill("#replaced_at", now.strftime("%Y-%m-%dT%H:%M"))
    await astrid.goes_to(page.locator("#source"))
    await page.keyboard.type("Claro, =HYPERLINK(1)")
    await page.keyboard.press("Enter")
    await expect(page.locator("#problem")).to_contain_text("a day after the carrier replaced it")
    # "I will guess it, then."
    assert await shift.owner_types("K7QF3M2", "12345678") != PROVED
    # "Just press release."
    assert await astrid.button("Propose release").is_disabled()
    assert await shift.state(shift.olga) is AccountState.FROZEN
    astrid.acts = before


async def the_owner_proves_who_she_is(shift: Shift) -> None:
    astrid = shift.astrid
    before = astrid.acts
    await shift.owner_proves(shift.olga)
    await looks_right(astrid.page)
    astrid.acts = before
    await shift.proposes()
    assert astrid.acts <= MOST
    # It is hers, and not hers to approve.
    assert await astrid.button("Approve release").is_disabled()


async def one_of_three_is_picked_and_approves(shift: Shift) -> None:
    candidates = {"Arne": shift.arne, "Sofia": shift.sofia, "Olaf": shift.olaf}
    said = shift.astrid.page.get_by_text("was picked at")
    picked = (await said.first.inner_text()).split()[0]
    for name, desk in candidates.items():
        if name != picked:
            await desk.opens(shift.olga)
            await expect(desk.page.get_by_text(f"{picked} was picked at").first).to_be_visible()
            # They may still say no; there is nothing to say yes with.
            await desk.presses(desk.page.get_by_role("link", name="Read and decide"))
            await expect(desk.button("Reject the proposal")).to_be_visible()
            assert await desk.page.get_by_role("button", name="Approve").count() == 0
    await candidates[picked].approves(shift.olga, "Olga Ortiz")
    assert await shift.state(shift.olga) is AccountState.ACTIVE
    await looks_right(candidates[picked].page)


async def an_owner_abroad_is_waited_for(shift: Shift) -> None:
    """It is night where Omar is: the clocks stand still until he gives a sign."""
    astrid, page = shift.astrid, shift.astrid.page
    await astrid.opens(shift.omar)
    await expect(page.get_by_text("there it is")).to_be_visible()
    await astrid.presses(page.get_by_text("Wait for somebody"))
    await astrid.goes_to(page.locator("#pause-lasts"))
    await page.keyboard.type("8")
    await astrid.presses(astrid.button("Let the clocks stand still"))
    await expect(page.get_by_text("The clocks stand still until")).to_be_visible()
    await looks_right(page)
    await page.wait_for_load_state()
    await page.keyboard.press("n")
    await expect(page.locator("#note")).to_be_focused()
    await page.keyboard.type("He calls from the consulate in the morning.")
    # Six hours later her session has ended, and her note is still on the screen.
    await cast.move_clock(astrid.served.house, timedelta(hours=6))
    await astrid.presses(astrid.button("Keep the note"))
    await expect(page.locator("#login")).to_be_visible()


async def two_people_decide_at_night(shift: Shift) -> None:
    """Astrid, and the officer on call: too few to choose from, and enough."""
    astrid, page = shift.astrid, shift.astrid.page
    await astrid.signs_in_again()
    await expect(page.get_by_role("heading", level=1)).to_have_text("You were about to send this")
    await looks_right(page)
    await astrid.presses(astrid.button("Send it now"))
    note = "He calls from the consulate in the morning."
    await expect(page.locator(".timeline").get_by_text(note)).to_be_visible()
    await shift.owner_proves(shift.omar)
    # A sign from him: nobody waits any more, and what is left of the time counts on.
    await expect(page.get_by_text("The clocks stand still until")).to_be_hidden()
    await astrid.presses(astrid.button("I have reached the owner"))
    await shift.proposes()
    await expect(page.get_by_text("too few are on shift").first).to_be_visible()
    await shift.olaf.comes()
    await shift.olaf.approves(shift.omar, "Olga Ortiz")
    assert await shift.state(shift.omar) is AccountState.ACTIVE


async def the_supervisor_looks_at_the_day(shift: Shift) -> None:
    sofia = shift.sofia
    await sofia.comes()
    await expect(sofia.page.locator("tbody tr")).to_have_count(MORE_TICKETS)
    await sofia.presses(sofia.page.get_by_role("link", name="Board"))
    await expect(sofia.page.get_by_role("heading", level=1)).to_have_text("Board")
    await looks_right(sofia.page)
    async with sofia.served.house.engine.connect() as db:
        left = (
            select(func.count()).select_from(ticket_rows).where(ticket_rows.c.closed_at.is_(None))
        )
        # And the other wallet's, which she does not see.
        assert await db.scalar(left) == MORE_TICKETS + 1
