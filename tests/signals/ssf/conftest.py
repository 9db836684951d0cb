"""A receiver of Shared Signals, and Olga's account."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar

from domain.wallets import Wallet
from service.operations.house import House
from tests.api.backends import backend_of
from tests.signals.ssf.receiving import BOTH, Ssf


@pytest.fixture
async def ssf(app: Litestar, house: House, norte: Wallet) -> AsyncIterator[Ssf]:
    """A backend that may make streams and read them."""
    async with backend_of(app, house, norte, client_id="fraud-desk", scopes=BOTH) as backend:
        yield Ssf(backend)


@pytest.fixture
async def other(app: Litestar, house: House, norte: Wallet) -> AsyncIterator[Ssf]:
    """Another backend of the same wallet."""
    async with backend_of(app, house, norte, client_id="card-desk", scopes=BOTH) as backend:
        yield Ssf(backend)
