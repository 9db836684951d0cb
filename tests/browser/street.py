"""The service that all tests of a module share; each test has a wallet of its own on it.

The clock is everyone's, and only goes forward.
"""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from domain.accounts import AccountState
from domain.contacts import Contact
from domain.ids import ContactId
from domain.wallets import Wallet
from service.embedded import Cluster
from service.operations import page_links
from service.operations.house import House
from service.operations.page_links import AskedLink
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage import load
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.houses import settings_for
from tests.ports import free_port
from tests.served import environment_of, serving

# Wallets are read every few seconds: those of all tests are there before the service begins.
_WALLETS: Final = 12
# After which the next code may be asked for.
A_WHILE: Final = timedelta(minutes=5)


class Served(Struct, frozen=True):
    """One wallet of the running service, with Olga's account in it."""

    house: House
    wallet: Wallet

    @property
    def origin(self) -> str:
        return self.wallet.origin

    async def page_link(self) -> str:
        """The address that the wallet's app opens, after she signed in strongly just now."""
        token = f"on her laptop, {uuid4()}"
        session = await cast.a_session(self.house, self.wallet, token, cast.LAPTOP)
        asked = AskedLink(
            purpose=LinkPurpose.MANAGE,
            session_id=session.id,
            auth_time=await cast.now(self.house),
            acr=cast.NORTE.strong_acr[0],
        )
        return (await page_links.make_page_link(self.house, self.wallet, cast.OLGA, asked)).url

    async def dispute_link(self) -> str:
        """The same while she is frozen, when no session of hers lives."""
        asked = AskedLink(
            purpose=LinkPurpose.DISPUTE,
            session_id=None,
            auth_time=await cast.now(self.house),
            acr=cast.NORTE.strong_acr[0],
        )
        return (await page_links.make_page_link(self.house, self.wallet, cast.OLGA, asked)).url

    async def at_her_pages(self) -> BrowserSession:
        """Olga at her pages, for what happened before a story."""
        session = await cast.a_session(self.house, self.wallet, f"on her phone, {uuid4()}")
        return await cast.at_her_pages(self.house, self.wallet, session)

    async def a_contact(self, name: str = "Carl") -> tuple[ContactId, str]:
        """Somebody who accepted; their personal key. A code can be asked for again."""
        olga = await self.at_her_pages()
        contact, key = await cast.a_contact(self.house, self.wallet, olga, name)
        await cast.move_clock(self.house, A_WHILE)
        return contact.id, key

    async def contact(self, contact_id: ContactId) -> Contact:
        async with self.house.engine.connect() as db:
            return await load.contact(db, self.wallet.id, contact_id)

    async def contacts(self) -> tuple[Contact, ...]:
        """Everybody whom Olga ever invited."""
        async with self.house.engine.connect() as db:
            account = await load.account_by_subject(db, self.wallet.id, cast.OLGA)
            assert account is not None
            return await load.contacts_of(db, self.wallet.id, account.id)

    async def secret(self, event: str) -> str:
        """The code or token of the newest message of this kind, as its recipient reads it."""
        return await cast.told_secret(self.house, self.wallet, event)

    async def code(self) -> str:
        return await self.secret("code-asked")

    async def state(self) -> AccountState:
        async with self.house.engine.connect() as db:
            account = await load.account_by_subject(db, self.wallet.id, cast.OLGA)
        assert account is not None
        return account.state


class Street(Struct, frozen=True):
    """The service that all tests of a module share."""

    house: House
    # Of which each test takes one.
    wallets: list[Wallet]


@pytest.fixture(scope="module")
async def street(
    cluster: Cluster, template: str, keys: KeyRing, keys_folder: Path
) -> AsyncGenerator[Street]:
    name, port = f"street_{uuid4().hex[:12]}", free_port()
    cluster.create_database(name, template=template)
    url = cluster.url("resguardo_service", name)
    engine = create_async_engine(url, poolclass=NullPool)
    house = House(engine=engine, keys=keys, passwords=Passwords())
    wallets = [await _a_wallet(house, f"{number}.localhost:{port}") for number in range(_WALLETS)]
    with serving(environment_of(settings_for(url, keys_folder), port)):
        yield Street(house, wallets)
    await engine.dispose()
    cluster.drop_database(name)


async def _a_wallet(house: House, host: str) -> Wallet:
    wallet = await cast.a_wallet(house, replace(cast.NORTE, origin=f"http://norte-{host}"))
    await cast.olga(house, wallet)
    return wallet


@pytest.fixture
def served(street: Street) -> Served:
    return Served(street.house, street.wallets.pop())
