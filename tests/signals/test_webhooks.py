"""What a webhook says, how it is signed, and what an answer means."""

from datetime import timedelta

import pytest

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations import clients_by_hand
from service.operations.house import House
from service.operations.webhooks import MadeSecret
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Receiver
from tests.signals.scene import Engines

pytestmark = pytest.mark.anyio


async def test_a_freeze_is_told_thin_and_signed(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    now = await cast.now(house)
    await scene.happened(house, norte, [scene.frozen(olgas.id, 1, now)])

    assert await worker.work() == 1

    (heard,) = receiver.heard
    assert heard.told == {
        "type": "account.frozen",
        "timestamp": now.isoformat().replace("+00:00", "Z"),
        "data": {"subject": "olga-1", "version": 1, "display": "plain"},
    }
    assert heard.headers["content-type"] == "application/json"
    assert heard.is_signed(hooked.secret)
    sent_at = int(heard.headers["webhook-timestamp"])
    assert abs(sent_at - now.timestamp()) < timedelta(minutes=1).total_seconds()
    (row,) = await scene.stored_signals(house)
    assert (row.state, row.status_code, row.attempts, str(row.id)) == ("sent", 204, 1, heard.id)


async def test_a_client_that_has_ended_is_told_nothing_more(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    hooked: MadeSecret,
    receiver: Receiver,
    worker: Engines,
) -> None:
    await scene.happened(house, norte, scene.a_history(olgas.id, 1, await cast.now(house)))
    await worker.queue()

    await clients_by_hand.end_client(house, "backend-hooks")
    await scene.happened(house, norte, scene.a_history(olgas.id, 2, await cast.now(house))[1:])

    assert await worker.work() == 0
    assert receiver.heard == []
