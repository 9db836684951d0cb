"""A desk with something of everything on it, and whoever should not see or touch some of that."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import event, text, update

from domain.access import Role
from domain.ids import AgentId, ReleaseReviewId, TicketId
from domain.tickets import ReleaseReview
from domain.wallets import Wallet
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import clock, put
from service.storage.tables import agents as agents_table
from service.storage.tables import loss_reports, metadata, notifications_metadata
from tests import deciding
from tests import people as cast
from tests.browsers import Browser
from tests.desks import Case, a_case, a_safety_ticket, an_agent
from tests.houses import CONSOLE
from tests.web.every_press import Attacker, Known

SAFETY_PATHS: Final = "/console/safety/"
AGENT_COOKIE: Final = "__Host-agent"
SUR: Final = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur", short_name="Sur")


class Viewer(Struct, frozen=True, kw_only=True):
    """Somebody who may sign in to the console, and is not supposed to see everything."""

    level: int
    role: Role = Role.AGENT
    serves: str = "norte"
    own: tuple[str, ...] = ()
    trained: bool = False
    serves_losses: bool = True


# Of all that is done in the console there is nothing that is not theirs.
MAY_EVERYTHING: Final = Viewer(level=4, trained=True)
# Rows that say who is there and who tried, and nothing of any ticket.
_OF_THE_DOOR: Final = frozenset({"browser_sessions", "limits", "agents", "passkey_challenges"})


class World(Struct, frozen=True, kw_only=True):
    """Olga's ticket with a proposal that waits, her safety ticket, and one client's mistake."""

    case: Case
    known: Known
    safety_id: TicketId
    petra: SignedIn


async def two_wallets(house: House) -> dict[str, Wallet]:
    return {"norte": await cast.a_wallet(house), "sur": await cast.a_wallet(house, SUR)}


async def at_a_browser(
    house: House,
    app: Litestar,
    wallet: Wallet,
    viewer: Viewer,
    login: str = "mallory",
    *,
    signs_in: bool = True,
) -> Attacker:
    """Signed in as such an agent, who may approve since yesterday if the level is high enough."""
    found = await an_agent(
        house, wallet, login, level=viewer.level, role=viewer.role, own=viewer.own
    )
    async with house.engine.begin() as db:
        this = update(agents_table).where(agents_table.c.login == login)
        await db.execute(
            this.values(trained_for_safety=viewer.trained, serves_losses=viewer.serves_losses)
        )
    attacker = Attacker(
        app=app, house=house, browser=Browser(app, CONSOLE, language="en"), authenticator=found
    )
    door = await attacker.browser.open("/console/sign-in")
    if signs_in:
        await door.press(
            "/console/sign-in", login=login, password=cast.PASSWORD, code=await found.new_code()
        )
        assert AGENT_COOKIE in attacker.browser.cookies
    return attacker


async def who_is_at(attacker: Attacker) -> SignedIn:
    return await agents.signed_in(attacker.house, attacker.browser.cookies[AGENT_COOKIE])


async def a_world(house: House, wallet: Wallet) -> World:
    case = await a_case(house, wallet)
    petra = await cast.an_agent(house, wallet, "petra", 2)
    sonia = await cast.an_agent(house, wallet, "sonia", 4)
    caller = await deciding.a_caller(house, wallet)
    await deciding.frozen_by(house, wallet, caller, "olga-2")
    mistake_id = await deciding.mistake_proposed(house, caller, sonia)
    proposal = await deciding.keeping_proposed(house, wallet, case.ticket_id, petra)
    review = await drawn(house, case, (petra.agent.id,))
    async with house.engine.connect() as db:
        (report,) = await load.reports_of(db, wallet.id, case.ticket_id)
        devices = await load.devices_of(db, wallet.id, case.account.id)
        addresses = await load.addresses_of(db, wallet.id, case.account.id)
        ticket = await load.ticket(db, wallet.id, case.ticket_id)
    known = Known(
        ticket_id=case.ticket_id,
        contact_id=report.contact_id,
        report_id=report.id,
        device_id=devices[0].id,
        address_id=addresses[0].id,
        review_id=review.id,
        proposal_id=proposal.id,
        mistake_id=mistake_id,
        client_id=caller.client_id,
        agent_id=petra.agent.id,
        seen=ticket.row_version,
    )
    safety_id = await a_safety_ticket(house, case)
    return World(case=case, known=known, safety_id=safety_id, petra=petra)


async def found_false(house: House, world: World) -> World:
    """What was reported was found false, so whoever reported it may be taken back."""
    theirs = update(loss_reports).where(loss_reports.c.id == world.known.report_id)
    async with house.engine.begin() as db:
        now = await clock(db)
        await db.execute(theirs.values(status="decided", outcome="false", decided_at=now))
    return world


@contextmanager
def statements(app: Litestar) -> Generator[list[str]]:
    """What is asked of the database meanwhile: how long an answer takes, counted in questions.

    Without that a use keeps its session alive, which is written once a minute, and without which
    wallets there are, which is read anew every few seconds.
    """
    asked: list[str] = []
    engine = app.state.house.engine.sync_engine

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        of_the_house = statement.startswith("UPDATE browser_sessions")
        if not of_the_house and not statement.rstrip().endswith("FROM wallets"):
            asked.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def drawn(house: House, case: Case, involved: Sequence[AgentId]) -> ReleaseReview:
    """As if the ticket's release had been drawn to be looked at again."""
    review = ReleaseReview(
        id=ReleaseReviewId(new_id()),
        wallet_id=case.wallet.id,
        account_id=case.account.id,
        ticket_id=case.ticket_id,
        involved=tuple(involved),
        drawn_at=await cast.now(house),
    )
    async with house.engine.begin() as db:
        return await put(db, None, review)


async def everything(house: House) -> Mapping[str, str]:
    """What stands in every table, but for the door's own."""
    names = {*metadata.tables, *notifications_metadata.tables} - _OF_THE_DOOR
    # Signing in again is recorded, whatever comes of what it was for.
    every = " UNION ALL ".join(
        f"SELECT '{one}', md5(string_agg(t::text, ',' ORDER BY t::text)) FROM {one} t "  # noqa: S608  # our own tables' names
        "WHERE t::text NOT LIKE '%agent-signed-in%'"
        for one in sorted(names)
    )
    async with house.engine.connect() as db:
        return {str(row[0]): str(row[1]) for row in await db.execute(text(every))}


def known_for(path: str, world: World) -> Known:
    """Safety's buttons are pressed on the safety ticket."""
    return (
        world.known.but("ticket_id", world.safety_id)
        if path.startswith(SAFETY_PATHS)
        else world.known
    )
