"""`wallet`: whom this installation serves."""

from typing import Any

import click
import msgspec

from service.commands.terminal import asynchronous, say, the_house
from service.operations import wallets
from service.operations.wallets import NewWallet
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


@wallet_commands.command("list")
@asynchronous
async def list_wallets() -> None:
    """List every wallet with its id and origin."""
    async with the_house() as house, house.engine.connect() as db:
        for wallet in await load.all_wallets(db):
            say.print(f"{wallet.id}  {wallet.origin}  {wallet.name}")
