"""What contacts do in a space of their own is cut at every statement.

A guess is counted and committed before it is looked at; that alone stays of what was cut.
"""

from datetime import timedelta
from typing import Final

import pytest

from domain.challenges import Purpose
from service.operations import apps, own_links, reports, second_addresses, space, visits
from service.operations.house import House
from service.operations.without_link import read_address
from service.security.totp import code_at
from tests import people as cast
from tests.fault.power_cuts import everything_or_nothing
from tests.fault.test_power_cuts_of_codes import COUNTS, forgiven
from tests.forgetting import Scene, a_scene

pytestmark = pytest.mark.anyio
A_MOMENT: Final = timedelta(minutes=5)
SECOND: Final = "carl@otro.example"


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def test_an_app_is_set_up_used_and_removed_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    here = await scene.in_his_space()
    await everything_or_nothing(house, lambda: apps.begin(house, wallet, here))
    secret = (await apps.see_app(house, wallet, here)).secret
    assert secret is not None
    done: list[object] = []

    async def code() -> str:
        return code_at(secret, await cast.now(house))

    async def confirm() -> None:
        done.append(await apps.confirm(house, wallet, here, await code()))

    await everything_or_nothing(house, confirm, counts=COUNTS, again=forgiven(house))
    assert done == [True]
    # The code after the one that was used.
    await scene.later(A_MOMENT)
    visit = (await visits.open_link(house, wallet, scene.link, Purpose.REPORT)).session

    async def report_with_app() -> None:
        done.append(await reports.use_app_code(house, wallet, visit, await code()))

    await everything_or_nothing(house, report_with_app, counts=COUNTS, again=forgiven(house))
    verified = await visits.session_of(house, wallet, str(done[-1]))
    assert verified.verified_by == apps.VERIFIED_BY
    await everything_or_nothing(house, lambda: apps.remove(house, wallet, here))


async def test_a_second_address_comes_and_goes_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    here = await scene.in_his_space()
    address = read_address(SECOND, wallet)
    await everything_or_nothing(house, lambda: second_addresses.ask(house, wallet, here, address))
    await scene.later(A_MOMENT)
    await everything_or_nothing(house, lambda: second_addresses.ask_again(house, wallet, here))
    code = await cast.told_secret(house, wallet, "code-asked")
    done: list[object] = []

    async def prove() -> None:
        done.append(await second_addresses.prove(house, wallet, here, code))

    await everything_or_nothing(house, prove, counts=COUNTS, again=forgiven(house))
    assert done == [None]
    await everything_or_nothing(house, lambda: second_addresses.remove(house, wallet, here))


async def test_links_are_stopped_and_renewed_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet, carl = scene.house, scene.wallet, scene.carl.id
    here = await scene.in_his_space()
    await everything_or_nothing(house, lambda: own_links.renew_for_card(house, wallet, here, carl))
    await everything_or_nothing(house, lambda: own_links.stop(house, wallet, here))
    assert (await scene.contact()).link_sha256 is None

    await everything_or_nothing(house, lambda: own_links.renew_after_loss(house, wallet, here))

    assert (await scene.contact()).link_sha256 is not None


async def test_an_own_label_and_leaving_happen_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    here = await scene.in_his_space()
    await everything_or_nothing(
        house, lambda: space.set_label(house, wallet, here, scene.carl.id, "Mamá")
    )
    await everything_or_nothing(house, lambda: space.leave(house, wallet, here))
