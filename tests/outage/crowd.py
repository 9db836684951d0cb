"""Many at once: owners whose phone is gone, and contacts who press the button until it holds."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final

import httpx
from msgspec import Struct

from domain.accounts import Account, AddressKind
from domain.challenges import Purpose
from domain.contacts import Contact
from domain.reports import LossKind
from domain.wallets import Wallet
from service.operations import accounts, reports, visits
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.house import House
from service.operations.visits import Draft
from service.web.frame import CONTACT_COOKIE
from tests import people as cast
from tests.browsers import Page
from tests.outage.town import LOOKS_EVERY, RealBrowser, Town

CODE: Final = re.compile(r"\b\d{6}\b")
REFERENCE: Final = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]\b")


class Owner(Struct, frozen=True, kw_only=True):
    account: Account
    # Of a session that lives until her phone is reported.
    token: str
    contacts: tuple[Contact, ...]
    links: tuple[str, ...]
    # The contacts' own, each unlike everybody else's.
    addresses: tuple[str, ...]


class Reporter(Struct, kw_only=True):
    """A contact on the pavement with somebody's phone in hand."""

    owner: Owner
    contact: Contact
    link: str
    browser: RealBrowser
    address: str
    # How often an answer was lost, and how often it was "not stopped".
    lost: int = 0
    refused: int = 0
    reference: str | None = None

    async def surely(self, act: Callable[[], Awaitable[Page]]) -> Page:
        """What was lost, or refused for now, is pressed again: the very same request."""
        while True:
            try:
                page = await act()
            except httpx.TransportError:
                self.lost += 1
            else:
                if page.status < 500:
                    return page
                assert page.status == 503, page.text
                assert int(page.headers["Retry-After"]) > 0
                assert "NOT stopped" in page.text or "NOT stopped" in page.html
                self.refused += 1
            await asyncio.sleep(LOOKS_EVERY)

    async def comes_to_the_button(self, town: Town) -> Page:
        """By link, the code from the letter, and what happened; up to the summary."""
        opened = await self.browser.open(f"/r#{self.link}")
        came_before = len(town.mailbox.letters)
        code_page = await opened.press("/r", token=self.link)
        code = await self._code(town, came_before)
        what = await code_page.press("/r/code/check", code=code)
        return await what.press("/r/what", kind=LossKind.STOLEN.value)

    async def presses(self, summary: Page) -> None:
        receipt = await self.surely(lambda: summary.press("/r/confirm"))
        assert receipt.path == "/r/receipt", receipt.text
        shown = REFERENCE.search(receipt.text)
        assert shown is not None, receipt.text
        self.reference = shown[0]

    async def _code(self, town: Town, came_before: int) -> str:
        """From the letter that comes now; the test's time limit ends a wait in vain."""
        while True:
            for number in range(came_before, len(town.mailbox.recipients)):
                body = town.mailbox.letters[number].get_body(("plain",))
                assert body is not None
                found = CODE.search(body.get_content())
                if self.address in town.mailbox.recipients[number] and found is not None:
                    return found[0]
            await asyncio.sleep(LOOKS_EVERY)


async def an_owner(house: House, wallet: Wallet, number: int, *, contacts: int) -> Owner:
    """With a session that lives, and contacts whose links are in their hands."""
    subject = f"olga-{number}"
    month_ago = await cast.now(house) - timedelta(days=30)
    told = ToldAccount(
        subject=subject,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="en",
        time_zone="America/Argentina/Buenos_Aires",
        # No phone: there is no carrier for texts here.
        addresses=(
            ToldAddress(
                kind=AddressKind.EMAIL,
                address=f"{subject}@correo.example",
                verified_at=month_ago,
            ),
        ),
    )
    account = await accounts.put_account(house, wallet, told, by=cast.THE_WALLET)
    token = f"a session of {subject}"
    session = await cast.a_session(house, wallet, token, subject=subject)
    pages = await cast.at_her_pages(house, wallet, session, subject)
    names = [f"{name}{_in_letters(number)}" for name in ("Carl", "Cleo")[:contacts]]
    made = [await cast.a_contact(house, wallet, pages, name) for name in names]
    return Owner(
        account=account,
        token=token,
        contacts=tuple(contact for contact, _ in made),
        links=tuple(link for _, link in made),
        addresses=tuple(f"{name.lower()}@correo.example" for name in names),
    )


def reporters_of(town: Town, owners: Sequence[Owner]) -> list[Reporter]:
    return [
        Reporter(
            owner=owner,
            contact=contact,
            link=link,
            browser=town.browser(),
            address=address,
        )
        for owner in owners
        for contact, link, address in zip(owner.contacts, owner.links, owner.addresses, strict=True)
    ]


async def a_verified_browser(
    house: House, wallet: Wallet, owner: Owner, browser: RealBrowser
) -> RealBrowser:
    """After link and code, with the summary before their eyes."""
    opened = await visits.open_link(house, wallet, owner.links[0], Purpose.REPORT)
    await visits.ask_code(house, wallet, opened.session)
    code = await cast.told_secret(house, wallet, "code-asked")
    cookie = await reports.spend_code(house, wallet, opened.session, code)
    session = await visits.session_of(house, wallet, cookie)
    draft = Draft(contact_id=owner.contacts[0].id, kind=LossKind.STOLEN)
    await reports.save(house, wallet, session, draft)
    browser.cookies[CONTACT_COOKIE] = cookie
    return browser


def _in_letters(number: int) -> str:
    """Names have no digits."""
    return "".join("abcdefghij"[int(digit)] for digit in str(number))
