"""What the tests of the owner's pages share."""

from datetime import datetime, timedelta

from domain.contacts import Contact
from service.operations import page_links
from service.operations.page_links import AskedLink
from service.storage.values import LinkPurpose
from service.wording import said
from tests import people as cast
from tests.browsers import Page
from tests.web.scene import Scene


async def three_people(scene: Scene) -> tuple[Contact, ...]:
    """Carl and Cleo have accepted more than a day ago; Dora has not answered."""
    for name in ("Carl", "Cleo"):
        await scene.contact(name)
    await cast.move_clock(scene.house, timedelta(hours=24))
    await scene.invitation("Dora")
    return await scene.contacts()


async def to_dispute(scene: Scene, *, language: str = "en", since: timedelta | None = None) -> Page:
    """The page the wallet's app opens for an owner whose wallet is frozen; not entered yet."""
    now = await cast.now(scene.house)
    asked = AskedLink(
        purpose=LinkPurpose.DISPUTE,
        session_id=None,
        auth_time=now - (since or timedelta()),
        acr=cast.NORTE.strong_acr[0],
    )
    made = await page_links.make_page_link(scene.house, scene.wallet, cast.OLGA, asked)
    return await scene.browser(language).open(made.url)


def on_her_clock(instant: datetime, now: datetime, language: str = "en") -> str:
    """As her pages write it: in Buenos Aires."""
    zone = "America/Argentina/Buenos_Aires"
    return said(instant, language=language, time_zone=zone, now=now)
