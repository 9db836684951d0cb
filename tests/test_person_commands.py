"""What an operator types for somebody who wants to see, or be forgotten."""

import subprocess
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from domain.challenges import Purpose
from domain.contacts import ENDED, LEFT
from notifications.dispatch import dispatch_waiting
from service.operations import erasing, visits
from service.operations.house import House
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.suppressed import is_suppressed
from service.storage.tables import deliveries, journal, outbox
from tests import people as cast
from tests.command_line import settings_of
from tests.command_line import typed as typed_there
from tests.forgetting import FIVE_DAYS, Scene, a_scene, pages_again

CARLS = "carl@correo.example"
pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


class Typed:
    """`python -m service person …`, with what stands on standard input."""

    def __init__(self, database_url: str, keys_folder: Path) -> None:
        self._settings = settings_of(database_url, keys_folder)

    def __call__(self, command: str, address: str) -> subprocess.CompletedProcess[str]:
        words = ("person", command, "--wallet", cast.NORTE.origin)
        return typed_there(self._settings, *words, told=address + "\n")

    def help_of(self, command: str) -> subprocess.CompletedProcess[str]:
        return typed_there(self._settings, "person", command, "--help")


@pytest.fixture
def typed(database_url: str, keys_folder: Path) -> Typed:
    return Typed(database_url, keys_folder)


async def test_somebody_reads_what_is_stored(scene: Scene, typed: Typed) -> None:
    told = typed("export", " Carl@Correo.Example ")

    assert told.returncode == 0, told.stderr
    (carl,) = msgspec.json.decode(told.stdout)
    assert carl["stored"]["contacts"][0]["name"] == "Carl"
    assert carl["person_id"] == str(scene.carl.person_id)


async def test_an_owner_is_found_by_their_own_address(scene: Scene, typed: Typed) -> None:
    (olga,) = msgspec.json.decode(typed("export", "+54 9 11 2345-6789").stdout)

    assert olga["stored"]["accounts"][0]["first_name"] == "Olga"


@pytest.mark.parametrize("command", ["export", "erase"])
async def test_an_address_nobody_has_and_no_address_are_told_apart(
    scene: Scene, typed: Typed, command: str
) -> None:
    unknown, wrong = typed(command, "mallory@correo.example"), typed(command, "carl")

    assert (unknown.returncode, wrong.returncode) == (3, 1)
    assert "mallory" not in unknown.stdout + unknown.stderr
    assert "Traceback" not in wrong.stderr


async def test_somebody_is_erased_by_the_same_deadline(scene: Scene, typed: Typed) -> None:
    asked, again = typed("erase", CARLS), typed("erase", CARLS)

    assert (asked.returncode, again.returncode) == (0, 0), asked.stderr
    assert asked.stdout == again.stdout
    assert (await scene.contact()).status is ENDED
    await scene.later(FIVE_DAYS)
    assert await erasing.erase_due(scene.house) == 1
    assert typed("export", CARLS).returncode == 3
    async with scene.house.engine.connect() as db:
        (erasure,) = await load.erasures_of(db, scene.wallet.id, scene.carl.person_id)
        entries = list(await db.scalars(select(journal.c.entry)))
    assert erasure.reason == "asked-elsewhere"
    planned = [one for one in entries if '"event":"erasure-planned"' in one]
    assert len(planned) == 1
    assert '"kind":"operator"' in planned[0]


async def test_a_ticket_holds_it_and_an_open_account_refuses_it(scene: Scene, typed: Typed) -> None:
    await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)

    held, owner = typed("erase", CARLS), typed("erase", "olga-1@correo.example")

    assert (held.returncode, owner.returncode) == (4, 4)
    assert "ticket" in held.stdout
    assert "not closed" in owner.stdout
    async with scene.house.engine.connect() as db:
        assert await load.open_erasure(db, scene.wallet.id, scene.account.person_id) is None


async def test_whoever_is_never_written_to_gets_no_invitation_and_no_code(
    scene: Scene, typed: Typed
) -> None:
    async def written_to_carl() -> int:
        await dispatch_waiting(scene.house.engine, HouseDirectory(scene.house.keys), limit=100)
        async with scene.house.engine.connect() as db:
            to_carl = select(deliveries.c.id).where(deliveries.c.role == "contact")
            return len((await db.scalars(to_carl)).all())

    before = await written_to_carl()
    assert before
    first, again = typed("suppress", CARLS), typed("suppress", CARLS)
    assert (first.returncode, again.returncode) == (0, 0), first.stderr
    assert (await scene.contact()).status is LEFT
    async with scene.house.engine.connect() as db:
        index = scene.carl.address_index
        assert await is_suppressed(db, scene.house.keys, scene.wallet.id, index)

    # To the owner it looks like somebody who does not answer.
    await scene.later(2 * FIVE_DAYS)
    named = await cast.invited(scene.house, scene.wallet, await pages_again(scene))
    token = await cast.told_secret(scene.house, scene.wallet, "contact-invited")
    opened = await visits.open_link(scene.house, scene.wallet, token, Purpose.ACCEPT)
    await visits.ask_code(scene.house, scene.wallet, opened.session)

    assert named != scene.carl.id
    assert await written_to_carl() == before
    async with scene.house.engine.connect() as db:
        asked = select(outbox.c.id).where(outbox.c.event == "code-asked")
        assert len((await db.scalars(asked)).all()) == 2


async def test_what_was_stopped_is_lifted_by_hand_alone_and_recorded(
    scene: Scene, typed: Typed
) -> None:
    async def is_stopped() -> bool:
        async with scene.house.engine.connect() as db:
            index = scene.carl.address_index
            return await is_suppressed(db, scene.house.keys, scene.wallet.id, index)

    typed("suppress", CARLS)
    assert await is_stopped()
    nothing, lifted = typed("lift", "cleo@correo.example"), typed("lift", " Carl@Correo.Example ")
    again = typed("lift", CARLS)

    assert (nothing.returncode, lifted.returncode, again.returncode) == (3, 0, 3), lifted.stderr
    assert not await is_stopped()
    # Nobody is a contact by it: the owner invites anew, and now it arrives.
    assert (await scene.contact()).status is LEFT
    assert await scene.recorded("writing-allowed") == 1
    async with scene.house.engine.connect() as db:
        entries = list(await db.scalars(select(journal.c.entry)))
    (entry,) = [one for one in entries if '"event":"writing-allowed"' in one]
    assert '"kind":"operator"' in entry
    assert "carl" not in entry
    await scene.later(FIVE_DAYS)
    named = await cast.invited(scene.house, scene.wallet, await pages_again(scene))
    await dispatch_waiting(scene.house.engine, HouseDirectory(scene.house.keys), limit=100)
    async with scene.house.engine.connect() as db:
        to_them = (deliveries.c.role == "contact") & (deliveries.c.contact_id == named)
        assert len(list(await db.scalars(select(deliveries.c.id).where(to_them)))) == 1


def test_the_commands_say_what_they_do_and_how_they_end(typed: Typed) -> None:
    for command in ("export", "erase", "suppress", "lift"):
        told = typed.help_of(command)
        assert told.returncode == 0
        assert "standard input" in told.stdout
        assert "3 nobody is known" in told.stdout
