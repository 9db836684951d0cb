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
from sqlalchemy import func, select

from service.operations.house import House
from service.storage.tables import deliveries
from tests import people as cast
from tests.notifications.outside import a_mail_server

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def a_worker(database_url: str, keys_folder: Path, port: int) -> AsyncGenerator[Process]:
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
        sys.executable, "-m", "service", "worker", env=environment
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
