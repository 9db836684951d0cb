"""What people read of a wallet that has not confirmed a freeze, and agents of what it reported."""

from datetime import timedelta

import pytest
from litestar import Litestar
from sqlalchemy import delete

from domain.accounts import Done
from domain.wallet_reports import FreezeReason
from domain.wallets import Wallet
from service.operations import accounts, clients, hot_line, unreached_owners
from service.operations.hot_line import Told
from service.operations.house import House
from service.operations.idempotency import Request
from service.storage.tables import account_addresses
from service.storage.values import Scope
from tests import people as cast
from tests.browsers import Browser, Page
from tests.desks import Authenticator, a_case, an_agent
from tests.houses import CONSOLE
from tests.web.owner_scene import to_dispute
from tests.web.scene import Scene, a_receipt

pytestmark = pytest.mark.anyio
A_MINUTE = timedelta(seconds=60)


async def confirmed(scene: Scene, *done: Done) -> None:
    await accounts.confirm_freeze(
        scene.house, scene.wallet, cast.OLGA, version=1, done=done, by=cast.THE_WALLET
    )


async def test_whoever_follows_a_report_reads_that_the_wallet_is_silent(scene: Scene) -> None:
    key = await scene.contact()
    await a_receipt(scene, scene.browser(), key)
    await cast.move_clock(scene.house, timedelta(seconds=2))
    carl = scene.browser()
    opened = await carl.open(f"/status#{key}")
    code = await opened.press("/status", token=key)
    listed = await code.press("/status/code/check", code=await scene.code())
    assert "Norte is confirming" in listed.text
    assert "Call Norte too" not in listed.text

    await cast.move_clock(scene.house, A_MINUTE)
    # Looking again needs no script: it is a link to the page itself.
    silent = await listed.follow("Check again")
    assert silent.path == "/status/reports"
    assert "Call Norte too" in silent.text
    assert "Norte has not confirmed yet" in silent.text
    assert cast.NORTE.support_number in silent.text

    await confirmed(scene, Done.SESSIONS)
    said = await silent.follow("Check again")
    assert "Confirmed by Norte at" in said.text
    assert "Call Norte too" not in said.text


async def test_the_owner_reads_it_too_where_she_says_that_nothing_is_lost(scene: Scene) -> None:
    key = await scene.contact()
    await a_receipt(scene, scene.browser(), key)
    page = await (await to_dispute(scene)).press("/owner/enter")
    assert "Call Norte too" not in page.text

    await cast.move_clock(scene.house, A_MINUTE)
    silent = await page.browser.open("/owner/dispute")
    assert "Norte has not confirmed yet" in silent.text
    assert cast.NORTE.support_number in silent.text

    await confirmed(scene, *Done)
    assert "Call Norte too" not in (await page.browser.open("/owner/dispute")).text


# The console ----------------------------------------------------------------------------------


async def at_the_queue(app: Litestar, agent: Authenticator) -> Page:
    door = await Browser(app, CONSOLE, language="en").open("/console/sign-in")
    return await door.press(
        "/console/sign-in",
        login=agent.login,
        password=cast.PASSWORD,
        code=await agent.new_code(),
    )


async def test_agents_read_which_parts_the_wallet_has_not_done(app: Litestar, house: House) -> None:
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet)
    queue = await at_the_queue(app, await an_agent(house, wallet, "astrid", level=2))
    assert "has not confirmed" in queue.text
    ticket = await queue.browser.open(case.path)
    assert "call Norte's duty desk" in ticket.text
    assert "cash withdrawals" in ticket.text

    await accounts.confirm_freeze(
        house,
        wallet,
        cast.OLGA,
        version=1,
        done=[kind for kind in Done if kind is not Done.CASH_OUT],
        by=cast.THE_WALLET,
    )

    partly = await queue.browser.open("/console")
    assert "has not confirmed" not in partly.text
    assert "Not confirmed: cash withdrawals" in partly.text
    assert "duty desk" not in (await queue.browser.open(case.path)).text
    await accounts.confirm_freeze(
        house, wallet, cast.OLGA, version=1, done=[Done.CASH_OUT], by=cast.THE_WALLET
    )
    assert "cash withdrawals" not in (await queue.browser.open("/console")).text


async def _freezes(house: House, wallet: Wallet) -> str:
    secret = await clients.add_client(house, wallet.id, "fraud", (Scope.FREEZE,))
    caller = await clients.client_by_secret(house, wallet, "fraud", secret)
    told = Told(
        reason=FreezeReason.SUSPECTED_TAKEOVER,
        note="<b>she</b> called from the airport",
        operator="desk 7",
    )
    request = Request(
        wallet_id=wallet.id, caller=str(caller.client_id), route="freeze", key="1", body=b""
    )
    stopped = await hot_line.freeze(
        house, wallet, cast.OLGA, told, client_id=caller.client_id, request=request
    )
    return stopped.reference


async def test_agents_read_what_the_hot_line_said_and_that_no_message_arrived(
    app: Litestar, house: House
) -> None:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    reference = await _freezes(house, wallet)
    queue = await at_the_queue(app, await an_agent(house, wallet, "astrid", level=2))
    assert "Suspected takeover" in queue.text
    assert "Norte's systems" in queue.text
    assert "No message reached the owner" not in queue.text

    async with house.engine.begin() as db:
        await db.execute(delete(account_addresses))
    assert await unreached_owners.request_proofs(house) == 1

    queue = await queue.browser.open("/console")
    assert "No message reached the owner" in queue.text
    ticket = await queue.browser.open(f"/console/find?reference={reference}")
    assert "Every message to the owner failed." in ticket.text
    assert "<b>she</b> called from the airport" in ticket.text
    assert "hot line: desk 7" in ticket.text
    assert "Asked for the freeze: Suspected takeover" in ticket.text
