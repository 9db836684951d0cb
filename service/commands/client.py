"""`client`: which backends may call."""

from typing import Final

import click

from service.commands.terminal import asynchronous, say, the_house, wallet_id_at
from service.operations import clients
from service.storage.values import Scope

# By their values: the names of members are ours, not the operator's.
_SCOPES: Final = click.Choice([scope.value for scope in Scope])


@click.group("client")
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
    type=_SCOPES,
)
@asynchronous
async def add_client(origin: str, client_id: str, scopes: tuple[str, ...]) -> None:
    """Add an API client to the wallet at ORIGIN; its secret is printed this once."""
    async with the_house() as house:
        wallet_id = await wallet_id_at(house, origin)
        secret = await clients.add_client(
            house, wallet_id, client_id, tuple(Scope(scope) for scope in scopes)
        )
    say.print(secret, markup=False)
