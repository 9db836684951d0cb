"""A contact in their own space, as the tests of its pages reach it."""

from sqlalchemy import select

from service.security.encryption import Place
from service.storage.keychain import Opener
from service.storage.tables import authenticators, outbox
from tests.browsers import Browser, Page
from tests.web.scene import Scene


async def at_home(scene: Scene, browser: Browser, key: str) -> Page:
    """From the personal link to "who trusts me"."""
    opened = await browser.open(f"/contact#{key}")
    code = await opened.press("/contact", token=key)
    assert code.path == "/contact/code"
    home = await code.press("/contact/code/check", code=await scene.code())
    assert home.path == "/contact/home"
    return home


async def at_home_by_address(scene: Scene, browser: Browser, address: str) -> Page:
    asked = await browser.open("/contact/address")
    code = await asked.press("/contact/address", address=address)
    home = await code.press("/contact/code/check", code=await scene.code())
    assert home.path == "/contact/home", home.text
    return home


async def with_second(scene: Scene, browser: Browser, address: str) -> Page:
    """In a browser that is at home: a second address, proved."""
    page = await browser.open("/contact/second")
    code = await page.press("/contact/second", address=address)
    assert code.path == "/contact/second/code"
    return await code.press("/contact/second/code/check", code=await scene.code())


async def app_secret(scene: Scene) -> str:
    """The secret of the only authenticator app, as its owner scanned it."""
    async with scene.house.engine.connect() as db:
        row = (await db.execute(select(authenticators))).one()
        opener = await Opener.for_values(db, scene.house.keys, (row.secret,))
        return opener.text(Place("authenticators", "secret", row.id), row.secret)


async def promised(scene: Scene, event: str) -> list[str]:
    """The bodies of all promised messages of a kind."""
    async with scene.house.engine.connect() as db:
        found = select(outbox.c.body).where(outbox.c.event == event).order_by(outbox.c.id)
        return list(await db.scalars(found))
