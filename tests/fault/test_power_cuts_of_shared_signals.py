"""What a receiver of Shared Signals does with its streams is cut at every statement."""

import pytest

from domain.wallets import Wallet
from service.operations import queueing, ssf_poll, ssf_status, ssf_streams, ssf_subjects
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.ssf_poll import Asked, Polled, Waiting
from service.operations.ssf_streams import Change, Receiver
from service.signals.kinds import kinds
from service.storage.values import Stream, StreamKind, StreamStatus
from tests import people as cast
from tests.fault.power_cuts import each_table_whole, everything_or_nothing
from tests.signals import scene

pytestmark = pytest.mark.anyio

PUSHED = Receiver(
    kind=StreamKind.PUSH, url="https://desk.example/events", authorization="Bearer of-theirs"
)


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


async def test_a_stream_lives_wholly_or_not_at_all(house: House, wallet: Wallet) -> None:
    caller = await scene.a_client(house, wallet)
    account = await cast.olga(house, wallet)
    made: list[Stream] = []

    async def make() -> None:
        request = Request(
            wallet_id=wallet.id, caller="desk", route="POST /ssf/streams", key="k", body=b"{}"
        )
        made.append(await ssf_streams.make_stream(house, wallet, caller, PUSHED, request=request))

    await everything_or_nothing(house, make)
    key = str(made[0].id)
    described = Change(told=Receiver(description="cards"), replaces=False)
    await everything_or_nothing(
        house, lambda: ssf_streams.change_stream(house, wallet, caller, key, described)
    )
    subject = {"format": "iss_sub", "iss": wallet.origin, "sub": account.subject}
    await everything_or_nothing(
        house,
        lambda: ssf_subjects.choose(house, wallet, caller, key, subject=subject, added=False),
    )
    await everything_or_nothing(
        house, lambda: ssf_status.verify(house, wallet, caller, key, state="again")
    )
    for status in (StreamStatus.PAUSED, StreamStatus.DISABLED, StreamStatus.ENABLED):

        async def turn(status: StreamStatus = status) -> None:
            await ssf_status.set_status(house, wallet, caller, key, status=status, reason=None)

        await everything_or_nothing(house, turn)
    await everything_or_nothing(
        house, lambda: ssf_streams.delete_stream(house, wallet, caller, key)
    )


async def test_what_waits_is_handed_out_and_acknowledged_wholly_or_not_at_all(
    house: House, wallet: Wallet
) -> None:
    caller = await scene.a_client(house, wallet)
    account = await cast.olga(house, wallet)
    stream = await ssf_streams.make_stream(house, wallet, caller, Receiver(), request=None)
    frozen = scene.frozen(account.id, 1, await cast.now(house))
    await scene.happened(house, wallet, [frozen])
    told = kinds(house)
    await queueing.queue_waiting(house, told)
    waiting = Waiting(house)
    got: list[Polled] = []

    async def poll(most: int, **said: str | None) -> None:
        asked = Asked(most=most, at_once=True, said=said)
        got.append(
            await ssf_poll.poll(
                house,
                wallet,
                caller,
                str(stream.id),
                asked,
                kind=told[StreamKind.POLL],
                waiting=waiting,
            )
        )

    await everything_or_nothing(house, lambda: poll(10))
    one, two = got[-1].sets
    # Acknowledged first and for good, whatever becomes of the rest of the answer.
    await each_table_whole(house, lambda: poll(0, **{one: None, two: "invalid_key"}))
    assert got[-1] == Polled(sets={}, more=False)
