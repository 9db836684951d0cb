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
    """Walk every wallet's chain, hold it against the signed checkpoints, and name every account
    whose state it does not explain; exit status 1 if anything was changed."""
    whole = True
    async with the_house() as house:
        for verdict in await journal.verify_all(house):
            whole = whole and verdict.is_whole
            entries = f"{verdict.sealed} entries, {verdict.signed} checkpoints"
            if verdict.broken_at is None:
                say.print(f"{verdict.wallet_id}: {entries}, whole")
            else:
                say.print(f"{verdict.wallet_id}: broken at {verdict.broken_at}: {verdict.why}")
            for account_id in verdict.unexplained:
                say.print(f"  account {account_id}: its state is not what the journal leads to")
    sys.exit(0 if whole else 1)
