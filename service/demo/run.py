"""The parent of the demo: database, service, worker, sample wallet and message viewer.

var/postgres   the database            var/keys       keys and the demo's clear secrets
var/ports.json which port is whose     var/log        one file a child
var/messages.jsonl, var/sample-wallet.json            what the other companies store
"""

import asyncio
import os
import secrets
import shlex
import shutil
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from msgspec import Struct
from rich.console import Console
from sqlalchemy.engine import make_url

from service import embedded
from service.demo import people, where_to_click
from service.demo.log_files import LogFiles
from service.demo.people import CLIENT, ENGINEER, DemoBroken, Secrets
from service.demo.ports import Ports, choose
from service.embedded import OWNER, SERVICE, ClusterFault, FolderInUse
from service.embedded.claim import Claim
from service.processes import NotReady, Parent, PartEnded, answers, is_free, kept_ports
from service.security import keys
from service.security.keys import KeysWrong
from service.settings import SettingWrong, database_url
from service.storage.migrations import upgrade

PORTS: Final = "ports.json"
# Whoever asks goes before whoever is asked.
STOPS: Final = ("wallet", "web", "worker", "messages", "database")
_KEPT: Final = ("postgres", "keys", "log")
_FILES: Final = (PORTS, "messages.jsonl", "sample-wallet.json", "lock")
_FAULTS: Final = (ClusterFault, DemoBroken, KeysWrong, NotReady, PartEnded, SettingWrong)


class AlreadyRuns(Exception):
    """Another process holds this folder."""


class Databases(Struct, frozen=True):
    """Addresses with passwords in them: handed to children by environment alone."""

    service: str
    owner: str


def run(folder: Path) -> int:
    """Start everything and stay until asked to stop. The answer is an exit status."""
    console = where_to_click.terminal()
    folder = folder.resolve()
    try:
        with claimed(folder):
            while not stayed_until_asked(folder, console):
                # Someone else listens where we were about to: now that they do, we see it.
                continue
    except AlreadyRuns as runs:
        return _say(str(runs))
    except _FAULTS as fault:
        return _say(f"{fault}\nMore is in {folder / 'log'}.")
    console.print("  Stopped. `make run` goes on from here.")
    return 0


def stayed_until_asked(folder: Path, console: Console) -> bool:
    """One run. False if a part could not live because its port had been taken meanwhile."""
    try:
        with Parent(stops=STOPS, output=LogFiles(folder / "log", sys.stderr)) as parent:
            start(parent, folder, console)
            parent.wait()
    except PartEnded:
        # Our own parts have stopped, so whoever holds a port of ours is a stranger.
        if all(map(is_free, kept_ports(folder / PORTS).values())):
            raise
        return False
    return True


def clean(folder: Path) -> None:
    """Forget database, keys, ports and messages. What else lies in the folder stays."""
    folder = folder.resolve()
    if not any((folder / name).exists() for name in (*_KEPT, *_FILES)):
        return
    try:
        with claimed(folder):
            embedded.remove(folder / "postgres")
            for name in _KEPT:
                shutil.rmtree(folder / name, ignore_errors=True)
            for name in _FILES:
                (folder / name).unlink(missing_ok=True)
    except (AlreadyRuns, ClusterFault) as fault:
        raise click.ClickException(str(fault)) from None


def codes(folder: Path) -> None:
    """Print the demo agents' sign-ins with the codes of this moment."""
    known = Secrets(folder.resolve() / "keys").known_agents()
    if not known:
        raise click.ClickException(f"There are no demo agents in {folder}; `make run` makes them.")
    where_to_click.terminal().print(where_to_click.sign_ins(known))


def engineer(folder: Path) -> None:
    """Print what a shell needs to call the demo's interface, for `eval`."""
    folder = folder.resolve()
    file = Secrets(folder / "keys").engineer
    known = kept_ports(folder / PORTS)
    if not file.exists() or "pages" not in known:
        raise click.ClickException(f"There is no demo in {folder}; `make run` makes one.")
    for name, value in (
        ("ORIGIN", f"http://localhost:{known['pages']}"),
        ("CLIENT", ENGINEER),
        ("SECRET", file.read_text().strip()),
    ):
        click.echo(f"export {name}={shlex.quote(value)}")


def start(parent: Parent, folder: Path, console: Console) -> None:
    """Everything up to the moment when someone can click."""
    private = Secrets(folder / "keys")
    with console.status("Starting the database …") as status:
        databases = the_databases(parent, folder)
        ports = choose(folder / PORTS)
        status.update("Bringing tables and people up to date …")
        keys.create(private.folder)
        asyncio.run(prepare(databases, private, ports))
        status.update("Starting service, worker, sample wallet and message viewer …")
        start_children(parent, folder, databases, ports)
        asyncio.run(people.date_addresses_back(databases.owner))
    where_to_click.show(console, ports, private.known_agents())


def the_databases(parent: Parent, folder: Path) -> Databases:
    """Our own, unless the environment names one that others run. Raises SettingWrong."""
    if os.environ.get("RESGUARDO_DATABASE_URL"):
        return Databases(
            service=database_url(os.environ, "RESGUARDO_DATABASE_URL"),
            owner=database_url(os.environ, "RESGUARDO_OWNER_DATABASE_URL"),
        )
    cluster = embedded.start(folder / "postgres")
    parent.adopt("database", cluster)
    return Databases(service=cluster.url(SERVICE), owner=cluster.url(OWNER))


async def prepare(databases: Databases, private: Secrets, ports: Ports) -> None:
    role = make_url(databases.service).username or SERVICE
    await upgrade(databases.owner, role)
    await people.load(
        service_url=databases.service,
        owner_url=databases.owner,
        keys_folder=private.folder,
        origin=ports.origin,
        issuer=ports.wallet_origin,
    )


def start_children(parent: Parent, folder: Path, databases: Databases, ports: Ports) -> None:
    """All at once, then wait for all: they are slow to wake and need little of one another."""
    carrier = {"account": f"AC{secrets.token_hex(16)}", "token": secrets.token_urlsafe(24)}
    ours = service_environment(folder, databases, ports, carrier)
    module = (sys.executable, "-m")
    parent.start(
        "messages",
        (*module, "service.demo", "messages"),
        environment=viewer_environment(folder, ports, carrier),
    )
    parent.start(
        "wallet", (*module, "service.demo", "wallet"), environment=wallet_environment(folder, ports)
    )
    parent.start("worker", (*module, "service", "worker"), environment=ours)
    questions = (
        f"http://127.0.0.1:{ports.pages}/health/ready",
        f"http://127.0.0.1:{ports.messages}/ready",
        # Last: it has told the service of Olga by then.
        f"http://127.0.0.1:{ports.wallet}/ready",
    )
    parent.start(
        "web",
        (*module, "service", "serve"),
        environment=ours,
        ready=lambda: all(map(answers, questions)),
        ready_within=60.0,
    )


def service_environment(
    folder: Path, databases: Databases, ports: Ports, carrier: Mapping[str, str]
) -> dict[str, str]:
    return {
        **without_settings(),
        "RESGUARDO_DATABASE_URL": databases.service,
        "RESGUARDO_KEYS": str(folder / "keys"),
        "RESGUARDO_CHECKPOINTS": str(folder / "checkpoints"),
        "RESGUARDO_LISTEN": f"127.0.0.1:{ports.pages}",
        "RESGUARDO_CONSOLE_ORIGIN": ports.console_origin,
        "RESGUARDO_SMTP_URL": f"smtp://127.0.0.1:{ports.smtp}",
        "RESGUARDO_SMTP_PLAIN": "1",
        "RESGUARDO_SMS_URL": f"http://127.0.0.1:{ports.messages}",
        "RESGUARDO_SMS_ACCOUNT": carrier["account"],
        "RESGUARDO_SMS_TOKEN": carrier["token"],
        "RESGUARDO_SMS_FROM": "NORTE",
        "RESGUARDO_HTTP_ON_LOOPBACK": "1",
    }


def viewer_environment(folder: Path, ports: Ports, carrier: Mapping[str, str]) -> dict[str, str]:
    return {
        **without_settings(),
        "VIEWER_PORT": str(ports.messages),
        "VIEWER_SMTP_PORT": str(ports.smtp),
        "VIEWER_FILE": str(folder / "messages.jsonl"),
        "VIEWER_SMS_ACCOUNT": carrier["account"],
        "VIEWER_SMS_TOKEN": carrier["token"],
    }


def wallet_environment(folder: Path, ports: Ports) -> dict[str, str]:
    return {
        **without_settings(),
        "NORTE_PORT": str(ports.wallet),
        "NORTE_FILE": str(folder / "sample-wallet.json"),
        "NORTE_RESGUARDO": ports.origin,
        "NORTE_ISSUER": ports.wallet_origin,
        "NORTE_CLIENT": CLIENT,
        "NORTE_SECRET_FILE": str(Secrets(folder / "keys").client),
    }


def without_settings() -> dict[str, str]:
    """This process's environment without what it may say of an installation in earnest."""
    return {name: value for name, value in os.environ.items() if not name.startswith("RESGUARDO_")}


@contextmanager
def claimed(folder: Path) -> Generator[None]:
    """Nobody else runs or cleans this folder meanwhile. Raises AlreadyRuns."""
    try:
        claim = Claim(folder)
    except FolderInUse:
        at = f"http://localhost:{kept_ports(folder / PORTS).get('wallet')}"
        raise AlreadyRuns(
            f"The demo in {folder} is running already; its sample wallet is at {at}. "
            "Ctrl-C where it runs stops it."
        ) from None
    try:
        yield
    finally:
        claim.release()


def _say(why: str) -> int:
    Console(stderr=True, highlight=False).print(why, markup=False, style="red", soft_wrap=True)
    return 1
