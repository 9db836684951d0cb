"""A contact's life is cut at every statement: removing, staying, leaving, and the clock."""

from datetime import timedelta
from typing import Final

import pytest

from domain.accounts import ClosingReason
from domain.contacts import ENDED, LEAVING, LEFT, REMOVED
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    accounts,
    housekeeping,
    leaving,
    not_me,
    objections,
    people,
    removals,
    tickets,
)
from service.operations.house import House
from service.security import message_links
from service.security.message_links import Says
from service.storage.directory import HouseDirectory
from tests import people as cast
from tests import proving
from tests.fault.power_cuts import everything_or_nothing
from tests.forgetting import A_DAY, Scene, a_scene, pages_again
from tests.life.post import Post

pytestmark = pytest.mark.anyio
A_MOMENT: Final = timedelta(minutes=5)


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def _removing(scene: Scene) -> None:
    await removals.remove(scene.house, scene.wallet, scene.pages, scene.carl.id)


async def _everybody_hears(house: House) -> None:
    directory = HouseDirectory(house.keys)
    await dispatch_waiting(house.engine, directory, limit=100)
    await send_due(house.engine, directory, Post().channels, most_at_once=100)


async def test_a_removal_begins_and_is_undone_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet, pages, carl = scene.house, scene.wallet, scene.pages, scene.carl.id
    # The last one who can report: the others hear of it, in the same transaction.
    await cast.invited(house, wallet, pages, "Cleo")
    await everything_or_nothing(house, lambda: removals.remove(house, wallet, pages, carl))
    assert (await scene.contact()).status is LEAVING
    await everything_or_nothing(house, lambda: removals.stay(house, wallet, pages, carl))
    await _removing(scene)
    await everything_or_nothing(house, lambda: removals.disown(house, wallet, pages, carl))


async def test_this_was_not_me_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await _removing(scene)
    about = (await scene.contact()).removal_began_at
    token = message_links.sign(house.keys, wallet.id, Says.NOT_MINE, scene.carl.id, about=about)

    await everything_or_nothing(house, lambda: objections.object_to_removal(house, wallet, token))


async def test_a_removal_is_decided_wholly_or_not_at_all(scene: Scene) -> None:
    house = scene.house
    await _removing(scene)
    report = await cast.a_report(house, scene.wallet, scene.carl, scene.link)
    astrid = await cast.an_agent(house, scene.wallet, "astrid", 2)
    await proving.proved(house, scene.wallet, report.ticket_id, astrid)

    await everything_or_nothing(
        house,
        lambda: tickets.decide_removal(
            house, report.ticket_id, scene.carl.id, goes_on=True, by=astrid
        ),
    )

    assert (await scene.contact()).removal_goes_on


async def test_leaving_happens_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(house, lambda: leaving.leave(house, wallet, scene.carl.id))
    assert (await scene.contact()).status is LEFT
    cleo, _ = await cast.a_contact(house, wallet, scene.pages, "Cleo")
    await everything_or_nothing(house, lambda: leaving.not_this_person(house, wallet, cleo.id))


async def test_i_am_not_this_person_happens_wholly_or_not_at_all(scene: Scene) -> None:
    """Whoever proved the address once, is known to every owner who named it."""
    house, wallet = scene.house, scene.wallet
    await cast.olga(house, wallet, "olga-2")
    phone = await cast.a_session(house, wallet, "second phone", cast.LAPTOP, "olga-2")
    pages = await cast.at_her_pages(house, wallet, phone, "olga-2")
    await scene.later(A_MOMENT)
    await cast.a_contact(house, wallet, pages)
    token = message_links.sign(house.keys, wallet.id, Says.NOT_ME, scene.carl.id)

    await everything_or_nothing(house, lambda: not_me.say(house, wallet, token))

    assert {one.status for one in await scene.contacts()} == {LEFT}


async def test_an_invitation_is_sent_again_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    cleo = await cast.invited(house, wallet, scene.pages, "Cleo")
    await scene.later(A_DAY)
    pages = await pages_again(scene)

    await everything_or_nothing(
        house, lambda: people.send_again(house, wallet, pages, cleo, key="again")
    )


async def test_a_removal_is_finished_and_its_place_given_on_wholly_or_not_at_all(
    scene: Scene,
) -> None:
    """The one who leaves, and the one who waited for the place, together."""
    house, wallet = scene.house, scene.wallet
    for name in ("Cleo", "Dora", "Eva", "Filip"):
        await cast.invited(house, wallet, scene.pages, name)
    await _removing(scene)
    waiting = await cast.invited(house, wallet, scene.pages, "Gil")
    await _everybody_hears(house)
    # Accepted for delivery: that alone lets the removal take effect.
    await everything_or_nothing(house, lambda: housekeeping.settle_contacts(house))
    await scene.later(7 * A_DAY + A_MOMENT)

    await everything_or_nothing(house, lambda: housekeeping.settle_contacts(house))

    assert (await scene.contact()).status is REMOVED
    gil = next(one for one in await scene.contacts() if one.id == waiting)
    assert gil.place is not None


async def test_closing_is_announced_and_carried_out_wholly_or_not_at_all(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    await everything_or_nothing(
        house,
        lambda: accounts.close_account(
            house, wallet, cast.OLGA, reason=ClosingReason.DECEASED, by=cast.THE_WALLET
        ),
    )
    await scene.later(timedelta(hours=72))

    await everything_or_nothing(house, lambda: housekeeping.close_accounts(house))

    assert (await scene.contact()).status is ENDED
