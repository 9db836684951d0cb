"""The cast before the real app: Olga at her pages, Carl with a link."""

from litestar import Litestar
from msgspec import Struct

from domain.contacts import Contact
from domain.wallets import Wallet
from service.operations import page_links
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.storage import load
from service.storage.values import LinkPurpose
from tests import people as cast
from tests.browsers import Browser, Page


class Scene(Struct, frozen=True, kw_only=True):
    """Olga's account in the wallet Norte, her phone signed in, and the app that serves it."""

    app: Litestar
    house: House
    wallet: Wallet

    def browser(self, language: str = "en") -> Browser:
        return Browser(self.app, self.wallet.origin, language=language)

    async def page_link(
        self, *, subject: str = cast.OLGA, purpose: LinkPurpose = LinkPurpose.MANAGE
    ) -> str:
        """The address the wallet's app opens for its owner."""
        token = f"{subject}-{await cast.now(self.house)}"
        session = await cast.a_session(self.house, self.wallet, token, subject=subject)
        asked = AskedLink(
            purpose=purpose,
            session_id=session.id,
            auth_time=await cast.now(self.house),
            acr=cast.NORTE.strong_acr[0],
        )
        return (await page_links.make_page_link(self.house, self.wallet, subject, asked)).url

    async def at_her_pages(
        self,
        language: str = "en",
        *,
        subject: str = cast.OLGA,
        purpose: LinkPurpose = LinkPurpose.MANAGE,
    ) -> Page:
        """The owner's list, reached as she reaches it."""
        arrived = await self.browser(language).open(
            await self.page_link(subject=subject, purpose=purpose)
        )
        return await arrived.press("/owner/enter")

    async def invitation(self, name: str = "Carl", *, subject: str = cast.OLGA) -> str:
        """The token of a fresh invitation by e-mail."""
        people = await self.at_her_pages(subject=subject)
        form = await people.follow("Invite someone")
        await form.press("/owner/invite", name=name, email=f"{name.lower()}@correo.example")
        return await self.secret("contact-invited")

    async def contact(self, name: str = "Carl", *, subject: str = cast.OLGA) -> str:
        """An active contact's personal key."""
        token = await self.invitation(name, subject=subject)
        done = await accept(self, self.browser(), token)
        return done.text.partition("does not open ")[2].split()[0]

    async def secret(self, event: str) -> str:
        return await cast.told_secret(self.house, self.wallet, event)

    async def code(self) -> str:
        return await self.secret("code-asked")

    async def wrong_code(self) -> str:
        """Any six digits but the right ones."""
        return f"{(int(await self.code()) + 1) % 1_000_000:06}"

    async def contacts(self, *, subject: str = cast.OLGA) -> tuple[Contact, ...]:
        async with self.house.engine.connect() as db:
            account = await load.account_by_subject(db, self.wallet.id, subject)
            assert account is not None
            return await load.contacts_of(db, self.wallet.id, account.id)


async def to_the_code(browser: Browser, token: str) -> Page:
    """From an invitation's link to the page that asks for the code."""
    opened = await browser.open(f"/i#{token}")
    read = await opened.press("/i", token=token)
    return await read.press("/i/code")


async def accept(scene: Scene, browser: Browser, token: str) -> Page:
    """The whole of an acceptance, in English, without an own label."""
    code = await to_the_code(browser, token)
    label = await code.press("/i/code/check", code=await scene.code())
    return await label.press(label.form("/i/label", saying="without"))


async def to_the_report_code(browser: Browser, key: str) -> Page:
    opened = await browser.open(f"/r#{key}")
    return await opened.press("/r", token=key)


async def to_the_check(scene: Scene, browser: Browser, key: str, **told: str) -> Page:
    """From the personal link to the summary; Carl has one owner, so nobody asks whose phone."""
    code = await to_the_report_code(browser, key)
    what = await code.press("/r/code/check", code=await scene.code())
    return await what.press("/r/what", **({"kind": "stolen"} | told))


async def a_receipt(scene: Scene, browser: Browser, key: str, **told: str) -> Page:
    summary = await to_the_check(scene, browser, key, **told)
    return await summary.press("/r/confirm")
