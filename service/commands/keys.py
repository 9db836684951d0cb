"""`keys`: what everything is sealed with."""

import os

import click

from service import settings
from service.commands.terminal import say
from service.security import keys


@click.group("keys")
def key_commands() -> None:
    """The installation's keys."""


@key_commands.command("create")
def create_keys() -> None:
    """Write the key files once; keys that are there stay as they are."""
    folder = settings.keys_folder(os.environ)
    made = keys.create(folder)
    say.print(f"Keys written to {folder}." if made else f"{folder} holds its keys already.")
