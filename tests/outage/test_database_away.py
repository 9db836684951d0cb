"""PostgreSQL is away: everybody hears so at once, and all is well again by itself."""

import asyncio
from typing import Any

import httpx
import pytest

from domain.wallets import Wallet
from tests.outage.crowd import a_verified_browser, an_owner
from tests.outage.gateway import Gateway, a_gateway
from tests.outage.town import Town, a_town

pytestmark = pytest.mark.anyio
# More than any process has connections, so that each of them is met.
OFTEN = 40


def says_come_back(answer: httpx.Response) -> bool:
    return answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0


async def away(town: Town, gateway: Gateway, token: str) -> None:
    """What each kind of asker hears."""
    live = await gateway.http.get("/health/live")
    assert live.status_code == 200
    bearer = {"Authorization": f"Bearer {token}"}
    for answer in (
        await gateway.http.get("/health/ready"),
        await gateway.http.get("/v1/accounts/olga-0", headers=bearer),
        await gateway.introspect("a session of olga-0"),
        await gateway.check("a session of olga-0"),
    ):
        assert says_come_back(answer), (answer.request.url, answer.status_code, answer.text)
        problem: Any = answer.json()
        assert (problem["code"], problem["status"]) == ("unavailable", 503)
    door = await town.browser().request("GET", "/owner")
    assert says_come_back(door) or door.status_code < 500


async def all_is_well(gateway: Gateway, wallet: Wallet, bearer: str, token: str) -> None:
    """Not the first try alone: no connection of the process is still a dead one."""
    answers = await asyncio.gather(*(gateway.introspect(token) for _ in range(OFTEN)))
    assert [answer.json()["active"] for answer in answers] == [True] * OFTEN
    checks = await asyncio.gather(*(gateway.check(token) for _ in range(OFTEN)))
    assert {answer.status_code for answer in checks} == {204}
    headers = {"Authorization": f"Bearer {bearer}"}
    reads = await asyncio.gather(
        *(gateway.http.get("/v1/accounts/olga-0", headers=headers) for _ in range(OFTEN))
    )
    assert {answer.status_code for answer in reads} == {200}
    assert wallet


@pytest.mark.parametrize("way", ["stopped", "killed"])
async def test_while_the_database_is_away_it_is_said_and_then_all_is_well_by_itself(
    way: str,
) -> None:
    async with a_town() as (town, wallet):
        owner = await an_owner(town.house, wallet, 0, contacts=1)
        carl = await a_verified_browser(town.house, wallet, owner, town.browser())
        await town.open()
        gateway = await a_gateway(town, wallet, town.ports[0])
        bearer = await gateway.access_token()
        await all_is_well(gateway, wallet, bearer, owner.token)
        summary = await carl.open("/r/check")

        town.kill_database() if way == "killed" else town.cluster.stop()
        not_stopped = await summary.press("/r/confirm")
        assert not_stopped.status == 503
        assert int(not_stopped.headers["Retry-After"]) > 0
        assert not_stopped.title.startswith("NOT stopped")
        await away(town, gateway, bearer)

        town.start_database()
        await town.is_ready()
        await all_is_well(gateway, wallet, bearer, owner.token)
        # The very button that was pressed in vain.
        receipt = await summary.press("/r/confirm")
        assert receipt.path == "/r/receipt"
        assert (await gateway.introspect(owner.token)).json() == {"active": False}
        assert town.worker.poll() is None
        await gateway.http.aclose()


async def test_a_web_process_whose_one_child_is_killed_comes_back_by_itself() -> None:
    async with a_town() as (town, wallet):
        owner = await an_owner(town.house, wallet, 0, contacts=1)
        await town.open()
        gateway = await a_gateway(town, wallet, town.ports[0])
        (web,) = town.webs
        web.kill_children()
        # The connections that were open are gone with it.
        await gateway.http.aclose()
        await town.is_ready()

        again = await a_gateway(town, wallet, town.ports[0])
        assert (await again.introspect(owner.token)).json()["active"] is True
        await again.http.aclose()
        assert web.poll() is None
