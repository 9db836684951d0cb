"""The service's own worker is killed between sending and recording, and another takes over."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from sqlalchemy import func, select

from service.operations.house import House
from service.storage.tables import deliveries
from tests import people as cast
from tests.notifications.outside import a_mail_server
from tests.signals import scene
from tests.signals.receivers import Heard, a_receiver, ok

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_worker(
    database_url: str, keys_folder: Path, port: int, *only: str
) -> AsyncGenerator[Process]:
    environment = {
        **os.environ,
        "RESGUARDO_DATABASE_URL": database_url,
        "RESGUARDO_KEYS": str(keys_folder),
        "RESGUARDO_CONSOLE_ORIGIN": "http://console.localhost:8000",
        "RESGUARDO_HTTP_ON_LOOPBACK": "1",
        "RESGUARDO_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "RESGUARDO_SMTP_PLAIN": "1",
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "service", "worker", *only, env=environment
    )
    try:
        yield worker
    finally:
        if worker.returncode is None:
            worker.terminate()
        await worker.wait()


async def _until_sent(house: House, number: int) -> None:
    """Wait for what must come; the test's own time limit ends a wait for what does not."""
    sent = select(func.count()).where(deliveries.c.state == "sent")
    while True:
        async with house.engine.connect() as db:
            if (await db.scalar(sent) or 0) >= number:
                return
        await asyncio.sleep(0.05)


async def _until_told(house: House) -> None:
    while True:
        if all(one.state == "sent" for one in await scene.stored_signals(house)):
            return
        await asyncio.sleep(0.05)


async def test_a_killed_worker_loses_no_message(
    house: House, database_url: str, keys_folder: Path
) -> None:
    """Carl's invitation and Olga's notice of it both arrive; one of them twice, as itself."""
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    await cast.invited(house, wallet, await cast.at_her_pages(house, wallet, phone))
    async with a_mail_server() as mailbox:
        async with a_worker(database_url, keys_folder, mailbox.port) as worker:

            async def pull_the_plug() -> None:
                if worker.returncode is None:
                    worker.kill()
                    await worker.wait()

            # The letter is taken; the answer finds nobody any more.
            mailbox.on_letter = pull_the_plug
            await worker.wait()
        mailbox.on_letter = None

        # Its leases end, and another worker takes over.
        await cast.move_clock(house, timedelta(minutes=2))
        async with a_worker(database_url, keys_folder, mailbox.port):
            await _until_sent(house, 2)

    ids = [letter["Message-ID"] for letter in mailbox.letters]
    assert len(set(ids)) == 2
    assert len(ids) > 2


async def test_a_killed_worker_tells_the_wallet_again_in_the_same_bytes(
    house: House, database_url: str, keys_folder: Path
) -> None:
    """Killed while the receiver has the request and has not answered: once more, as itself."""
    wallet = await cast.a_wallet(house)
    olgas = await cast.olga(house, wallet)
    signals_alone = ("--only", "signals")
    async with a_receiver() as receiver:
        client = await scene.a_client(house, wallet)
        await scene.an_endpoint(house, wallet, client, receiver.url)
        await scene.happened(house, wallet, scene.a_history(olgas.id, 2, await cast.now(house)))
        async with a_worker(database_url, keys_folder, 9, *signals_alone) as worker:

            async def pull_the_plug(heard: Heard, request: web.Request) -> web.StreamResponse:
                if worker.returncode is None:
                    worker.kill()
                    await worker.wait()
                return await ok(heard, request)

            receiver.answering = pull_the_plug
            await worker.wait()
        receiver.answering = ok

        await scene.let_leases_run_out(house)
        async with a_worker(database_url, keys_folder, 9, *signals_alone):
            await _until_told(house)

    first, again, after = receiver.heard
    assert (first.id, first.body) == (again.id, again.body)
    assert after.told["type"] == "account.released"
    assert [row.attempts for row in await scene.stored_signals(house)] == [2, 1]
