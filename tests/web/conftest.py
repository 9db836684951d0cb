"""The scene every test of the pages begins with."""

import pytest
from litestar import Litestar

from service.operations.house import House
from tests import people as cast
from tests.web.scene import Scene


@pytest.fixture
async def scene(app: Litestar, house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    return Scene(app=app, house=house, wallet=wallet)
