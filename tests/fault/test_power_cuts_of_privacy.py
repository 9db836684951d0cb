"""Forgetting somebody, failed at every statement: all about them is gone, or nothing is."""

from datetime import timedelta
from typing import Final

import pytest

from domain.accounts import AddressKind
from service.operations import (
    accounts,
    desk,
    erasing,
    leaving,
    own_data,
    persons_by_hand,
    purging,
)
from service.operations.house import House
from tests import people as cast
from tests.fault.power_cuts import each_table_whole, everything_or_nothing
from tests.forgetting import A_DAY, FIVE_DAYS, Scene, a_scene, moved

pytestmark = pytest.mark.anyio
A_MOMENT: Final = timedelta(minutes=5)
A_YEAR_AND_A_HALF: Final = 548 * A_DAY
CARLS: Final = "carl@correo.example"


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def _reported_and_released(scene: Scene) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    await scene.later(A_MOMENT)
    await cast.released(scene.house, scene.wallet)


async def test_somebody_is_erased_wholly_or_not_at_all(scene: Scene) -> None:
    await _reported_and_released(scene)
    session = await scene.in_his_space()
    await everything_or_nothing(
        scene.house, lambda: own_data.ask_erasure(scene.house, scene.wallet, session)
    )
    await scene.later(FIVE_DAYS)

    steps = await everything_or_nothing(scene.house, lambda: erasing.erase_due(scene.house))

    assert steps > 20
    assert not (await scene.contact()).name


async def test_an_owner_is_erased_wholly_or_not_at_all(scene: Scene) -> None:
    await _reported_and_released(scene)
    await scene.closed()
    await scene.later(A_YEAR_AND_A_HALF)

    await everything_or_nothing(scene.house, lambda: erasing.erase_due(scene.house))

    agent = await cast.an_agent(scene.house, scene.wallet, "sofia", 4)
    (ticket_id,) = await scene.ticket_ids()
    seen = await desk.see_ticket(scene.house, ticket_id, agent)
    assert (seen.owner.name, seen.addresses) == ("", ())
    assert [one.label for one in seen.devices] == [""]
    assert {one.source for one in seen.proofs} == {""}


async def test_the_operator_erases_and_suppresses_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet, email = scene.house, scene.wallet, AddressKind.EMAIL

    await everything_or_nothing(
        house, lambda: persons_by_hand.erase_at(house, wallet, email, CARLS)
    )
    await cast.a_contact(house, wallet, scene.pages, "Cleo")
    await everything_or_nothing(
        house, lambda: persons_by_hand.suppress_at(house, wallet, email, "cleo@correo.example")
    )
    await everything_or_nothing(
        house, lambda: persons_by_hand.lift_at(house, wallet, email, "cleo@correo.example")
    )


async def test_writing_stops_wholly_or_not_at_all(scene: Scene) -> None:
    session = await scene.in_his_space()

    await everything_or_nothing(
        scene.house, lambda: own_data.never_write(scene.house, scene.wallet, session)
    )


async def test_a_contact_is_forgotten_wholly_or_not_at_all(scene: Scene) -> None:
    await leaving.leave(scene.house, scene.wallet, scene.carl.id)
    await scene.later(14 * A_DAY)

    await everything_or_nothing(
        scene.house, lambda: purging.forget_contact(scene.house, scene.wallet, scene.carl)
    )

    assert (await scene.person()).data_key_id is None


async def test_old_addresses_and_tickets_are_forgotten_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await _reported_and_released(scene)
    told = moved(scene, "olga@nueva.example")
    await accounts.put_account(house, wallet, told, by=cast.THE_WALLET)
    await scene.later(A_YEAR_AND_A_HALF)
    (ticket_id,) = await scene.ticket_ids()

    await everything_or_nothing(
        house, lambda: purging.forget_addresses(house, wallet, scene.account.id)
    )
    await everything_or_nothing(
        house, lambda: purging.forget_ticket(house, wallet, ticket_id, scene.account.id)
    )


async def test_purging_never_leaves_a_table_half_purged(scene: Scene) -> None:
    await leaving.leave(scene.house, scene.wallet, scene.carl.id)
    await scene.later(14 * A_DAY)

    assert await each_table_whole(scene.house, lambda: purging.purge(scene.house)) > 2
