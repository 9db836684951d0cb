"""`keys`: what everything is sealed with."""

import os

import click

from service import settings
from service.commands.terminal import say
from service.security import keys
from service.security.signing import USED_AFTER


@click.group("keys")
def key_commands() -> None:
    """The installation's keys."""


@key_commands.command("create")
def create_keys() -> None:
    """Write the key files once; keys that are there stay as they are."""
    folder = settings.keys_folder(os.environ)
    made = keys.create(folder)
    say.print(f"Keys written to {folder}." if made else f"{folder} holds its keys already.")


@key_commands.command("rotate")
@click.argument("name", type=click.Choice(tuple(keys.SIGNING)))
def rotate_key(name: str) -> None:
    """Add a new signing key. It is published at once and signs 24 hours later.

    The older ones stay in the key set: what they signed may still be waiting for its receiver.
    Running processes notice by themselves.
    """
    made = keys.rotate(settings.keys_folder(os.environ), name)
    signs_from = (made.created_at + USED_AFTER).isoformat(timespec="seconds")
    say.print(f"{name}: published now, signs from {signs_from} on.")
