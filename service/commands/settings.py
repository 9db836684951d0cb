"""`settings`: what can be set."""

import click

from service import settings
from service.commands.terminal import say


@click.command("settings")
def list_settings() -> None:
    """List every setting with what is expected."""
    for name, expected in settings.DOCUMENTED.items():
        say.print(f"[bold]{name}[/]  {expected}")
