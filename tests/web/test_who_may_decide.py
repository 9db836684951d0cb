"""Who decides at the desk: nobody by a browser that was left open, nobody who lately could not yet,
and nobody who may no longer."""

from typing import Final

import pytest
from litestar import Litestar

from domain.access import Role
from service.operations import agents_by_hand
from service.operations.agents_by_hand import Changes
from service.operations.house import House
from tests import people as cast
from tests.web.desk_world import (
    MAY_EVERYTHING,
    World,
    a_world,
    at_a_browser,
    everything,
    found_false,
    known_for,
)
from tests.web.every_press import AT_THE_DOOR, PRESSES, PROVED_AGAIN, address_of, routes_of

pytestmark = pytest.mark.anyio
_TICKET: Final = "/console/tickets/{ticket_id:uuid}"
TURNED_AWAY: Final = frozenset({403, 404})


@pytest.fixture
async def world(house: House) -> World:
    return await found_false(house, await a_world(house, await cast.a_wallet(house)))


async def test_a_browser_left_open_approves_nothing(
    house: House, app: Litestar, world: World
) -> None:
    """Whoever sits down at it knows neither password nor code."""
    sofia = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)
    before = await everything(house)

    assert {path for path, form in PRESSES.items() if "{code}" in form.values()} == {
        *PROVED_AGAIN,
        "/console/me/proof",
    }
    for path in sorted(PROVED_AGAIN):
        whole = await sofia.form(path, world.known)
        for wrong in (
            {"password": "", "code": ""},
            {"password": cast.PASSWORD, "code": "000000"},
            {"password": "another long passphrase", "code": whole["code"]},
            {"password": "", "code": "", "passkey": "{}"},
        ):
            answer = await sofia.send("POST", address_of(path, world.known), whole | wrong)
            assert answer.status_code in {401, 403, 422, 429}, (path, answer.status_code)
            assert await everything(house) == before, path
    for path in (
        "/console/me/passkey-question",
        "/console/me/passkeys",
        "/console/me/recovery-codes",
        "/console/me/passkeys/{passkey_id:uuid}/end",
    ):
        answer = await sofia.ask("POST", path, world.known)
        assert answer.status_code == 401, (path, answer.status_code)
    assert await everything(house) == before


async def test_what_was_shown_to_decide_opens_nothing_else(
    house: House, app: Litestar, world: World
) -> None:
    """Whoever finds the browser after an approval makes no key of their own, to approve by it."""
    sofia = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)

    approved = await sofia.ask("POST", f"{_TICKET}/approval", world.known)
    again = await sofia.ask(
        "POST", "/console/client-mistakes/{mistake_id:uuid}/approval", world.known
    )
    assert (approved.status_code, again.status_code) == (303, 303)
    for path in ("/console/me/passkey-question", "/console/me/recovery-codes"):
        assert (await sofia.ask("POST", path, world.known)).status_code == 401, path

    assert (await sofia.ask("POST", "/console/me/proof", world.known)).status_code == 303
    for path in ("/console/me/passkey-question", "/console/me/recovery-codes"):
        assert (await sofia.ask("POST", path, world.known)).status_code == 200, path


async def test_what_somebody_may_no_longer_do_ends_with_the_next_press(
    house: House, app: Litestar, world: World
) -> None:
    """Their page is open, and their session lives."""
    arne = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)
    before = await everything(house)
    buttons = [one for method, one in routes_of(app) if method == "POST"]

    await agents_by_hand.change(house, "mallory", Changes(role=Role.AUDITOR))
    for path in sorted(PROVED_AGAIN | {f"{_TICKET}/notes", f"{_TICKET}/rejection"}):
        answer = await arne.ask("POST", path, world.known)
        assert answer.status_code in TURNED_AWAY, path
    await agents_by_hand.end(house, "mallory")
    for path in buttons:
        if path in AT_THE_DOOR:
            continue
        answer = await arne.ask("POST", path, known_for(path, world))
        # A form that somebody typed into is kept for whoever signs in again: nobody can.
        assert answer.headers.get("location", "").startswith("/console/sign-in"), path
    after = await everything(house)
    told = {"journal", "outbox", "agent_codes", "agent_passkeys"}
    assert {one for one in after if after[one] != before[one]} <= told


async def test_whoever_is_new_approves_nothing_for_a_day(
    house: House, app: Litestar, world: World
) -> None:
    """Made, reset, raised or let in by a recovery code: the rule is one, and here it is pressed."""
    nora = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)
    await agents_by_hand.change(house, "mallory", Changes(level=2))
    await agents_by_hand.change(house, "mallory", Changes(level=4))
    before = await everything(house)

    for path in sorted(PROVED_AGAIN):
        refused = await nora.ask("POST", path, world.known)
        assert refused.status_code == 403, path
        assert "less than 24 hours ago" in refused.text, path
    assert await everything(house) == before
