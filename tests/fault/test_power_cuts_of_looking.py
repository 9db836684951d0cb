"""Showing an address, and writing down who was turned away: cut at every statement."""

import pytest

from domain.revealing import RevealReason, Whose
from domain.signs import TryWay
from service.operations import refused_tries, revealing
from service.operations.house import House
from service.operations.revealing import Asked
from service.storage import load
from tests import people as cast
from tests.desks import a_second_address
from tests.fault.power_cuts import everything_or_nothing
from tests.forgetting import Scene, a_scene

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def test_an_address_is_shown_and_written_down_or_neither(scene: Scene) -> None:
    report = await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    asked = Asked(
        whose=Whose.REPORTER,
        address_id=scene.carl.id,
        reason=RevealReason.OTHER,
        words="the bank asks for it",
    )

    await everything_or_nothing(
        scene.house,
        lambda: revealing.reveal(scene.house, report.ticket_id, asked, by=astrid, key="k"),
    )


async def test_a_second_address_is_shown_and_written_down_or_neither(scene: Scene) -> None:
    report = await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    second = await a_second_address(scene.house, scene.wallet, scene.carl.id)
    asked = Asked(
        whose=Whose.REPORTER, address_id=second.id, reason=RevealReason.OTHER, words="asks for it"
    )

    await everything_or_nothing(
        scene.house,
        lambda: revealing.reveal(scene.house, report.ticket_id, asked, by=astrid, key="k"),
    )


async def test_tries_are_written_down_wholly_or_not_at_all(scene: Scene) -> None:
    house = scene.house

    async def again() -> None:
        # What was being written when the lights went out is forgotten.
        assert not house.refused.is_waiting
        assert not house.refused.is_being_written
        note()

    def note() -> None:
        for way in (TryWay.SESSION, TryWay.TOKEN):
            refused_tries.note(house, scene.account, way)

    note()
    await everything_or_nothing(house, lambda: refused_tries.write_down(house), again=again)
    async with house.engine.connect() as db:
        assert await load.last_refused_try_at(db, scene.wallet.id, scene.account.id) is not None
