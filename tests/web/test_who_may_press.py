"""Who may press what: every button of the console, tried by everybody who sees the ticket.

A button that is not somebody's changes nothing at all: every table is looked at before and after.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid4

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.access import Role
from service.operations.house import House
from service.storage import load
from tests import deciding
from tests import people as cast
from tests.desks import Case, a_case
from tests.web.desk_world import (
    AGENT_COOKIE,
    MAY_EVERYTHING,
    SAFETY_PATHS,
    SUR,
    Viewer,
    World,
    a_world,
    at_a_browser,
    drawn,
    everything,
    found_false,
    known_for,
)
from tests.web.every_press import (
    AT_THE_DOOR,
    BOARD_OF_AGENT,
    BOARD_OF_TICKET,
    PRESSES,
    address_of,
    routes_of,
)

pytestmark = pytest.mark.anyio
_TICKET: Final = "/console/tickets/{ticket_id:uuid}"
_MISTAKES: Final = "/console/client-mistakes"
APPROVALS: Final = frozenset(
    {
        f"{_TICKET}/approval",
        f"{_TICKET}/rejection",
        f"{_TICKET}/reports/{{report_id:uuid}}/verdict/approval",
        f"{_TICKET}/reports/{{report_id:uuid}}/verdict/rejection",
        f"{_TICKET}/contacts/{{contact_id:uuid}}/reinstatement/approval",
        f"{_TICKET}/contacts/{{contact_id:uuid}}/reinstatement/rejection",
    }
)
OF_LEVEL_2: Final = frozenset(
    {
        f"{_TICKET}/proposal",
        f"{_TICKET}/keeping",
        f"{_TICKET}/closing",
        f"{_TICKET}/reports/{{report_id:uuid}}/outcome",
        f"{_TICKET}/contacts/{{contact_id:uuid}}/reinstatement",
    }
)
OF_LEVEL_3: Final = APPROVALS | {f"{_TICKET}/release-review"}
OF_LEVEL_4: Final = frozenset({f"{_TICKET}/keeping-review", BOARD_OF_TICKET, BOARD_OF_AGENT})
# About whoever presses them, and nobody else. Who looks at a ticket changes nothing on it.
ONES_OWN: Final = frozenset(
    {one for one in PRESSES if one.startswith("/console/me") or "passkey-question" in one}
    | {"/console/sign-out", f"{_TICKET}/presence"}
)
ROLES: Final = {
    "level-1": Viewer(level=1),
    "level-2": Viewer(level=2),
    "level-3": Viewer(level=3),
    "level-4": Viewer(level=4),
    # Whose level counts for nothing.
    "officer": Viewer(level=4, role=Role.OFFICER, trained=True),
    "auditor": Viewer(level=4, role=Role.AUDITOR, trained=True),
    "trained": MAY_EVERYTHING,
}
# What an address names beside its ticket, and what a form does.
BESIDE: Final = ("contact_id", "report_id", "device_id", "address_id")
IN_A_FORM: Final = {
    f"{_TICKET}/owner-code": "address_id",
    f"{_TICKET}/proofs": "address_id",
    f"{_TICKET}/approval": "proposal_id",
    f"{_TICKET}/rejection": "proposal_id",
    f"{_TICKET}/release-review": "review_id",
}
TURNED_AWAY: Final = frozenset({403, 404})
# That nothing rings, or that the owner is not known yet, is said before it is asked who asks.
NOTHING_TO_DO: Final = frozenset(
    {f"{_TICKET}/ring", f"{_TICKET}/contacts/{{contact_id:uuid}}/removal"}
)


def may_press(viewer: Viewer, path: str) -> bool:
    """As the map of the domain says it (`domain/README.md`, "Ticket")."""
    if path in ONES_OWN:
        return True
    if viewer.role is Role.OFFICER:
        return path in APPROVALS
    if viewer.role is Role.AUDITOR:
        return False
    if path.startswith(SAFETY_PATHS):
        return viewer.trained
    if path.startswith(_MISTAKES) or path in OF_LEVEL_4:
        return viewer.level >= 4
    least = 3 if path in OF_LEVEL_3 else 2 if path in OF_LEVEL_2 else 1
    return viewer.level >= least


@pytest.fixture(params=sorted(ROLES))
def role(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world(house: House) -> World:
    return await found_false(house, await a_world(house, await cast.a_wallet(house)))


async def test_everybody_does_what_is_theirs_to_do_and_nothing_else(
    house: House, app: Litestar, world: World, role: str
) -> None:
    """Whoever may is turned away neither because of who they are, nor because the form is not
    whole, nor because there is nothing it could be about: the others' refusals come from that."""
    viewer = ROLES[role]
    attacker = await at_a_browser(house, app, world.case.wallet, viewer)
    buttons = [one for method, one in routes_of(app) if method == "POST"]
    before = await everything(house)
    got_further: list[str] = []

    for path in buttons:
        if path in AT_THE_DOOR or may_press(viewer, path):
            continue
        answer = await attacker.ask("POST", path, known_for(path, world))
        turned_away = {*TURNED_AWAY, 409} if path in NOTHING_TO_DO else TURNED_AWAY
        # "Next" leads to the queue, which says why.
        led_away = answer.headers.get("location", "") == "/console?no=level-too-low"
        if not led_away and answer.status_code not in turned_away:
            got_further.append(f"{path} {answer.status_code}")
    assert got_further == []
    assert await everything(house) == before

    came_to_nothing: list[str] = []
    for path in buttons:
        if path in AT_THE_DOOR | ONES_OWN or not may_press(viewer, path):
            continue
        answer = await attacker.ask("POST", path, known_for(path, world))
        if answer.status_code in {*TURNED_AWAY, 422}:
            came_to_nothing.append(f"{path} {answer.status_code}")
    assert came_to_nothing == []


async def test_a_form_that_is_not_ours_changes_nothing(
    house: House, app: Litestar, world: World
) -> None:
    """The whole session of an agent who may do everything, used from another site."""
    sofia = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)
    before = await everything(house)
    elsewhere = {"Origin": SUR.origin}

    for method, path in routes_of(app):
        if method == "GET":
            continue
        known = known_for(path, world)
        whole = await sofia.form(path, known)
        bare = await sofia.without_token(path, known)
        address = address_of(path, known)
        for fields, headers in (
            (bare, {"Origin": sofia.browser.origin}),
            (whole | {"csrf_token": "0" * 64}, {"Origin": sofia.browser.origin}),
            (whole, elsewhere),
            (whole, {"Origin": "null"}),
            (whole, {}),
        ):
            answer = await sofia.browser.request("POST", address, fields=fields, headers=headers)
            # Where a form holds nothing besides, without its token it is no form.
            said = {403} if fields else {400, 403}
            assert answer.status_code in said, (path, headers)
        # As JSON no form comes along, whatever the session.
        said = await sofia.browser.request(
            "POST", address, content=b"{}", headers={"Content-Type": "application/json"}
        )
        assert said.status_code in {400, 403, 415}, (path, said.status_code)
    assert await everything(house) == before
    assert AGENT_COOKIE in sofia.browser.cookies


async def test_what_is_of_another_ticket_is_not_there_on_this_one(
    house: House, app: Litestar, world: World
) -> None:
    """Ids of another owner's people, devices, addresses and decisions, beside a ticket that is
    there: as if somebody had made them up. No page shows them, and no button takes them."""
    sofia = await at_a_browser(house, app, world.case.wallet, MAY_EVERYTHING)
    another = await known_of(house, await a_case(house, world.case.wallet, "olga-3"))
    before = await everything(house)

    for method, path in routes_of(app):
        beside = [one for one in BESIDE if one in path]
        if not beside:
            continue
        here = known_for(path, world)
        answers = [
            await sofia.ask(method, path, replace(here, **{one: ids[one] for one in beside}))
            for ids in (another, {one: uuid4() for one in beside})
        ]
        # Some say first that it is too early for anything of the kind.
        codes = {one.status_code for one in answers}
        assert codes in ({404}, {409}), (path, codes)
    for path, beside in IN_A_FORM.items():
        here = replace(known_for(path, world), **{beside: another[beside]})
        assert (await sofia.ask("POST", path, here)).status_code in {404, 409}, path
    assert await everything(house) == before


async def known_of(house: House, case: Case) -> Mapping[str, UUID]:
    """What may stand beside a ticket, of this one."""
    async with house.engine.connect() as db:
        wallet_id = case.wallet.id
        (report,) = await load.reports_of(db, wallet_id, case.ticket_id)
        devices = await load.devices_of(db, wallet_id, case.account.id)
        addresses = await load.addresses_of(db, wallet_id, case.account.id)
    petra = await cast.an_agent(house, case.wallet, "petra-2", 2)
    proposal = await deciding.keeping_proposed(house, case.wallet, case.ticket_id, petra)
    review = await drawn(house, case, (petra.agent.id,))
    return {
        "contact_id": report.contact_id,
        "report_id": report.id,
        "device_id": devices[0].id,
        "address_id": addresses[0].id,
        "proposal_id": proposal.id,
        "review_id": review.id,
    }
