"""`journal`: whether the record is whole."""

import sys

import click

from service.commands.terminal import asynchronous, say, the_house
from service.operations import journal


@click.group("journal")
def journal_commands() -> None:
    """The record of what happened."""


@journal_commands.command("verify")
@asynchronous
async def verify_journal() -> None:
    """Walk every wallet's chain; exit status 1 if anything was changed."""
    whole = True
    async with the_house() as house:
        for verdict in await journal.verify_all(house):
            if verdict.broken_at is None:
                say.print(f"{verdict.wallet_id}: {verdict.sealed} entries, whole")
            else:
                whole = False
                say.print(f"{verdict.wallet_id}: broken at {verdict.broken_at}: {verdict.why}")
    sys.exit(0 if whole else 1)
