"""`catalogues`: whether every sentence is translated."""

import sys

import click

from service.commands.terminal import say


@click.group("catalogues")
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
