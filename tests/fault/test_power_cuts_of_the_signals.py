"""What wallets are told by is cut at every statement, too."""

import pytest

from service.operations import queueing, webhooks
from service.operations.webhooks import EndpointChange, NewEndpoint
from service.signals.kinds import kinds
from service.storage.values import StreamStatus
from tests import people as cast
from tests.fault.power_cuts import everything_or_nothing
from tests.fault.test_power_cuts import Scene, scene
from tests.signals import scene as signals

__all__ = ["scene"]

pytestmark = pytest.mark.anyio

URL = "https://hooks.norte.example/"


async def test_what_happened_is_queued_for_everyone_or_for_no_one(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    caller = await signals.a_client(house, wallet)
    for _ in range(2):
        await signals.an_endpoint(house, wallet, caller, URL)
    olgas = await cast.olga(house, wallet, "olga-7")
    await signals.happened(house, wallet, signals.a_history(olgas.id, 2, await cast.now(house)))

    await everything_or_nothing(house, lambda: queueing.queue_waiting(house, kinds(house)))


async def test_an_endpoint_is_made_changed_and_ended_whole(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    caller = await signals.a_client(house, wallet)
    new = NewEndpoint(url=URL, events=None, description=None)
    await everything_or_nothing(
        house,
        lambda: webhooks.add_endpoint(house, wallet, caller, new, loopback=False, request=None),
    )
    key = (await signals.stored_stream(house)).id
    await everything_or_nothing(
        house, lambda: webhooks.renew_secret(house, wallet, caller, key, request=None)
    )
    await everything_or_nothing(
        house, lambda: webhooks.send_test(house, wallet, caller, key, request=None)
    )
    change = EndpointChange(url=f"{URL}2", status=StreamStatus.DISABLED)
    await everything_or_nothing(
        house,
        lambda: webhooks.change_endpoint(house, wallet, caller, key, change, loopback=False),
    )
    back = EndpointChange(status=StreamStatus.ENABLED)
    await webhooks.change_endpoint(house, wallet, caller, key, back, loopback=False)
    (parked,) = await signals.stored_signals(house)
    await everything_or_nothing(
        house,
        lambda: webhooks.send_again(house, wallet, caller, key, parked.id, request=None),
    )
    await everything_or_nothing(house, lambda: webhooks.end_endpoint(house, wallet, caller, key))
