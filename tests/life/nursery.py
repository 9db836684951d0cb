"""Where lives begin: a wallet, two owners, contacts and agents, made once, copied for each."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from typing import Final
from uuid import uuid4

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import create_async_engine

from domain.ids import ContactId, SessionId
from domain.policy import DEFAULT, RecoveryPolicy
from domain.wallets import Wallet
from service.embedded import SERVICE, Cluster
from service.operations import agents, clients, recovery_cards
from service.operations.agents import NewAgent, SignedIn
from service.operations.house import House
from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.security.totp import code_at
from service.storage.values import Scope
from tests import people as cast

GATEWAY: Final = "gateway"
OWNERS: Final = ("olga-1", "olga-2")
# Each code of a card costs a slow hash; two are a first, a last, and one that is used already.
_SMALL_CARDS: Final = replace(DEFAULT, recovery=RecoveryPolicy(codes_on_a_card=2))


class Born(Struct, frozen=True, kw_only=True):
    """What everybody has at the beginning of every life."""

    wallet: Wallet
    gateways_secret: str
    # Subject, session and token of a phone of each owner.
    phones: tuple[tuple[str, SessionId, str], ...]
    # Personal links: Carl and Cleo for the first owner, Carl for the second too.
    links: tuple[str, ...]
    lives_at: tuple[tuple[ContactId, str], ...]
    # The first owner's card.
    card: tuple[str, ...]
    # From level 1 to 4; the last of them was made today, and may not approve yet.
    agents: tuple[SignedIn, ...]


class Nursery:
    """Databases that begin alike, each with a life of its own."""

    def __init__(self, cluster: Cluster, template: str, keys: KeyRing) -> None:
        self._cluster = cluster
        self._keys = keys
        self._pattern = f"pattern_{uuid4().hex[:12]}"
        cluster.create_database(self._pattern, template=template)
        self.born = asyncio.run(self._fill())

    @contextmanager
    def life(self) -> Generator[str]:
        """The address of a fresh copy, gone afterwards."""
        name = f"life_{uuid4().hex[:12]}"
        self._cluster.create_database(name, template=self._pattern)
        try:
            yield self._cluster.url(SERVICE, name)
        finally:
            self._cluster.drop_database(name)

    def house(self, url: str) -> House:
        """To be used in one event loop alone."""
        engine = create_async_engine(url, pool_size=4, hide_parameters=True)
        return House(engine=engine, keys=self._keys, passwords=Passwords())

    def end(self) -> None:
        self._cluster.drop_database(self._pattern)

    async def _fill(self) -> Born:
        house = self.house(self._cluster.url(SERVICE, self._pattern))
        try:
            return await _born(house)
        finally:
            await house.engine.dispose()


async def _born(house: House) -> Born:
    wallet = await cast.a_wallet(house, replace(cast.NORTE, policy=_SMALL_CARDS))
    phones: list[tuple[str, SessionId, str]] = []
    links: list[str] = []
    lives_at: list[tuple[ContactId, str]] = []
    card: tuple[str, ...] = ()
    for subject, names in zip(OWNERS, (("Carl", "Cleo"), ("Carl",)), strict=True):
        await cast.olga(house, wallet, subject)
        token = f"phone of {subject}"
        session = await cast.a_session(house, wallet, token, subject=subject)
        pages = await cast.at_her_pages(house, wallet, session, subject)
        for name in names:
            contact, link = await cast.a_contact(house, wallet, pages, name)
            links.append(link)
            lives_at.append((contact.id, f"{name.lower()}@correo.example"))
        if not card:
            card = await recovery_cards.make_card(house, wallet, pages, key="card") or ()
        phones.append((subject, session.id, token))
        # Nobody may ask for another code right away.
        await cast.move_clock(house, timedelta(minutes=5))
    levels = {"bruno": 1, "astrid": 2, "arne": 3, "sofia": 4}
    working = [await cast.an_agent(house, wallet, login, level) for login, level in levels.items()]
    working.append(await _made_today(house, wallet))
    return Born(
        wallet=wallet,
        gateways_secret=await clients.add_client(house, wallet.id, GATEWAY, (Scope.INTROSPECT,)),
        phones=tuple(phones),
        links=tuple(links),
        lives_at=tuple(lives_at),
        card=card,
        agents=tuple(working),
    )


async def _made_today(house: House, wallet: Wallet) -> SignedIn:
    new = NewAgent(
        login="nora",
        name="Nora",
        password=cast.PASSWORD,
        level=3,
        wallets=(wallet.id,),
        language="es",
    )
    code = code_at(await agents.add_agent(house, new), await cast.now(house))
    opened = await agents.sign_in(house, login="nora", password=cast.PASSWORD, code=code)
    return await agents.signed_in(house, opened.cookie)


def sha(token: str) -> bytes:
    return sha256(token.encode()).digest()
