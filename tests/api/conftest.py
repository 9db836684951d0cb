"""Two wallets in one installation, and the backend of the first."""

from collections.abc import AsyncIterator

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.wallets import Wallet
from service.operations.house import House
from tests import people as cast
from tests.api.backends import Backend, backend_of
from tests.api.identity import Identity, Olga, an_issuer, olgas_app, trusts


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


@pytest.fixture
async def other_wallet(house: House) -> Wallet:
    """Another brand of the same installation: nothing of Norte's exists there."""
    sur = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur", short_name="Sur")
    return await cast.a_wallet(house, sur)


@pytest.fixture
async def norte(
    app: Litestar, house: House, wallet: Wallet, other_wallet: Wallet
) -> AsyncIterator[Backend]:
    async with backend_of(app, house, wallet) as backend:
        yield backend


@pytest.fixture
async def sur(
    app: Litestar, house: House, norte: Backend, other_wallet: Wallet
) -> AsyncIterator[Backend]:
    async with backend_of(app, house, other_wallet, client_id="sur-backend") as backend:
        yield backend


@pytest.fixture
async def identity() -> AsyncIterator[Identity]:
    async with an_issuer() as identity:
        yield identity


@pytest.fixture
async def olga(
    app: Litestar, house: House, wallet: Wallet, other_wallet: Wallet, identity: Identity
) -> AsyncIterator[Olga]:
    """Olga's app, of a wallet that trusts its identity provider."""
    await cast.olga(house, wallet)
    await trusts(house, wallet, identity)
    async with olgas_app(app, house, wallet, identity) as olga:
        yield olga
