"""`serve` is told to stop: who waits is let go, who asked is answered, and nothing is killed."""

import asyncio
import signal
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import httpx
import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import func, select, text

from domain.wallets import Wallet
from service.console.frame import AGENT_COOKIE
from service.console.live import LIVE
from service.operations import agents
from service.operations.house import House
from service.processes import free_port
from service.settings import Settings
from service.storage.tables import accounts, loss_reports
from tests import people as cast
from tests.desks import an_agent
from tests.outage.crowd import Owner, a_verified_browser, an_owner
from tests.outage.town import LOOKS_EVERY, NO_TLS, RealBrowser
from tests.served import environment_of, serving

pytestmark = pytest.mark.anyio
# What the server says of a process that did not end by itself, and what that process says of
# requests which it left unanswered.
KILLED: Final = "Killing"
LEFT: Final = "web.ended-unanswered"
# More than a process reads before it hears that it is to stop.
CROWD: Final = 64


class Served(Struct, frozen=True, kw_only=True):
    """A server of a test's own; whoever waits for it in vain is ended by the test's time limit."""

    house: House
    wallet: Wallet
    port: int
    process: subprocess.Popen[bytes]
    file: Path

    def told_to_stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """Its exit status."""
        return await asyncio.to_thread(self.process.wait)

    @property
    def said(self) -> str:
        return self.file.read_text()

    async def browser(self, owner: Owner) -> RealBrowser:
        """Of her contact, who has the last button before them."""
        fresh = RealBrowser(self.wallet.origin, self.port)
        return await a_verified_browser(self.house, self.wallet, owner, fresh)

    @asynccontextmanager
    async def live_line(self) -> AsyncGenerator[httpx.Response]:
        """Of an agent's console; it has begun to speak."""
        astrid = await an_agent(self.house, self.wallet, "astrid", level=2)
        opened = await agents.sign_in(
            self.house, login="astrid", password=cast.PASSWORD, code=await astrid.code()
        )
        headers = {
            "Host": f"console.localhost:{self.port}",
            "Cookie": f"{AGENT_COOKIE}={opened.cookie}",
        }
        async with (
            httpx.AsyncClient(trust_env=False, timeout=90, verify=NO_TLS) as client,
            client.stream("GET", f"http://127.0.0.1:{self.port}{LIVE}", headers=headers) as line,
        ):
            assert line.status_code == 200
            yield line


@pytest.fixture
async def served(house: House, settings: Settings, tmp_path: Path) -> AsyncGenerator[Served]:
    port, file = free_port(), tmp_path / "said"
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=f"http://localhost:{port}"))
    with (
        file.open("wb") as said,
        serving(environment_of(settings, port), said=said) as process,
    ):
        yield Served(house=house, wallet=wallet, port=port, process=process, file=file)


async def test_a_report_is_stored_and_answered_and_a_live_line_ends_at_once(
    served: Served,
) -> None:
    stays, hangs_up = [await an_owner(served.house, served.wallet, n, contacts=1) for n in (1, 2)]
    browsers = [await served.browser(owner) for owner in (stays, hangs_up)]
    summaries = [await browser.open("/r/check") for browser in browsers]
    async with served.live_line() as line:
        spoken = line.aiter_text()
        await anext(spoken)
        async with nobody_gets_at(served.house, stays, hangs_up):
            pressed = [
                asyncio.create_task(
                    browser.request(
                        "POST",
                        "/r/confirm",
                        fields=summary.form("/r/confirm").fields,
                        headers={"Origin": served.wallet.origin},
                    )
                )
                for browser, summary in zip(browsers, summaries, strict=True)
            ]
            await until_waiting(served.house, 2)
            answer, lost = pressed
            lost.cancel()

            served.told_to_stop()

            # While the reports still wait for their accounts.
            assert [piece async for piece in spoken if "ended" in piece] == []
            assert not answer.done()
    assert (await answer).headers["location"] == "/r/receipt"
    assert await served.ended() == 0
    assert await reports(served.house) == 2
    assert KILLED not in served.said
    assert LEFT not in served.said


async def test_who_never_finishes_a_question_is_left_and_the_end_is_still_in_order(
    served: Served,
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(
        f"POST /r/confirm HTTP/1.1\r\nHost: localhost:{served.port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n"
        f"Origin: {served.wallet.origin}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    # It has the head, and waits for a body that never comes.
    assert b"100" in await reader.readline()

    served.told_to_stop()

    assert await served.ended() == 0
    writer.close()
    assert LEFT in served.said
    assert KILLED not in served.said


async def test_who_hung_up_before_their_question_was_read_keeps_nobody_waiting(
    served: Served,
) -> None:
    body = urlencode({"token": "nothing" * 2000}).encode()
    whole = (
        f"POST /r HTTP/1.1\r\nHost: localhost:{served.port}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        f"Origin: {served.wallet.origin}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body
    for number in range(CROWD):
        _, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(whole)
        writer.transport.abort() if number % 3 == 0 else writer.close()

    served.told_to_stop()

    assert await served.ended() == 0
    assert KILLED not in served.said
    assert LEFT not in served.said
    assert "Traceback" not in served.said


async def test_a_live_line_that_is_over_ends_while_the_server_goes_on(served: Served) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=60, verify=NO_TLS) as client:
        answer = await client.get(
            f"http://127.0.0.1:{served.port}{LIVE}",
            headers={"Host": f"console.localhost:{served.port}"},
        )
    assert "event: ended" in answer.text


@asynccontextmanager
async def nobody_gets_at(house: House, *owners: Owner) -> AsyncGenerator[None]:
    """Their accounts are held, so whatever wants to change one has to wait."""
    held = accounts.c.id.in_([owner.account.id for owner in owners])
    async with house.engine.begin() as db:
        await db.execute(select(accounts.c.id).where(held).with_for_update())
        yield


async def until_waiting(house: House, many: int) -> None:
    """So many of the server's statements wait for a row that somebody holds."""
    asked = text(
        "select count(*) from pg_stat_activity"
        " where datname = current_database() and wait_event_type = 'Lock'"
    )
    while True:
        async with house.engine.connect() as db:
            if await db.scalar(asked) == many:
                return
        await asyncio.sleep(LOOKS_EVERY)


async def reports(house: House) -> int:
    async with house.engine.connect() as db:
        return await db.scalar(select(func.count()).select_from(loss_reports)) or 0
