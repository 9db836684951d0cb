"""A wallet with a client, an account, a receiver and an engine."""

from collections.abc import AsyncGenerator, AsyncIterator

import pytest

from domain.accounts import Account
from domain.wallets import Wallet
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.webhooks import MadeSecret
from tests import people as cast
from tests.signals import scene
from tests.signals.receivers import Receiver, a_receiver
from tests.signals.scene import Engines, an_engine


@pytest.fixture
async def norte(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def caller(house: House, norte: Wallet) -> Caller:
    return await scene.a_client(house, norte)


@pytest.fixture
async def olgas(house: House, norte: Wallet) -> Account:
    return await cast.olga(house, norte)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def hooked(house: House, norte: Wallet, caller: Caller, receiver: Receiver) -> MadeSecret:
    """The receiver, told of everything."""
    return await scene.an_endpoint(house, norte, caller, receiver.url)


@pytest.fixture
async def worker(house: House) -> AsyncGenerator[Engines]:
    async with an_engine(house) as engines:
        yield engines
