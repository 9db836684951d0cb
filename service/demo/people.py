"""Who lives in the demo: the wallet "Norte", its backend's key, three agents; Olga comes later.

Everything goes through the operations. Only what time alone could do is done with the owner's
database address: agents are dated two days back and Olga's addresses thirty, so that no rule
needs an exception and nothing in the service knows of a demo.
"""

import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from domain.wallets import Wallet
from service.operations import agents, clients, wallets
from service.operations.agents import NewAgent
from service.operations.house import House
from service.operations.wallets import NewWallet
from service.security import keys
from service.security.encryption import CannotOpen
from service.security.passwords import Passwords
from service.storage import load as stored
from service.storage import tables
from service.storage.keychain import find_key
from service.storage.tables import now
from service.storage.values import Scope

CLIENT: Final = "norte-backend"
SCOPES: Final = (Scope.ACCOUNTS, Scope.SESSIONS, Scope.INTROSPECT, Scope.PROOFS)
# For whoever tries the interface by hand, as docs/integration.md does.
ENGINEER: Final = "engineer"
# As the sample wallet calls a sign-in with a passkey.
STRONG: Final = "urn:norte:acr:passkey"
ADDRESSES_ARE: Final = timedelta(days=30)
AGENTS_ARE: Final = timedelta(days=2)
CAST: Final = (("astrid", "Astrid", 2), ("arne", "Arne", 3), ("sofia", "Sofía", 4))


class DemoBroken(Exception):
    """What is stored does not fit together; the text says what to do."""


class DemoAgent(Struct, frozen=True, kw_only=True):
    """A sign-in in clear, for whoever tries the demo."""

    login: str
    level: int
    password: str
    totp_secret: str


class Secrets(Struct, frozen=True):
    """The demo's clear secrets: files beside the keys, readable by their owner alone."""

    folder: Path

    @property
    def client(self) -> Path:
        return self.folder / "sample-wallet"

    @property
    def engineer(self) -> Path:
        return self.folder / "demo-engineer"

    @property
    def agents(self) -> Path:
        return self.folder / "demo-agents.json"

    def written(self) -> frozenset[Path]:
        return frozenset(self.folder.iterdir())

    def known_agents(self) -> tuple[DemoAgent, ...]:
        if not self.agents.exists():
            return ()
        return msgspec.json.decode(self.agents.read_bytes(), type=tuple[DemoAgent, ...])


async def load(
    *, service_url: str, owner_url: str, keys_folder: Path, origin: str, issuer: str
) -> None:
    """Make who is missing; twice does no harm. Raises DemoBroken.

    The wallet's origin and its issuer follow: their ports may have been taken by someone else.
    """
    private = Secrets(keys_folder)
    async with open_house(service_url, keys_folder) as house, as_owner(owner_url) as owner:
        wallet = await the_wallet(house, owner, origin, issuer)
        await the_clients(house, owner, wallet, private)
        await the_agents(house, owner, wallet, private)


async def date_addresses_back(owner_url: str) -> None:
    """Olga's addresses have been on file for a month, however lately her wallet told of them."""
    table = tables.account_addresses
    async with as_owner(owner_url) as db:
        long_ago = now - ADDRESSES_ARE
        await db.execute(
            update(table).values(
                added_at=func.least(table.c.added_at, long_ago),
                verified_at=func.least(table.c.verified_at, long_ago),
            )
        )


@asynccontextmanager
async def open_house(service_url: str, keys_folder: Path) -> AsyncGenerator[House]:
    engine = create_async_engine(service_url)
    try:
        yield House(engine=engine, keys=keys.load(keys_folder), passwords=Passwords())
    finally:
        await engine.dispose()


@asynccontextmanager
async def as_owner(owner_url: str) -> AsyncGenerator[AsyncConnection]:
    """Every statement is its own transaction: the operations must see it."""
    engine = create_async_engine(owner_url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as db:
            yield db
    finally:
        await engine.dispose()


async def the_wallet(house: House, owner: AsyncConnection, origin: str, issuer: str) -> Wallet:
    known = next((w for w in await stored.all_wallets(owner) if w.name == "Norte"), None)
    if known is None:
        return await wallets.add_wallet(house, norte(origin, issuer))
    try:
        await find_key(owner, house.keys, known.data_key_id)
    except CannotOpen:
        raise DemoBroken(
            "The keys do not open this database: they belong to another one. "
            "`make run-clean` forgets both."
        ) from None
    if (known.origin, known.issuer, known.audience) != (origin, issuer, origin):
        moved = update(tables.wallets).where(tables.wallets.c.id == known.id)
        await owner.execute(
            moved.values(
                origin=origin,
                issuer=issuer,
                audience=origin,
                row_version=tables.wallets.c.row_version + 1,
            )
        )
    return known


async def the_clients(
    house: House, owner: AsyncConnection, wallet: Wallet, private: Secrets
) -> None:
    """The sample wallet's backend, and one with every scope for whoever tries the interface."""
    for client_id, scopes, file in (
        (CLIENT, SCOPES, private.client),
        (ENGINEER, tuple(Scope), private.engineer),
    ):
        table = tables.api_clients
        if file in private.written():
            # A demo of before may ask for all that the sample wallet does today.
            wanted = [scope.value for scope in scopes]
            await owner.execute(
                update(table).where(table.c.client_id == client_id).values(scopes=wanted)
            )
            continue
        # One whose secret was never written down serves nobody; it frees the name.
        await owner.execute(
            update(table)
            .where(table.c.client_id == client_id)
            .values(client_id=f"{client_id}-{secrets.token_hex(4)}", ended_at=now)
        )
        secret = await clients.add_client(house, wallet.id, client_id, scopes)
        write_private(file, secret.encode() + b"\n")


async def the_agents(
    house: House, owner: AsyncConnection, wallet: Wallet, private: Secrets
) -> None:
    known = {agent.login: agent for agent in private.known_agents()}
    for login, name, level in CAST:
        if login in known:
            continue
        await put_aside(owner, login)
        chosen = password()
        new = NewAgent(
            login=login,
            name=name,
            password=chosen,
            level=level,
            wallets=(wallet.id,),
            language="es",
        )
        secret = await agents.add_agent(house, new)
        known[login] = DemoAgent(login=login, level=level, password=chosen, totp_secret=secret)
        write_private(private.agents, msgspec.json.encode(tuple(known.values())))
    table = tables.agents
    before = now - AGENTS_ARE
    await owner.execute(
        update(table)
        .where(table.c.login.in_(known))
        .values(
            created_at=func.least(table.c.created_at, before),
            can_approve_from=func.least(table.c.can_approve_from, before + timedelta(days=1)),
        )
    )


async def put_aside(owner: AsyncConnection, login: str) -> None:
    """An agent whose sign-in was never written down frees the name, and stays in the record."""
    table = tables.agents
    await owner.execute(
        update(table)
        .where(table.c.login == login)
        .values(login=f"{login}-{secrets.token_hex(4)}", ended_at=now)
    )


def norte(origin: str, issuer: str) -> NewWallet:
    return NewWallet(
        origin=origin,
        name="Norte",
        short_name="Norte",
        colour="#3d3bb8",
        languages=("es", "pt-BR", "en"),
        time_zone="America/Argentina/Buenos_Aires",
        country="AR",
        dialling_codes=("54", "55", "57", "598"),
        support_number="+54 800 555 0101",
        support_hours="24 h",
        text_channel="WhatsApp +54 9 11 5555 0101",
        emergency_number="911",
        email_from="avisos@norte.example",
        strong_acr=(STRONG,),
        issuer=issuer,
        audience=origin,
        token_algorithms=("ES256",),
    )


def password() -> str:
    """To be copied, or typed from the screen: no letters that look alike, no words by chance."""
    letters = "bcdfghjkmnpqrtvwxz2346789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def write_private(path: Path, content: bytes) -> None:
    """All of it or nothing, for its owner alone."""
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.unlink(missing_ok=True)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    unfinished.replace(path)
