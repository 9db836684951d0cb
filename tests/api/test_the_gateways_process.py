"""`python -m service gateways`, as an operator starts and stops it."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import psutil
import pytest

from domain.wallets import Wallet
from service.operations.house import House
from service.processes import answers
from tests import people as cast
from tests.api.backends import Backend
from tests.demos import ROOT, until
from tests.ports import free_port

pytestmark = pytest.mark.anyio

COMMAND = (sys.executable, "-m", "service", "gateways")


def environment(database_url: str, listen: str) -> dict[str, str]:
    """The database and a place to listen: nothing else is needed, keys least of all."""
    ours = {name: value for name, value in os.environ.items() if "RESGUARDO" not in name}
    return {
        **ours,
        "RESGUARDO_DATABASE_URL": database_url,
        "RESGUARDO_GATEWAYS_LISTEN": listen,
    }


@contextmanager
def started(database_url: str, port: int) -> Generator[subprocess.Popen[bytes]]:
    given = environment(database_url, f"127.0.0.1:{port}")
    with subprocess.Popen(COMMAND, cwd=ROOT, env=given, stderr=subprocess.DEVNULL) as process:
        try:
            until(lambda: answers(f"http://127.0.0.1:{port}/health/ready"), within=60)
            yield process
        finally:
            process.kill()


async def test_it_answers_until_it_is_told_to_stop_and_stays_small(
    norte: Backend, house: House, wallet: Wallet, database_url: str
) -> None:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    port = free_port()
    headers = {"Host": urlsplit(wallet.origin).netloc, **norte.basic}
    with started(database_url, port) as process:
        at = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=at, headers=headers) as http:
            for _ in range(3):
                said = await http.post("/oauth/introspect", data={"token": "phone-token"})
                assert said.json()["active"] is True
            # The web process takes more than twice as much.
            assert psutil.Process(process.pid).memory_info().rss < 60e6

            process.send_signal(signal.SIGTERM)

            assert process.wait(20) == 0
            with pytest.raises(httpx.TransportError):
                await http.post("/oauth/introspect", data={"token": "phone-token"})


@pytest.mark.parametrize(
    ("url", "listen", "said", "status"),
    [
        ("", "127.0.0.1:8001", "RESGUARDO_DATABASE_URL", 2),
        ("postgresql://nobody@127.0.0.1:1/none", "8001", "RESGUARDO_GATEWAYS_LISTEN", 2),
        ("postgresql://nobody@127.0.0.1:1/none", "127.0.0.1:8001", "gateways.not-started", 1),
    ],
)
def test_it_says_in_a_line_why_it_does_not_start(
    url: str, listen: str, said: str, status: int
) -> None:
    ended = subprocess.run(
        COMMAND,
        cwd=ROOT,
        env=environment(url, listen),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (status, "")
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
