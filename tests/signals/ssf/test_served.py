"""Long polling over real sockets, through a real server of two processes."""

import asyncio
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import clients
from service.operations.house import House
from service.settings import Settings
from tests import people as cast
from tests.api.backends import encoded
from tests.leaks import EARS
from tests.ports import free_port
from tests.served import environment_of, serving
from tests.signals import scene
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import BOTH

pytestmark = pytest.mark.anyio


@pytest.fixture
async def norte(house: House) -> Wallet:
    origin = f"http://localhost:{free_port()}"
    return await cast.a_wallet(house, replace(cast.NORTE, origin=origin))


async def _receiver(house: House, norte: Wallet, http: httpx.AsyncClient) -> None:
    """Signed in from now on."""
    secret = await clients.add_client(house, norte.id, "fraud-desk", BOTH)
    EARS.hide(secret)
    answer = await http.post(
        "/oauth/token",
        headers={"Authorization": f"Basic {encoded('fraud-desk', secret)}"},
        data={"grant_type": "client_credentials"},
    )
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


async def test_receivers_wait_in_every_process_and_the_server_ends_in_time(
    house: House, settings: Settings, norte: Wallet, olgas: Account, worker: Engines
) -> None:
    port = int(norte.origin.rpartition(":")[2])
    environment = {**environment_of(settings, port), "RESGUARDO_PROCESSES": "2"}
    # A connection of its own for each question: the kernel gives them to both processes.
    limits = httpx.Limits(max_keepalive_connections=0)
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}",
        headers={"Host": f"localhost:{port}"},
        limits=limits,
        timeout=60,
    ) as http:
        with serving(environment):
            await _receiver(house, norte, http)
            stream = (await http.post("/ssf/streams", json={})).json()
            address = f"/ssf/poll/{stream['stream_id']}"
            waiting = [asyncio.create_task(http.post(address, json={})) for _ in range(6)]
            done, _ = await asyncio.wait(waiting, timeout=1)
            assert not done

            now = await cast.now(house)
            await scene.happened(house, norte, [scene.frozen(olgas.id, 1, now)])
            await worker.queue()
            told: list[dict[str, Any]] = [
                one.json()["sets"] for one in await asyncio.wait_for(asyncio.gather(*waiting), 25)
            ]
            assert len(told[0]) == 2
            assert all(one == told[0] for one in told)

            # Somebody waits while the server is told to stop.
            last = asyncio.create_task(http.post(address, json={"ack": list(told[0])}))
            await asyncio.wait([last], timeout=1)
            assert not last.done()
        answer = await asyncio.wait_for(last, 25)
        assert (answer.status_code, answer.json()["sets"]) == (200, {})
