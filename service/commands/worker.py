"""`worker`: the process that sends messages and does what the clock does."""

import os
import sys

import click

from service import logs, processes, settings
from service.commands.terminal import asynchronous, say, the_house
from service.operations import housekeeping


@click.command()
@click.option("--check", is_flag=True, help="Only say whether a worker does its work.")
@click.option(
    "--only",
    type=click.Choice(["people", "signals"]),
    help="Only messages and what the clock does, or only what wallets are told: a process each.",
)
@asynchronous
async def worker(check: bool, only: str | None) -> None:
    """Send messages, tell wallets, and do what the clock does, until stopped."""
    from service.worker import Part, work

    if check:
        async with the_house() as house:
            stuck = await housekeeping.what_is_stuck(house)
        for reason in stuck:
            say.print(reason)
        sys.exit(1 if stuck else 0)
    processes.die_with_parent()
    logs.configure()
    await work(settings.load(os.environ), tuple(Part) if only is None else (Part(only),))
