"""Where the benchmarks run: a durable cluster of its own, filled, with real processes."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct
from sqlalchemy.ext.asyncio import create_async_engine

from bench.processes import Peak, watched
from domain.accounts import AddressKind
from domain.events import THE_OPERATOR
from domain.wallets import Wallet
from service import embedded
from service.embedded import Cluster
from service.operations.accounts import ToldAccount, ToldAddress, put_account
from service.operations.clients import add_client
from service.operations.house import House
from service.operations.sessions import ToldDevice, begin_session
from service.operations.wallets import NewWallet, add_wallet
from service.processes import answers, free_port
from service.security.keys import create
from service.security.keys import load as load_keys
from service.security.passwords import Passwords
from service.storage.migrations import upgrade
from service.storage.rows import clock
from service.storage.values import Scope

CLIENT: Final = "gateway"
ACCOUNTS: Final = 200
SESSIONS_EACH: Final = 5
SERVE: Final = ("service", "serve", "--processes", "1")


class Ground(Struct, frozen=True, kw_only=True):
    """Everything a measurement needs to know."""

    cluster: Cluster
    folder: Path
    keys: Path
    port: int
    origin: str
    wallet: Wallet
    secret: str
    tokens: tuple[str, ...]
    # The most that any web process held while it was measured.
    web_memory: Peak

    @property
    def environment(self) -> Mapping[str, str]:
        return self.environment_at(self.port)

    @property
    def host(self) -> str:
        """What requests name; also those to a second process, on another port."""
        return urlsplit(self.origin).netloc

    def environment_at(self, port: int) -> Mapping[str, str]:
        return {
            **os.environ,
            "RESGUARDO_DATABASE_URL": self.cluster.url(embedded.SERVICE),
            "RESGUARDO_KEYS": str(self.keys),
            "RESGUARDO_LISTEN": f"127.0.0.1:{port}",
            # People come from many networks; here all of them through one proxy.
            "RESGUARDO_TRUSTED_PROXIES": "127.0.0.1",
            "RESGUARDO_CONSOLE_ORIGIN": f"http://console.localhost:{self.port}",
            "RESGUARDO_HTTP_ON_LOOPBACK": "1",
            "RESGUARDO_SMTP_URL": "smtp://127.0.0.1:9",
            "RESGUARDO_SMTP_PLAIN": "1",
        }


@contextmanager
def ground() -> Generator[Ground]:
    """A fresh, durable house with accounts and sessions; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="resguardo-bench-") as name:
        folder = Path(name)
        with embedded.start(folder / "postgres", durable=True) as cluster:
            asyncio.run(upgrade(cluster.url(embedded.OWNER), embedded.SERVICE))
            create(folder / "keys")
            port = free_port()
            wallet, secret, tokens = asyncio.run(_fill(cluster, folder / "keys", port))
            yield Ground(
                cluster=cluster,
                folder=folder,
                keys=folder / "keys",
                port=port,
                origin=wallet.origin,
                wallet=wallet,
                secret=secret,
                tokens=tokens,
                web_memory=Peak(),
            )


@contextmanager
def serving(
    ground: Ground, *, port: int | None = None, command: Sequence[str] = SERVE
) -> Generator[subprocess.Popen[bytes]]:
    """One web process, ready to answer; on a port of its own if it is a second one."""
    at = port or ground.port
    environment = dict(ground.environment_at(at))
    with subprocess.Popen(
        [sys.executable, "-m", *command],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=sys.stderr,
    ) as process:
        try:
            ends = time.monotonic() + 30
            while not answers(f"http://127.0.0.1:{at}/health/ready"):
                if process.poll() is not None or time.monotonic() > ends:
                    raise RuntimeError("the web process did not become ready")
                time.sleep(0.05)
            with watched(process.pid, ground.web_memory):
                yield process
        finally:
            process.terminate()


async def _fill(cluster: Cluster, keys: Path, port: int) -> tuple[Wallet, str, tuple[str, ...]]:
    engine = create_async_engine(cluster.url(embedded.SERVICE), pool_size=8)
    house = House(engine=engine, keys=load_keys(keys), passwords=Passwords())
    try:
        wallet = await add_wallet(house, _norte(port))
        scopes = (Scope.INTROSPECT, Scope.SESSIONS, Scope.ACCOUNTS)
        secret = await add_client(house, wallet.id, CLIENT, scopes)
        owners = [_one_owner(house, wallet, number) for number in range(ACCOUNTS)]
        tokens = [token for owner in owners for token in await owner]
    finally:
        await engine.dispose()
    return wallet, secret, tuple(tokens)


async def _one_owner(house: House, wallet: Wallet, number: int) -> list[str]:
    subject = f"owner-{number}"
    email = ToldAddress(
        kind=AddressKind.EMAIL, address=f"{subject}@correo.example", verified_at=None
    )
    told = ToldAccount(
        subject=subject,
        first_name="Olga",
        display_name="Olga Ortiz",
        language="es",
        time_zone=wallet.time_zone,
        addresses=(email,),
    )
    await put_account(house, wallet, told, by=THE_OPERATOR)
    async with house.engine.connect() as db:
        tomorrow = await clock(db) + timedelta(days=1)
    tokens = [f"{subject}-token-{session}" for session in range(SESSIONS_EACH)]
    for token in tokens:
        await begin_session(
            house,
            wallet,
            subject,
            token_sha256=sha256(token.encode()).digest(),
            device=ToldDevice(id="phone", label="Phone", platform="android"),
            expires_at=tomorrow,
        )
    return tokens


def _norte(port: int) -> NewWallet:
    return NewWallet(
        origin=f"http://localhost:{port}",
        name="Norte",
        short_name="Norte",
        colour="#0a5c8a",
        languages=("es", "pt-BR", "en"),
        time_zone="America/Argentina/Buenos_Aires",
        country="AR",
        dialling_codes=("54",),
        support_number="+54 800 555 0101",
        support_hours="24 h",
        text_channel=None,
        emergency_number="911",
        email_from="avisos@norte.example",
        strong_acr=("strong",),
    )
