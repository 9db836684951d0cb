"""A worker that dies or sleeps at the worst moment."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from notifications import retry
from notifications.deliveries import LEASE_LASTS, lease_next
from tests.notifications import cast
from tests.notifications.cast import Later, stored_deliveries
from tests.notifications.house import House

pytestmark = pytest.mark.anyio


async def test_a_worker_killed_between_sending_and_recording_sends_again_with_the_same_id(
    house: House, later: Later, database_url: str
) -> None:
    await house.tell(cast.reported())
    environment = os.environ | {
        "TEST_DATABASE_URL": database_url,
        "TEST_SMTP_URL": f"smtp://127.0.0.1:{house.mailbox.port}",
    }
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.notifications.one_worker", env=environment
    )

    async def kill() -> None:
        worker.kill()
        await worker.wait()

    # The letter is taken; the answer finds nobody any more.
    house.mailbox.on_letter = kill
    assert await worker.wait() == -signal.SIGKILL
    assert await house.states() == [("due", None)]
    house.mailbox.on_letter = None

    assert await house.send() == 0
    await later(LEASE_LASTS + timedelta(seconds=1))
    assert await house.send() == 1

    first, second = house.mailbox.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert [row["attempts"] for row in await stored_deliveries(house.engine)] == [2]
    assert await house.states() == [("sent", None)]


async def test_a_worker_that_lost_its_lease_does_not_overwrite_its_heir(
    house: House, later: Later
) -> None:
    await house.tell(cast.reported())

    async def take_over() -> None:
        await later(LEASE_LASTS + timedelta(seconds=1))
        heir = await lease_next(house.engine)
        assert heir is not None
        house.mailbox.on_letter = None

    house.mailbox.on_letter = take_over
    with capture_logs() as lines:
        await house.send()

    assert await house.states() == [("due", None)]
    assert [line["event"] for line in lines] == ["delivery.lease-lost"]


async def test_what_kills_its_worker_every_time_ends_too(house: House, later: Later) -> None:
    await house.tell(cast.reported())
    for _ in range(retry.TRIES):
        assert await lease_next(house.engine) is not None
        await later(LEASE_LASTS + timedelta(seconds=1))

    await house.send()

    assert await house.states() == [("parked", "tries-used-up")]
    assert house.mailbox.letters == []
