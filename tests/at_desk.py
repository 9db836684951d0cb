"""Agents with browsers of their own, at the real console."""

from collections.abc import Generator
from contextlib import contextmanager

import pytest
from litestar import Litestar
from msgspec import Struct
from sqlalchemy import event

from domain.accounts import AccountState
from domain.tickets import Stage
from domain.wallets import Wallet
from service.operations import agents, desk
from service.operations.agents import SignedIn
from service.operations.house import House
from tests import people as cast
from tests.browsers import Browser, Page
from tests.desks import Authenticator, Case, a_case, an_agent
from tests.houses import CONSOLE

AGENT_COOKIE = "__Host-agent"


class AtDesk(Struct, frozen=True, kw_only=True):
    """An agent with a browser of their own, and the authenticator in their pocket."""

    browser: Browser
    authenticator: Authenticator

    async def new_code(self) -> str:
        return await self.authenticator.new_code()

    async def sign_in(self, page: Page | None = None) -> Page:
        door = page or await self.browser.open("/console/sign-in")
        return await door.press(
            "/console/sign-in",
            login=self.authenticator.login,
            password=cast.PASSWORD,
            code=await self.new_code(),
        )

    async def signed_in(self) -> SignedIn:
        cookie = self.browser.cookies[AGENT_COOKIE]
        return await agents.signed_in(self.authenticator.house, cookie)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def case(house: House, wallet: Wallet) -> Case:
    return await a_case(house, wallet)


@pytest.fixture
async def astrid(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "astrid", level=2)


@pytest.fixture
async def arne(house: House, app: Litestar, wallet: Wallet) -> AtDesk:
    return await at_desk(house, app, wallet, "arne", level=3)


async def at_the_door(
    house: House, app: Litestar, wallet: Wallet, login: str, *, level: int, language: str = "en"
) -> AtDesk:
    found = await an_agent(house, wallet, login, level=level, language=language)
    return AtDesk(browser=Browser(app, CONSOLE, language="en"), authenticator=found)


async def at_desk(
    house: House, app: Litestar, wallet: Wallet, login: str, *, level: int, language: str = "en"
) -> AtDesk:
    """Signed in."""
    found = await at_the_door(house, app, wallet, login, level=level, language=language)
    await found.sign_in()
    return found


async def approved_from(page: Page, agent: AtDesk, case: Case) -> Page:
    return await confirmed_from(page, agent, f"{case.path}/approval")


async def confirmed_from(page: Page, agent: AtDesk, path: str) -> Page:
    """Signed in again in the form that goes there."""
    return await page.press(path, password=cast.PASSWORD, code=await agent.new_code())


async def is_frozen(house: House, case: Case) -> bool:
    account = await cast.the_account(house, case.wallet, case.account.id)
    return account.state is AccountState.FROZEN


async def stage_of(house: House, case: Case, agent: AtDesk) -> Stage:
    seen = await desk.see_ticket(house, case.ticket_id, await agent.signed_in())
    return seen.ticket.stage


@contextmanager
def statements(house: House) -> Generator[list[str]]:
    """What is asked of the database meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(house.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(house.engine.sync_engine, "before_cursor_execute", note)
