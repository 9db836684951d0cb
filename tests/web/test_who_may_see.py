"""What an agent may not see does not exist: every address of the console, tried by everybody.

The addresses are read off the app itself. Each is asked twice, once with the id of something that
is kept from whoever asks, and once with an id of nothing at all; the answers are the same to the
letter, and the database is asked the same questions for both.
"""

import re
from typing import Final
from uuid import UUID, uuid4

import httpx
import pytest
from litestar import Litestar
from msgspec import Struct

from domain.access import Role
from domain.ids import TicketId
from domain.wallets import Wallet
from service.operations.house import House
from service.security.tokens import new_reference
from service.storage import load
from tests.desks import a_case, a_safety_ticket
from tests.web.desk_world import Viewer, World, a_world, at_a_browser, statements, two_wallets
from tests.web.every_press import (
    AT_THE_DOOR,
    BOARD_OF_AGENT,
    LISTS,
    PRESSES,
    Attacker,
    Known,
    address_of,
    routes_of,
)

pytestmark = pytest.mark.anyio
SEES: Final = {
    "level-1": Viewer(level=1),
    "level-4-at-night": Viewer(level=4),
    "officer": Viewer(level=3, role=Role.OFFICER),
    "auditor": Viewer(level=1, role=Role.AUDITOR),
    "supervisor-elsewhere": Viewer(level=4, serves="sur", trained=True),
    "owner-herself": Viewer(level=4, own=("olga-1@correo.example",), trained=True),
    "her-contact-audits": Viewer(level=1, role=Role.AUDITOR, own=("cleo@correo.example",)),
    "safety-alone": Viewer(level=4, trained=True, serves_losses=False),
}
NO_LOSS: Final = frozenset(
    {"supervisor-elsewhere", "owner-herself", "her-contact-audits", "safety-alone"}
)
# Serves the wallet, reads its record, and not what is in it of this ticket.
OWN_RECORD: Final = frozenset({"owner-herself", "her-contact-audits", "safety-alone"})
NO_SAFETY: Final = frozenset(SEES) - {"safety-alone"}
NO_MISTAKE: Final = frozenset(SEES) - {
    "level-4-at-night",
    "owner-herself",
    "safety-alone",
}
# Of nobody's ticket, but well made.
SOMEBODYS: Final = new_reference()
# Of Olga, her people and their addresses.
TRACES: Final = re.compile(r"Olga|Carl|Cleo|correo\.example")
# What leads on whatever the address names: to a page that is not there either, or to a word that
# closes nothing.
LEADS_ON: Final = re.compile(r"GET /console/safety/[^/]+/(skip|hand-over|notes|closing)$")
_PLAIN: Final = (
    (re.compile(r"nonce[-=]\"?[\w+/=-]+"), "nonce"),
    (re.compile(r"name=\"key\" value=\"[0-9a-f-]{36}\""), "key"),
    (re.compile(r"name=\"made_at\" value=\"[^\"]+\""), "made_at"),
    (re.compile(r"data-now=\"[\d.]+\""), "now"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), "clock"),
    (re.compile(r"since=\"[\d:,]*\""), "snapshot"),
)


class Answer(Struct, frozen=True):
    """All that a browser could tell two answers apart by, and what the database was asked."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: str
    asked: tuple[str, ...]


@pytest.fixture(params=sorted(SEES))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def which_of(path: str) -> str:
    """What an address is about."""
    return next((one for one in ("ticket_id", "mistake_id") if one in path), "")


async def asked_with(
    attacker: Attacker, method: str, path: str, known: Known, named: UUID
) -> Answer:
    # A code of the authenticator is made before it is counted what is asked.
    fields = await attacker.form(path, known) if method == "POST" else None
    with statements(attacker.app) as asked:
        answer = await attacker.send(method, address_of(path, known), fields)
    return plain(answer, tuple(asked), named)


def plain(answer: httpx.Response, asked: tuple[str, ...], named: UUID) -> Answer:
    """Without what differs between any two answers, and without the id that was typed."""

    def same(said: str) -> str:
        for what, word in _PLAIN:
            said = what.sub(word, said)
        return said.replace(str(named), "the id")

    kept = {"content-length", "date", "set-cookie"}
    headers = tuple((k, same(v)) for k, v in answer.headers.items() if k not in kept)
    return Answer(answer.status_code, headers, same(answer.text), asked)


def hidden_from(name: str, which: str, world: World) -> list[UUID]:
    """The ids of what this viewer is not to find."""
    if which == "mistake_id":
        return [world.known.mistake_id] if name in NO_MISTAKE else []
    if which != "ticket_id":
        return []
    loss = [world.known.ticket_id] if name in NO_LOSS else []
    return loss + ([world.safety_id] if name in NO_SAFETY else [])


def test_every_button_of_the_console_has_a_form_here(routes: Litestar) -> None:
    found = list(routes_of(routes))

    assert {path for method, path in found if method == "POST"} == set(PRESSES)
    assert {path for method, path in found if method == "GET" and "{" not in path} == {
        *LISTS,
        "/console/sign-in",
    }
    # Nothing is changed in any other way.
    assert {method for method, _ in found} == {"GET", "POST"}


async def test_without_a_session_every_address_leads_to_the_door(
    house: House, app: Litestar
) -> None:
    wallets = await two_wallets(house)
    world = await a_world(house, wallets["norte"])
    stranger = await at_a_browser(house, app, wallets["norte"], SEES["level-1"], signs_in=False)

    for method, path in routes_of(app):
        if path in AT_THE_DOOR or path == "/console/live":
            continue
        with statements(app) as asked:
            answer = await stranger.ask(method, path, world.known)
        door = answer.headers.get("location", "")
        assert (answer.status_code, door.startswith("/console/sign-in")) == (303, True), path
        # Nobody is looked up before it is known who asks.
        assert not asked, (method, path)
    live = await stranger.send("GET", "/console/live")
    assert live.text.startswith("event: ended")


async def test_what_is_kept_from_somebody_is_answered_like_what_is_not_there(
    house: House, app: Litestar, name: str
) -> None:
    wallets = await two_wallets(house)
    world = await a_world(house, wallets["norte"])
    attacker = await at_a_browser(house, app, wallets[SEES[name].serves], SEES[name])
    assert hidden_from(name, "ticket_id", world)

    for method, path in routes_of(app):
        # A form that names tickets has no other place for one.
        which = "ticket_id" if path == BOARD_OF_AGENT else which_of(path)
        hidden = hidden_from(name, which, world)
        if not hidden:
            continue
        nothing = uuid4()
        there = await asked_with(attacker, method, path, world.known.but(which, nothing), nothing)
        for one in hidden:
            here = await asked_with(attacker, method, path, world.known.but(which, one), one)
            for field in Answer.__struct_fields__:
                assert getattr(here, field) == getattr(there, field), (method, path)
        leads_on = LEADS_ON.match(f"{method} {address_of(path, world.known)}")
        if path == BOARD_OF_AGENT or leads_on:
            continue
        assert there.status == 404, (method, path)


async def test_no_list_and_no_search_says_that_there_is_more(
    house: House, app: Litestar, name: str
) -> None:
    """The same pages before and after something came about that is kept from whoever reads them."""
    wallets = await two_wallets(house)
    attacker = await at_a_browser(house, app, wallets[SEES[name].serves], SEES[name])
    case = None if name in NO_LOSS else await a_case(house, wallets["norte"])
    before = await lists(attacker, SOMEBODYS, uuid4())

    case = case or await a_case(house, wallets["norte"])
    hidden, reference = case.ticket_id, case.reference
    if name in NO_SAFETY:
        hidden = await a_safety_ticket(house, case)
        reference = await reference_of(house, case.wallet, hidden)
    after = await lists(attacker, reference, hidden)
    of_nothing = await lists(attacker, SOMEBODYS, uuid4())

    # Of the record of a wallet that they serve they see how long it is.
    grows = "record" if name in OWN_RECORD else None
    for what, now in after.items():
        assert now == of_nothing[what], what
        assert not TRACES.search(now), what
        if grows is None or grows not in what:
            assert now == before[what], what


async def lists(attacker: Attacker, reference: str, ticket_id: UUID) -> dict[str, str]:
    """Every page that shows several, and every way to look for one, without what was typed."""
    apart = {"/console/find", "/console/live", "/console/journal"}
    asked = {one: one for one in LISTS if one not in apart}
    asked |= {
        "the record": "/console/journal",
        "a reference": f"/console/find?reference={reference}",
        "a reference in the record": f"/console/journal?about={reference}",
        "an id in the record": f"/console/journal?about={ticket_id}",
        "an id on the board": f"/console/board?given={ticket_id}",
        "safety": "/console?view=safety",
        "closed": "/console?view=closed",
    }
    found: dict[str, str] = {}
    for what, address in asked.items():
        answer = await attacker.send("GET", address)
        told = plain(answer, (), ticket_id)
        found[what] = f"{told.status} {told.body}".replace(reference, "the reference")
    return found


async def reference_of(house: House, wallet: Wallet, ticket_id: TicketId) -> str:
    async with house.engine.connect() as db:
        return (await load.ticket(db, wallet.id, ticket_id)).reference
