"""The commands: `python -m service …`. Each says what it does with `--help`."""

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from pathlib import Path
from typing import Any, Final, NoReturn, ParamSpec, TypeVar

import click
import msgspec
from rich.console import Console
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from domain.access import Role
from domain.accounts import AddressKind
from domain.ids import WalletId
from domain.refusals import AddressNotAllowed
from domain.wallets import THE_INSTALLATION, Wallet
from service import logs, processes, settings
from service.operations import (
    agents,
    clients,
    housekeeping,
    journal,
    limits_by_hand,
    wallets,
    without_link,
)
from service.operations.agents import NewAgent
from service.operations.house import House
from service.operations.wallets import NewWallet
from service.security import keys
from service.security.passwords import SHORTEST, Passwords
from service.storage import load, migrations
from service.storage.values import Scope

P = ParamSpec("P")
T = TypeVar("T")
DEFAULT_ROLE = "resguardo_service"
say = Console(highlight=False)
# By their values: the names of members are ours, not the operator's.
_SCOPES: Final = click.Choice([scope.value for scope in Scope])
_ROLES: Final = click.Choice([role.value for role in Role])


@click.group()
def commands() -> None:
    """Resguardo: a trusted contact reports a lost phone; the account freezes at once.

    Settings are environment variables; `python -m service settings` lists them.
    """


def asynchronous(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """A command whose work is asynchronous."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(command(*args, **kwargs))

    return run


@commands.command("settings")
def list_settings() -> None:
    """List every setting with what is expected."""
    for name, expected in settings.DOCUMENTED.items():
        say.print(f"[bold]{name}[/]  {expected}")


@commands.command()
@click.option("--processes", "many", type=click.IntRange(1, 64), help="Instead of the setting.")
def serve(many: int | None) -> None:
    """Answer pages and API until stopped."""
    from granian.constants import Interfaces
    from granian.server import Server

    processes.die_with_parent()
    logs.configure()
    found = settings.load(os.environ)
    keys.load(found.keys)
    server = Server(
        "service.asgi:app",
        address=found.host,
        port=found.port,
        interface=Interfaces.ASGI,
        workers=many or found.processes,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
    )
    server.serve()


@commands.command()
@click.option("--check", is_flag=True, help="Only say whether a worker does its work.")
@asynchronous
async def worker(check: bool) -> None:
    """Send messages and do what the clock does, until stopped."""
    from service.worker import work

    if check:
        async with _house() as house:
            stuck = await housekeeping.what_is_stuck(house)
        for reason in stuck:
            say.print(reason)
        sys.exit(1 if stuck else 0)
    processes.die_with_parent()
    logs.configure()
    await work(settings.load(os.environ))


@commands.command()
@click.option("--check", is_flag=True, help="Only say whether the tables match the code.")
@asynchronous
async def migrate(check: bool) -> None:
    """Bring the tables up to date and give the service's role its rights.

    With --check and no database named, an embedded one is made, migrated and thrown away.
    """
    if check:
        different = await _differences()
        for difference in different:
            say.print(difference, markup=False)
        sys.exit(1 if different else 0)
    owner = settings.database_url(os.environ, "RESGUARDO_OWNER_DATABASE_URL")
    role = DEFAULT_ROLE
    if os.environ.get("RESGUARDO_DATABASE_URL"):
        served = settings.database_url(os.environ, "RESGUARDO_DATABASE_URL")
        role = make_url(served).username or DEFAULT_ROLE
    await migrations.upgrade(owner, role)
    say.print("The tables are up to date.")


async def _differences() -> list[str]:
    if os.environ.get("RESGUARDO_OWNER_DATABASE_URL"):
        owner = settings.database_url(os.environ, "RESGUARDO_OWNER_DATABASE_URL")
        return await migrations.differences(owner)
    from service import embedded

    with (
        tempfile.TemporaryDirectory(prefix="resguardo-") as folder,
        embedded.start(Path(folder) / "postgres", durable=False) as cluster,
    ):
        owner = cluster.url(embedded.OWNER)
        await migrations.upgrade(owner, embedded.SERVICE)
        return await migrations.differences(owner)


@commands.group("keys")
def key_commands() -> None:
    """The installation's keys."""


@key_commands.command("create")
def create_keys() -> None:
    """Write the key files once; keys that are there stay as they are."""
    folder = settings.keys_folder(os.environ)
    made = keys.create(folder)
    say.print(f"Keys written to {folder}." if made else f"{folder} holds its keys already.")


@commands.group("wallet")
def wallet_commands() -> None:
    """The wallets of this installation."""


@wallet_commands.command("add")
@click.argument("description", type=click.File("rb"))
@asynchronous
async def add_wallet(description: Any) -> None:
    """Add the wallet a JSON file describes (fields as in docs/wallet.json)."""
    new = msgspec.json.decode(description.read(), type=NewWallet)
    async with _house() as house:
        made = await wallets.add_wallet(house, new)
    say.print(f"{made.name} is at {made.origin} ({made.id}).")


@wallet_commands.command("list")
@asynchronous
async def list_wallets() -> None:
    """List every wallet with its id and origin."""
    async with _house() as house, house.engine.connect() as db:
        for wallet in await load.all_wallets(db):
            say.print(f"{wallet.id}  {wallet.origin}  {wallet.name}")


@commands.group("client")
def client_commands() -> None:
    """The backends that may call the API."""


@client_commands.command("add")
@click.argument("origin")
@click.argument("client_id")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
)
@asynchronous
async def add_client(origin: str, client_id: str, scopes: tuple[str, ...]) -> None:
    """Add an API client to the wallet at ORIGIN; its secret is printed this once."""
    async with _house() as house:
        wallet_id = await _wallet_id(house, origin)
        secret = await clients.add_client(
            house, wallet_id, client_id, tuple(Scope(scope) for scope in scopes)
        )
    say.print(secret, markup=False)


@commands.group("agent")
def agent_commands() -> None:
    """The people who work on tickets."""


@agent_commands.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues read it in the timeline.")
@click.option("--level", type=click.IntRange(1, 4), required=True)
@click.option("--role", type=_ROLES, default=Role.AGENT.value)
@click.option("--wallet", "origins", multiple=True, required=True, help="Origins they serve.")
@click.option("--language", type=click.Choice(["es", "pt-BR", "en"]), default="es")
@click.password_option(help=f"At least {SHORTEST} characters; asked for when not given.")
@asynchronous
async def add_agent(
    login: str,
    *,
    name: str,
    level: int,
    role: str,
    origins: tuple[str, ...],
    language: str,
    password: str,
) -> None:
    """Add an agent; the authenticator secret is printed this once. They approve after 24 h."""
    if len(password) < SHORTEST:
        _stop(f"A password has at least {SHORTEST} characters.")
    async with _house() as house:
        served = tuple([await _wallet_id(house, origin) for origin in origins])
        secret = await agents.add_agent(
            house,
            NewAgent(
                login=login.lower(),
                name=name,
                password=password,
                level=level,
                role=Role(role),
                wallets=served,
                language=language,
            ),
        )
    say.print(secret, markup=False)


@commands.group("limits")
def limit_commands() -> None:
    """How often something may be tried, and letting somebody try again."""


_ORIGIN = click.option("--wallet", "origin", help="Its origin; without it, what belongs to none.")


@limit_commands.command("show")
@_ORIGIN
@asynchronous
async def show_limits(origin: str | None) -> None:
    """Every limit with its reason, and how many have used some and all of it just now."""
    async with _house() as house:
        wallet_id = THE_INSTALLATION if origin is None else await _wallet_id(house, origin)
        for seen in await limits_by_hand.show(house, wallet_id):
            say.print(
                f"[bold]{seen.name}[/]  {seen.burst}, then one each {seen.each}, per"
                f" {seen.limit.per}; fails {seen.limit.fails}\n  {seen.limit.why}"
            )
            until = f", the next from {seen.retry_at.isoformat()}" if seen.retry_at else ""
            say.print(f"  in use {seen.in_use}, used up {seen.used_up}{until}")


@limit_commands.command("reset")
@_ORIGIN
@click.option("--address", help="E-mail address or phone number of whoever shall try again.")
@click.option("--login", help="An agent's.")
@click.option("--network", help="Source network as it is counted: 203.0.113.0/24, 2001:db8::/48.")
@click.option("--everyone", metavar="LIMIT", help="All that one limit counts; named as in `show`.")
@asynchronous
async def reset_limits(
    origin: str | None,
    *,
    address: str | None,
    login: str | None,
    network: str | None,
    everyone: str | None,
) -> None:
    """Forget what was counted of one address, login or network, or of everyone. Recorded."""
    if sum(one is not None for one in (address, login, network, everyone)) != 1:
        _stop("Name one of --address, --login, --network and --everyone.")
    async with _house() as house:
        wallet = None if origin is None else await _wallet_at(house, origin)
        if everyone is not None:
            try:
                gone = await limits_by_hand.reset_all(
                    house, THE_INSTALLATION if wallet is None else wallet.id, everyone
                )
            except KeyError:
                _stop(f"There is no limit called {everyone}.")
        elif login is not None:
            gone = await limits_by_hand.reset_login(house, login)
        elif wallet is None:
            _stop("An address or network is counted per wallet: name its origin with --wallet.")
        elif network is not None:
            gone = await limits_by_hand.reset_network(house, wallet, network)
        else:
            gone = await limits_by_hand.reset_address(house, wallet, *_address_of(address, wallet))
    say.print(f"{gone} reset.")


@commands.group("journal")
def journal_commands() -> None:
    """The record of what happened."""


@journal_commands.command("verify")
@asynchronous
async def verify_journal() -> None:
    """Walk every wallet's chain; exit status 1 if anything was changed."""
    whole = True
    async with _house() as house:
        for verdict in await journal.verify_all(house):
            if verdict.broken_at is None:
                say.print(f"{verdict.wallet_id}: {verdict.sealed} entries, whole")
            else:
                whole = False
                say.print(f"{verdict.wallet_id}: broken at {verdict.broken_at}: {verdict.why}")
    sys.exit(0 if whole else 1)


@commands.group("catalogues")
def catalogue_commands() -> None:
    """The words of pages and messages."""


@catalogue_commands.command("check")
def check_catalogues() -> None:
    """Exit status 1 if a sentence lacks a translation."""
    from service.catalogues import incomplete

    found = incomplete()
    for line in found:
        say.print(line, markup=False)
    sys.exit(1 if found else 0)


@commands.group("demo")
def demo_commands() -> None:
    """A small house of its own to click through."""


_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="Where the demo keeps everything.",
)


@demo_commands.command("run")
@_FOLDER
def run_demo(folder: Path) -> None:
    """Set up and start everything, and print where to click. Ctrl-C stops it."""
    from service.demo.run import run

    sys.exit(run(folder))


@demo_commands.command("clean")
@_FOLDER
def clean_demo(folder: Path) -> None:
    """Forget the demo: database, keys, ports."""
    from service.demo.run import clean

    clean(folder)


@demo_commands.command("codes")
@_FOLDER
def demo_codes(folder: Path) -> None:
    """Print the demo agents' sign-ins with their current codes."""
    from service.demo.run import codes

    codes(folder)


@asynccontextmanager
async def _house() -> AsyncGenerator[House]:
    """The house for the length of one command."""
    url = settings.database_url(os.environ, "RESGUARDO_DATABASE_URL")
    ring = keys.load(settings.keys_folder(os.environ))
    engine = create_async_engine(url)
    try:
        yield House(engine=engine, keys=ring, passwords=Passwords())
    finally:
        await engine.dispose()


def _address_of(typed: str | None, wallet: Wallet) -> tuple[AddressKind, str]:
    try:
        found = without_link.read_address(typed or "", wallet)
    except AddressNotAllowed:
        _stop("This is neither an e-mail address nor the number of a mobile phone.")
    return found.kind, found.written


async def _wallet_at(house: House, origin: str) -> Wallet:
    wallet_id = await _wallet_id(house, origin)
    async with house.engine.connect() as db:
        return await load.wallet(db, wallet_id)


async def _wallet_id(house: House, origin: str) -> WalletId:
    async with house.engine.connect() as db:
        known = {wallet.origin: wallet.id for wallet in await load.all_wallets(db)}
    return known[origin] if origin in known else _stop(f"There is no wallet at {origin}.")


def _stop(why: str) -> NoReturn:
    raise click.ClickException(why)


# What the operator can put right: said in a line, not in a traceback.
_WRONG: Final = (
    settings.SettingWrong,
    keys.KeysWrong,
    migrations.RoleMayRewrite,
    wallets.WalletWrong,
    msgspec.ValidationError,
)


def main() -> None:
    try:
        commands()
    except _WRONG as wrong:
        Console(stderr=True, highlight=False).print(str(wrong), markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
