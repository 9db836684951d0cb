"""`keys`: what everything is sealed with."""

import os
from datetime import datetime

import click

from service import settings
from service.commands.terminal import asynchronous, say, stop, the_house
from service.operations import signing_keys
from service.operations.signing_keys import KeyNeeded, KeySeen
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
@asynchronous
async def rotate_key(name: str) -> None:
    """Add a new signing key. It is published at once and signs 24 hours later.

    The older ones stay in the key set, because what they signed may still be waiting for its
    receiver, until `keys retire`. Running processes notice by themselves.
    """
    folder = settings.keys_folder(os.environ)
    async with the_house() as house:
        made = await signing_keys.rotate(house, folder, name)
    signs_from = _at(made.created_at + USED_AFTER)
    say.print(f"{name}: published now, signs from {signs_from} on.")


@key_commands.command("list")
@asynchronous
async def list_keys() -> None:
    """List the published signing keys, the newest of each kind first."""
    async with the_house() as house:
        for seen in await signing_keys.show(house):
            told = f"{seen.key.id}  {seen.key.algorithm}  {_at(seen.key.created_at)}  {_use(seen)}"
            say.print(told, markup=False, soft_wrap=True)


# A thumbprint may begin with a hyphen.
@key_commands.command("retire", context_settings={"ignore_unknown_options": True})
@click.argument("key_id", metavar="KEY")
@asynchronous
async def retire_key(key_id: str) -> None:
    """Take the signing KEY out of the published set for good.

    Refused while it signs, for 24 hours after its last signature, and while something that it
    signed was not delivered.
    """
    folder = settings.keys_folder(os.environ)
    async with the_house() as house:
        try:
            gone = await signing_keys.retire(house, folder, key_id)
        except KeyNeeded as needed:
            stop(str(needed))
    say.print(f"{gone.id} is published no more.", markup=False, soft_wrap=True)


def _use(seen: KeySeen) -> str:
    if seen.signs:
        return "signs"
    if seen.unused_since is None:
        return f"signs from {_at(seen.key.created_at + USED_AFTER)} on"
    waiting = f"; {seen.waiting} not delivered" if seen.waiting else ""
    return f"unused since {_at(seen.unused_since)}{waiting}"


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
