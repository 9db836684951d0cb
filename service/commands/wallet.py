"""`wallet`: whom this installation serves."""

from typing import Any

import click
import msgspec
from msgspec import Struct, inspect, structs

from domain.bounds import LENGTHS
from domain.policy import DEFAULT, Policy
from domain.refusals import NotFound
from domain.wallets import DEFAULT_ALGORITHMS, DEFAULT_TYPES
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_id_at
from service.operations import wallets
from service.operations.wallets import NewWallet, OwnersIssuer
from service.security.issuers import ASYMMETRIC
from service.storage import load


@click.group("wallet")
def wallet_commands() -> None:
    """The wallets of this installation."""


@wallet_commands.command("add")
@click.argument("description", type=click.File("rb"))
@asynchronous
async def add_wallet(description: Any) -> None:
    """Add the wallet a JSON file describes (fields as in docs/wallet.json)."""
    new = msgspec.json.decode(description.read(), type=NewWallet)
    async with the_house() as house:
        made = await wallets.add_wallet(house, new)
    say.print(f"{made.name} is at {made.origin} ({made.id}).")


@wallet_commands.command("issuer")
@click.argument("origin")
@click.option("--issuer", help="As `iss` says it, character by character; https.")
@click.option("--audience", help="What this service is called in its access tokens.")
@click.option(
    "--algorithm",
    "algorithms",
    multiple=True,
    type=click.Choice(tuple(ASYMMETRIC)),
    default=DEFAULT_ALGORITHMS,
    show_default=True,
    help="A signature that counts; may be repeated.",
)
@click.option(
    "--type",
    "types",
    multiple=True,
    type=click.Choice(("at+jwt", "JWT")),
    default=DEFAULT_TYPES,
    show_default=True,
    help="A `typ` that counts. JWT too only with an audience that no ID token has.",
)
@click.option("--none", "nobodys", is_flag=True, help="Owners' tokens open nothing any more.")
@asynchronous
async def change_issuer(
    *,
    origin: str,
    issuer: str | None,
    audience: str | None,
    algorithms: tuple[str, ...],
    types: tuple[str, ...],
    nobodys: bool,
) -> None:
    """Say whose access tokens the owners of the wallet at ORIGIN come with."""
    if nobodys == bool(issuer or audience) or bool(issuer) != bool(audience):
        raise click.UsageError("Either --issuer and --audience, or --none.")
    said = None
    if issuer and audience:
        said = OwnersIssuer(issuer=issuer, audience=audience, algorithms=algorithms, types=types)
    async with the_house() as house:
        await wallet_id_at(house, origin)
        wallet = await wallets.change_issuer(house, origin, said)
    say.print(f"{wallet.name}: owners come with tokens of {wallet.issuer or 'nobody'}.")


@wallet_commands.command("policy")
@click.argument("origin")
@click.argument("numbers", type=click.File("rb"))
@asynchronous
async def change_policy(origin: str, numbers: Any) -> None:
    """Give the wallet at ORIGIN the numbers of a JSON file, as under `policy` in docs/wallet.json.

    What the file does not name is as the service has it. `wallet numbers` lists them all.
    """
    said = msgspec.json.decode(numbers.read(), type=Policy)
    async with the_house() as house:
        try:
            wallet = await wallets.change_policy(house, origin, said)
        except NotFound:
            stop(f"There is no wallet at {origin}.")
    say.print(f"{wallet.name} has its own numbers. Deadlines that were given stay as they are.")


@wallet_commands.command("numbers")
def list_numbers() -> None:
    """List every number a wallet may move: what it is, the least and the most.

    Lengths are written as ISO 8601 has them: P7D, PT72H, PT10M, PT60S.
    """
    for part in structs.fields(Policy):
        numbers: Struct = getattr(DEFAULT, part.name)
        for number in structs.fields(numbers):
            between = _between(part.name, number)
            if between is not None:
                default = msgspec.to_builtins(number.default)
                say.print(f"{part.name}.{number.name}  {default}  {between[0]}..{between[1]}")


@wallet_commands.command("list")
@asynchronous
async def list_wallets() -> None:
    """List every wallet with its id and origin."""
    async with the_house() as house, house.engine.connect() as db:
        for wallet in await load.all_wallets(db):
            say.print(f"{wallet.id}  {wallet.origin}  {wallet.name}")


def _between(part: str, number: structs.FieldInfo) -> tuple[object, object] | None:
    """None for what is no number."""
    if number.name in LENGTHS[part]:
        least, most = LENGTHS[part][number.name]
        return msgspec.to_builtins(least), msgspec.to_builtins(most)
    match inspect.type_info(number.type):
        case inspect.IntType() as counted:
            return counted.ge, counted.le
        case _:
            return None
