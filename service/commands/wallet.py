"""`wallet`: whom this installation serves."""

from typing import Any

import click
import msgspec

from domain.wallets import DEFAULT_ALGORITHMS, DEFAULT_TYPES
from service.commands.terminal import asynchronous, say, the_house, wallet_id_at
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


@wallet_commands.command("list")
@asynchronous
async def list_wallets() -> None:
    """List every wallet with its id and origin."""
    async with the_house() as house, house.engine.connect() as db:
        for wallet in await load.all_wallets(db):
            say.print(f"{wallet.id}  {wallet.origin}  {wallet.name}")
