"""Who lives in the demo, and that loading them can be repeated, interrupted and moved."""

import shutil
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from domain.access import Agent
from domain.wallets import Wallet
from service.demo import people
from service.demo.people import DemoBroken, Secrets
from service.embedded import OWNER, SERVICE, Cluster
from service.operations import agents, clients
from service.operations.house import House
from service.security import keys
from service.security.totp import code_at
from service.storage import load
from service.storage.tables import account_addresses
from tests import people as cast

pytestmark = pytest.mark.anyio


class Loader:
    def __init__(self, house: House, service_url: str, owner_url: str, folder: Path) -> None:
        self.house = house
        self.owner_url = owner_url
        self.private = Secrets(folder)
        self._service_url = service_url

    async def load(self, port: int = 8000, folder: Path | None = None) -> Wallet:
        await people.load(
            service_url=self._service_url,
            owner_url=self.owner_url,
            keys_folder=folder or self.private.folder,
            origin=f"http://localhost:{port}",
            issuer=f"http://localhost:{port + 1}",
        )
        async with self.house.engine.connect() as db:
            (wallet,) = await load.all_wallets(db)
            return wallet

    async def agents(self) -> dict[str, Agent]:
        async with self.house.engine.connect() as db:
            found = [await load.agent_by_login(db, login) for login, _, _ in people.CAST]
        return {agent.login: agent for agent in found if agent is not None}


@pytest.fixture
def loader(
    house: House, cluster: Cluster, database: str, keys_folder: Path, tmp_path: Path
) -> Loader:
    folder = Path(shutil.copytree(keys_folder, tmp_path / "keys"))
    return Loader(house, cluster.url(SERVICE, database), cluster.url(OWNER, database), folder)


async def test_loading_twice_does_no_harm_and_a_moved_port_moves_the_wallet(
    loader: Loader,
) -> None:
    first = await loader.load()
    secret, known = loader.private.client.read_bytes(), loader.private.known_agents()
    assert await loader.load() == first
    moved = await loader.load(port=8123)
    assert (moved.id, moved.origin) == (first.id, "http://localhost:8123")
    assert moved.row_version == first.row_version + 1
    assert (loader.private.client.read_bytes(), loader.private.known_agents()) == (secret, known)


async def test_agents_can_sign_in_and_approve_at_once(loader: Loader) -> None:
    await loader.load()
    instant = await cast.now(loader.house)
    for known in loader.private.known_agents():
        code = code_at(known.totp_secret, await cast.now(loader.house))
        opened = await agents.sign_in(
            loader.house, login=known.login, password=known.password, code=code
        )
        signed_in = await agents.signed_in(loader.house, opened.cookie)
        assert signed_in.agent.level == known.level
        assert signed_in.agent.can_approve_from <= instant - timedelta(days=1)
        assert signed_in.agent.created_at <= instant - people.AGENTS_ARE


async def test_what_was_not_written_down_is_made_anew(loader: Loader) -> None:
    """As after a kill between making and writing."""
    wallet = await loader.load()
    lost = await loader.agents()
    loader.private.agents.unlink()
    loader.private.client.unlink()
    assert await loader.load() == wallet
    assert {login: agent.id for login, agent in (await loader.agents()).items()}.items().isdisjoint(
        {login: agent.id for login, agent in lost.items()}.items()
    )
    secret = loader.private.client.read_text().strip()
    caller = await clients.client_by_secret(loader.house, wallet, people.CLIENT, secret)
    assert set(caller.scopes) == set(people.SCOPES)


async def test_clear_secrets_are_for_their_owner_alone(loader: Loader) -> None:
    await loader.load()
    for file in (loader.private.client, loader.private.agents):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_keys_of_another_database_are_named_as_such(loader: Loader, tmp_path: Path) -> None:
    await loader.load()
    others = tmp_path / "others"
    keys.create(others)
    with pytest.raises(DemoBroken, match="run-clean"):
        await loader.load(folder=others)


async def test_olgas_addresses_become_a_month_old_and_never_younger(loader: Loader) -> None:
    wallet = await loader.load()
    await cast.olga(loader.house, wallet)
    await people.date_addresses_back(loader.owner_url)
    dates = await dates_of_addresses(loader.house)
    now = await cast.now(loader.house)
    assert all(then <= now - people.ADDRESSES_ARE for row in dates for then in row)
    await people.date_addresses_back(loader.owner_url)
    assert await dates_of_addresses(loader.house) == dates


async def dates_of_addresses(house: House) -> list[tuple[datetime, datetime]]:
    table = account_addresses
    async with house.engine.connect() as db:
        rows = await db.execute(select(table.c.added_at, table.c.verified_at).order_by(table.c.id))
        return [(added, verified) for added, verified in rows if verified is not None]
