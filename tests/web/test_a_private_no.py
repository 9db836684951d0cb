"""A no stays private also when the invitation is taken back and made again: two owners do the same,
one to somebody who said no, one to somebody who said nothing. Whatever they read is the same.
"""

from datetime import timedelta
from typing import Final

import pytest
from msgspec import Struct
from sqlalchemy import select

from domain.contacts import Contact, ContactStatus
from domain.policy import DEFAULT
from notifications.dispatch import dispatch_waiting
from service.operations import housekeeping, purging
from service.storage import load
from service.storage.directory import HouseDirectory
from service.storage.tables import deliveries
from tests import people as cast
from tests.browsers import Page
from tests.web.scene import Scene, accept

pytestmark = pytest.mark.anyio
A_DAY: Final = timedelta(days=1)
LASTS: Final = DEFAULT.contacts.invitation_lasts
RESTS: Final = DEFAULT.contacts.rests_for


class Owner(Struct, frozen=True, kw_only=True):
    """And where their Carl reads; masked, both addresses look alike."""

    scene: Scene
    subject: str
    email: str

    async def invites(self) -> Page:
        form = await (await self.pages()).follow("Invite someone")
        return await form.press("/owner/invite", name="Carl", email=self.email)

    async def takes_back(self) -> Page:
        ask = await (await self.pages()).follow("Take back: Carl")
        return await ask.press(ask.path)

    async def sends_again(self) -> Page:
        ask = await (await self.pages()).follow("Send again: Carl")
        return await ask.press(ask.path)

    async def pages(self) -> Page:
        return await self.scene.at_her_pages(subject=self.subject)

    async def last(self) -> Contact:
        return (await self.scene.contacts(subject=self.subject))[-1]

    async def reads(self) -> list[str]:
        """Every page that may say something, and what was written to this owner."""
        people = await self.pages()
        told = [(await people.follow("What happened")).text, people.text]
        house, wallet = self.scene.house, self.scene.wallet
        await dispatch_waiting(house.engine, HouseDirectory(house.keys), limit=1000)
        async with house.engine.connect() as db:
            account = await load.account_by_subject(db, wallet.id, self.subject)
            assert account is not None
            ours = (deliveries.c.account_id == account.id) & (deliveries.c.role == "owner")
            told += sorted(await db.scalars(select(deliveries.c.event).where(ours)))
        return told

    async def written_to_carl(self) -> int:
        """How many messages ever went to whoever they named."""
        here = [one.id for one in await self.scene.contacts(subject=self.subject)]
        async with self.scene.house.engine.connect() as db:
            to_them = deliveries.c.contact_id.in_(here) & (deliveries.c.role == "contact")
            return len((await db.scalars(select(deliveries.c.id).where(to_them))).all())


@pytest.fixture
async def owners(scene: Scene, clock_stands: None) -> tuple[Owner, Owner]:
    """The first one's Carl says no, the second one's nothing; what both read is dated alike."""
    await cast.olga(scene.house, scene.wallet, "bruna-1")
    told = Owner(scene=scene, subject=cast.OLGA, email="carla@correo.example")
    untold = Owner(scene=scene, subject="bruna-1", email="carlo@correo.example")
    await told.invites()
    opened = await scene.browser().open(f"/i#{await scene.secret('contact-invited')}")
    read = await opened.press("/i", token=await scene.secret("contact-invited"))
    declined = await read.press("/i/decline")
    assert "only sees that there was no answer" in declined.text
    await untold.invites()
    return told, untold


async def both_read_the_same(owners: tuple[Owner, Owner]) -> None:
    told, untold = [await owner.reads() for owner in owners]
    assert told == untold
    (one, other) = [await owner.last() for owner in owners]
    assert one.lapses_at - one.invited_at == other.lapses_at - other.invited_at


async def test_taken_back_and_invited_again_a_no_and_a_silence_read_the_same(
    scene: Scene, owners: tuple[Owner, Owner]
) -> None:
    told, untold = owners
    await both_read_the_same(owners)
    taken = [(await owner.takes_back()).text for owner in owners]
    assert taken[0] == taken[1]
    await both_read_the_same(owners)
    # The next day is not too soon for either.
    early = [await owner.invites() for owner in owners]
    assert [page.status for page in early] == [429, 429]
    assert early[0].text == early[1].text
    await cast.move_clock(scene.house, A_DAY)
    before = await told.written_to_carl()
    again = [(await owner.invites()).text for owner in owners]
    assert again[0] == again[1]
    await both_read_the_same(owners)

    assert (await told.last()).status is ContactStatus.DECLINED
    assert (await untold.last()).status is ContactStatus.INVITED
    assert await told.written_to_carl() == before
    assert await untold.written_to_carl() > before
    await cast.move_clock(scene.house, A_DAY)
    sent = [(await owner.sends_again()).text for owner in owners]
    assert sent[0] == sent[1]
    await both_read_the_same(owners)
    assert await told.written_to_carl() == before


async def test_it_ends_and_rests_and_is_forgotten_at_the_same_instants(
    scene: Scene, owners: tuple[Owner, Owner]
) -> None:
    told, untold = owners
    for owner in owners:
        await owner.takes_back()
    await cast.move_clock(scene.house, A_DAY)
    for owner in owners:
        await owner.invites()
    await cast.move_clock(scene.house, LASTS)
    await housekeeping.settle_contacts(scene.house)
    await both_read_the_same(owners)
    refused = [await owner.invites() for owner in owners]
    assert [page.status for page in refused] == [429, 429]
    assert refused[0].text == refused[1].text

    # The names go together, so that the history says nothing either.
    for _ in range(8):
        await purging.purge(scene.house)
        await both_read_the_same(owners)
        await cast.move_clock(scene.house, A_DAY)
    await cast.move_clock(scene.house, RESTS)
    page = await untold.invites()
    assert page.text == (await told.invites()).text
    # A season later the person behind the no is asked once more, and may say yes.
    assert (await told.last()).status is ContactStatus.INVITED
    done = await accept(scene, scene.browser(), await scene.secret("contact-invited"))
    assert done.status == 200
