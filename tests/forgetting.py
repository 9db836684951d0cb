"""Somebody who is to be forgotten, and everything in the house that may still speak of them."""

from datetime import timedelta
from typing import Final

from msgspec import Struct
from sqlalchemy import select

from domain.accounts import Account, AddressKind, ClosingReason
from domain.challenges import Purpose
from domain.contacts import Contact
from domain.ids import TicketId
from domain.wallets import Wallet
from service.operations import accounts, housekeeping, own_data, reports, visits
from service.operations.accounts import ToldAccount, ToldAddress
from service.operations.house import House
from service.storage import load
from service.storage.rows import every
from service.storage.tables import contacts, data_keys, journal, persons, tickets
from service.storage.values import BrowserSession, Person
from tests import people as cast

A_DAY: Final = timedelta(days=1)
FIVE_DAYS: Final = 5 * A_DAY


class Scene(Struct, frozen=True, kw_only=True):
    """Olga, and Carl whom she trusts."""

    house: House
    wallet: Wallet
    account: Account
    pages: BrowserSession
    carl: Contact
    link: str

    async def in_his_space(self) -> BrowserSession:
        """Carl, by his link and a code, where he sees and erases what is stored."""
        await self.later(timedelta(minutes=2))
        opened = await visits.open_link(self.house, self.wallet, self.link, Purpose.SPACE)
        await visits.ask_code(self.house, self.wallet, opened.session)
        code = await cast.told_secret(self.house, self.wallet, "code-asked")
        cookie = await reports.spend_code(self.house, self.wallet, opened.session, code)
        assert isinstance(cookie, str)
        return await visits.session_of(self.house, self.wallet, cookie)

    async def asks(self) -> None:
        await own_data.ask_erasure(self.house, self.wallet, await self.in_his_space())

    async def later(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def contact(self) -> Contact:
        async with self.house.engine.connect() as db:
            return await load.contact(db, self.wallet.id, self.carl.id)

    async def person(self) -> Person:
        async with self.house.engine.connect() as db:
            return await load.person(db, self.wallet.id, self.carl.person_id)

    async def persons(self) -> tuple[Person, ...]:
        async with self.house.engine.connect() as db:
            return await every(db, select(persons).order_by(persons.c.id), Person)

    async def contacts(self) -> tuple[Contact, ...]:
        async with self.house.engine.connect() as db:
            return await every(db, select(contacts).order_by(contacts.c.id), Contact)

    async def ticket_ids(self) -> tuple[TicketId, ...]:
        async with self.house.engine.connect() as db:
            found = await db.scalars(select(tickets.c.id).order_by(tickets.c.id))
            return tuple(TicketId(one) for one in found)

    async def has_key(self, key_id: object) -> bool:
        async with self.house.engine.connect() as db:
            found = select(data_keys.c.id).where(data_keys.c.id == key_id)
            return await db.scalar(found) is not None

    async def recorded(self, event: str) -> int:
        """How often the journal says so."""
        async with self.house.engine.connect() as db:
            entries = await db.scalars(select(journal.c.entry))
            return sum(f'"event":"{event}"' in entry for entry in entries)

    async def closed(self) -> None:
        """Olga's account, announced and settled."""
        await accounts.close_account(
            self.house,
            self.wallet,
            self.account.subject,
            reason=ClosingReason.CLOSED,
            by=cast.THE_WALLET,
        )
        await self.later(timedelta(hours=72))
        await housekeeping.close_accounts(self.house)


async def a_scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone")
    pages = await cast.at_her_pages(house, wallet, phone)
    carl, link = await cast.a_contact(house, wallet, pages)
    return Scene(house=house, wallet=wallet, account=account, pages=pages, carl=carl, link=link)


async def pages_again(scene: Scene) -> BrowserSession:
    """Olga at her pages on another day, by a device that was never reported."""
    token = f"phone at {await cast.now(scene.house)}"
    session = await cast.a_session(scene.house, scene.wallet, token, cast.LAPTOP)
    return await cast.at_her_pages(scene.house, scene.wallet, session)


def moved(scene: Scene, address: str) -> ToldAccount:
    """Olga as the wallet tells of her with this address alone."""
    return ToldAccount(
        subject=scene.account.subject,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone="America/Argentina/Buenos_Aires",
        addresses=(ToldAddress(kind=AddressKind.EMAIL, address=address, verified_at=None),),
    )
