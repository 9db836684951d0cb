"""`demo`: a small house of its own."""

import sys
from pathlib import Path

import click

_FOLDER = click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("var"),
    show_default=True,
    help="Where the demo keeps everything.",
)


@click.group("demo")
def demo_commands() -> None:
    """A small house of its own to click through."""


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


@demo_commands.command("engineer")
@_FOLDER
def demo_engineer(folder: Path) -> None:
    """Print ORIGIN, CLIENT and SECRET of an API client with every scope, for `eval`."""
    from service.demo.run import engineer

    engineer(folder)
