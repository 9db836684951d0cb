"""A whole installation of real processes, on a durable PostgreSQL, that may be shot at.

Web, worker and database are what an operator would run; mail leaves by real SMTP. What a
supervisor would do, starting again what died, is done here by hand, when a test says so.
"""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import IO, Final

import httpx
import psutil
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.wallets import Wallet
from service import embedded
from service.embedded import OWNER, SERVICE
from service.operations.house import House
from service.processes import answers
from service.security import keys
from service.security.passwords import Passwords
from service.storage.migrations import upgrade
from tests import people as cast
from tests.browsers import Browser
from tests.conftest import CLOCK
from tests.notifications.outside import Mailbox, a_mail_server
from tests.ports import free_port

LOOKS_EVERY: Final = 0.05
# Nothing here speaks TLS. A client that is not told so reads every authority's certificate first,
# and while it does, for a thirtieth of a second, nobody else of the test is served.
NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Process:
    """One of our own programs, in a group of its own, with all it says in a file."""

    def __init__(
        self, name: str, words: tuple[str, ...], env: Mapping[str, str], said: Path
    ) -> None:
        self.name = name
        self._command = [sys.executable, "-m", "service", *words]
        self._env = dict(env)
        self._said = said
        self._log: IO[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._log = self._said.open("ab")
        self._process = subprocess.Popen(
            self._command,
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def poll(self) -> int | None:
        assert self._process is not None
        return self._process.poll()

    def kill(self) -> None:
        """kill -9, with all that it started."""
        os.killpg(self.pid, signal.SIGKILL)
        self._end()

    def kill_children(self) -> None:
        """kill -9 of all that it started, not of itself; they are gone when this returns."""
        children = psutil.Process(self.pid).children(recursive=True)
        assert children
        for child in children:
            child.kill()
        psutil.wait_procs(children, timeout=30)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
        self._end()

    def _end(self) -> None:
        if self._process is not None:
            self._process.wait(60)
        if self._log is not None:
            self._log.close()


class Town:
    """The processes, and what a test needs to speak with them."""

    def __init__(self, folder: Path, mailbox: Mailbox, ports: tuple[int, ...]) -> None:
        self.folder = folder
        self.said = folder / "said"
        self.said.mkdir()
        self.mailbox = mailbox
        self.ports = ports
        self.origin = f"http://localhost:{ports[0]}"
        self.console = f"http://console.localhost:{ports[0]}"
        keys.create(folder / "keys")
        self.cluster = embedded.start(self.postgres, durable=True)
        self._address = self.cluster.url(SERVICE)
        # What was killed in between must not fail what only looks.
        engine = create_async_engine(self._address, pool_size=4, pool_pre_ping=True)
        self.house = House(engine=engine, keys=keys.load(folder / "keys"), passwords=Passwords())
        self.webs = tuple(
            Process(f"web-{port}", ("serve",), self._environment(port), self.said / f"web-{port}")
            for port in ports
        )
        self.worker = Process(
            "worker", ("worker",), self._environment(ports[0]), self.said / "worker"
        )

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    async def build(self) -> Wallet:
        """Tables, a clock that a test may move, and the wallet."""
        owner = self.cluster.url(OWNER)
        await upgrade(owner, SERVICE)
        engine = create_async_engine(owner)
        async with engine.begin() as db:
            for statement in CLOCK.split(";\n"):
                await db.execute(text(statement))
        await engine.dispose()
        return await cast.a_wallet(self.house, replace(cast.NORTE, origin=self.origin))

    async def open(self) -> None:
        """Start web and worker, and wait until the web processes are ready."""
        for process in (*self.webs, self.worker):
            process.start()
        for port in self.ports:
            await self.is_ready(port)

    def stop(self) -> None:
        """Whoever uses the database before the database."""
        for process in (*self.webs, self.worker):
            process.stop()
        self.cluster.stop()

    @asynccontextmanager
    async def house_in_haste(self) -> AsyncGenerator[House]:
        """For what a test prepares and no kill endangers: its commits are seen as soon as any,
        and do not wait for the disk. Those of the processes do."""
        engine = create_async_engine(
            self._address, connect_args={"server_settings": {"synchronous_commit": "off"}}
        )
        try:
            yield House(engine=engine, keys=self.house.keys, passwords=self.house.passwords)
        finally:
            await engine.dispose()

    def start_database(self) -> None:
        """After a kill or a stop. At the same address, or nobody would ever find it again."""
        self.cluster.stop()
        self.cluster = embedded.start(self.postgres, durable=True)
        assert self.cluster.url(SERVICE) == self._address

    def kill_database(self) -> None:
        os.kill(self.cluster.pid, signal.SIGKILL)

    async def is_ready(self, port: int | None = None) -> None:
        """Return once the process says so; the test's time limit ends a wait in vain."""
        url = f"http://127.0.0.1:{port or self.ports[0]}/health/ready"
        while True:
            if await asyncio.to_thread(answers, url):
                return
            await asyncio.sleep(LOOKS_EVERY)

    def browser(self, port: int | None = None) -> "RealBrowser":
        return RealBrowser(self.origin, port or self.ports[0])

    def _environment(self, port: int) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if "RESGUARDO" not in name}
        return kept | {
            "PYTHONUNBUFFERED": "1",
            "RESGUARDO_DATABASE_URL": self._address,
            "RESGUARDO_KEYS": str(self.folder / "keys"),
            "RESGUARDO_LISTEN": f"127.0.0.1:{port}",
            "RESGUARDO_CONSOLE_ORIGIN": self.console,
            "RESGUARDO_HTTP_ON_LOOPBACK": "1",
            "RESGUARDO_SMTP_URL": f"smtp://127.0.0.1:{self.mailbox.port}",
            "RESGUARDO_SMTP_PLAIN": "1",
        }


class RealBrowser(Browser):
    """The same browser, over real sockets; a dead connection is an httpx.TransportError."""

    def __init__(self, origin: str, port: int, *, language: str = "en") -> None:
        self.origin = origin
        self.language = language
        self.cookies: dict[str, str] = {}
        # All that came back, and every cookie there was for a while.
        self.answers: list[httpx.Response] = []
        self.dropped: set[str] = set()
        self._port = port

    async def request(
        self,
        method: str,
        path: str,
        *,
        fields: dict[str, str] | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = {"Accept-Language": self.language, "Host": self.origin.partition("://")[2]}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent |= headers or {}
        base = f"http://127.0.0.1:{self._port}"
        async with httpx.AsyncClient(
            base_url=base, trust_env=False, timeout=20, verify=NO_TLS
        ) as client:
            answer = await client.request(method, path, data=fields, content=content, headers=sent)
        self.dropped |= set(self.cookies.values())
        self._keep(answer)
        self.answers.append(answer)
        return answer


async def until(holds: Callable[[], bool]) -> None:
    """The test's own time limit ends a wait in vain."""
    while True:
        if holds():
            return
        await asyncio.sleep(LOOKS_EVERY / 5)


@contextmanager
def a_folder() -> Generator[Path]:
    """Not pytest's folder: nobody but the person who runs the tests may walk through that one."""
    folder = Path(tempfile.mkdtemp(prefix="resguardo-town-"))
    try:
        yield folder
    finally:
        embedded.remove(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def a_town(*, webs: int = 1) -> AsyncGenerator[tuple[Town, Wallet]]:
    """Built, not started: whoever prepares it must read codes before the worker sends them."""
    async with AsyncExitStack() as ends:
        folder = ends.enter_context(a_folder())
        mailbox = await ends.enter_async_context(a_mail_server())
        ports: list[int] = []
        while len(ports) < webs:
            ports.append(free_port(others=ports))
        town = Town(folder, mailbox, tuple(ports))
        ends.callback(town.stop)
        ends.push_async_callback(town.house.engine.dispose)
        yield town, await town.build()
