"""`client`: which backends may call, and what they prove themselves with."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

import click
from sqlalchemy.exc import IntegrityError

from service.commands.terminal import asynchronous, say, stop, the_house, wallet_id_at
from service.operations import clients, clients_by_hand
from service.operations.clients_by_hand import ClientSeen, ClientWrong
from service.operations.house import House
from service.security.assertions import KeyRefused
from service.storage.values import Scope

# By their values: the names of members are ours, not the operator's.
_SCOPES: Final = click.Choice([scope.value for scope in Scope])
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
# Longer, and it would be a second secret for good.
_LONGEST_OVERLAP: Final = timedelta(days=30)
_CLIENT: Final = click.argument("client_id", metavar="CLIENT")


class _Length(click.ParamType[timedelta]):
    """Such as 90s, 30m, 24h, 7d."""

    name = "length"

    def convert(self, value: Any, param: Any, ctx: Any) -> timedelta:
        said = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", str(value))
        length = timedelta(**{_UNITS[said[2]]: int(said[1])}) if said else None
        if length is None or length > _LONGEST_OVERLAP:
            self.fail("A length such as 30m, 24h or 7d; at most 30d.", param, ctx)
        return length


class _Cap(click.ParamType[int | None]):
    """Seconds, or none."""

    name = "seconds"

    def convert(self, value: Any, param: Any, ctx: Any) -> int | None:
        if value == "none":
            return None
        return click.IntRange(1, 86_400).convert(value, param, ctx)


@click.group("client")
def client_commands() -> None:
    """The backends that may call the API."""


@client_commands.group("secret")
def secret_commands() -> None:
    """What a client proves itself with, unless it signs."""


@client_commands.group("key")
def key_commands() -> None:
    """The public keys of a client that signs (private_key_jwt)."""


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
@click.option(
    "--key",
    "file",
    type=click.File("rb"),
    help="Its public keys, a JWK or JWK set: it signs with them, and has no secret.",
)
@asynchronous
async def add_client(origin: str, client_id: str, scopes: tuple[str, ...], file: Any) -> None:
    """Add an API client to the wallet at ORIGIN; its secret is printed this once."""
    granted = tuple(Scope(scope) for scope in scopes)
    async with _clients() as house:
        wallet_id = await wallet_id_at(house, origin)
        try:
            if file is None:
                made = await clients.add_client(house, wallet_id, client_id, granted)
            else:
                kids = await clients_by_hand.add_client_with_keys(
                    house, wallet_id, client_id, granted, file.read()
                )
                made = _named(kids)
        except IntegrityError:
            stop(f"There is or was a client {client_id} already.")
    say.print(made, markup=False, soft_wrap=True)


@secret_commands.command("rotate")
@_CLIENT
@click.option(
    "--overlap",
    type=_Length(),
    help="How long the present secret stays good: 30m, 24h, 7d.  [default: 24h]",
)
@click.option(
    "--at-once", is_flag=True, help="It may be in the wrong hands: end it, and every token, now."
)
@asynchronous
async def rotate_secret(client_id: str, *, overlap: timedelta | None, at_once: bool) -> None:
    """Make a new secret for CLIENT; it is printed this once."""
    if at_once and overlap is not None:
        raise click.UsageError("Either --overlap or --at-once.")
    keeps = None if at_once else overlap or timedelta(hours=24)
    async with _clients() as house:
        secret = await clients_by_hand.rotate_secret(house, client_id, overlap=keeps)
    say.print(secret, markup=False, soft_wrap=True)


@secret_commands.command("end")
@_CLIENT
@asynchronous
async def end_secret(client_id: str) -> None:
    """CLIENT signs with its keys from now on, and has no secret any more."""
    async with _clients() as house:
        await clients_by_hand.end_secret(house, client_id)
    say.print(f"{client_id} signs with its keys alone.", markup=False)


@key_commands.command("add")
@_CLIENT
@click.argument("file", type=click.File("rb"))
@asynchronous
async def add_keys(client_id: str, file: Any) -> None:
    """Let CLIENT sign with the public keys in FILE (a JWK or JWK set) too; prints their ids."""
    async with _clients() as house:
        kids = await clients_by_hand.add_keys(house, client_id, file.read())
    say.print(_named(kids), markup=False, soft_wrap=True)


# A thumbprint may begin with a hyphen.
@key_commands.command("remove", context_settings={"ignore_unknown_options": True})
@_CLIENT
@click.argument("kid")
@click.option("--at-once", is_flag=True, help="It may be in the wrong hands: end every token too.")
@asynchronous
async def remove_key(client_id: str, kid: str, *, at_once: bool) -> None:
    """CLIENT signs with the key KID no more."""
    async with _clients() as house:
        await clients_by_hand.remove_key(house, client_id, kid, at_once=at_once)
    say.print(f"{client_id} signs with {kid} no more.", markup=False)


@client_commands.command("exp-cap")
@_CLIENT
@click.option("--seconds", type=_Cap(), required=True, help="1 to 86400, or none.")
@asynchronous
async def cap_exp(client_id: str, seconds: int | None) -> None:
    """Tell CLIENT of no session that it lives longer than so many seconds from the answer on.

    For gateways that keep an answer until the `exp` in it: the shorter, the sooner they hear of a
    freeze.
    """
    async with _clients() as house:
        await clients_by_hand.cap_exp(house, client_id, seconds)
    said = "as it is" if seconds is None else f"at most {seconds} s ahead"
    say.print(f"{client_id} is told the end of a session {said}.", markup=False)


@client_commands.command("end")
@_CLIENT
@asynchronous
async def end_client(client_id: str) -> None:
    """CLIENT calls no more: its secret, its keys and its tokens end now. Nothing brings it back."""
    async with _clients() as house:
        await clients_by_hand.end_client(house, client_id)
    say.print(f"{client_id} has ended.", markup=False)


@client_commands.command("list")
@click.option("--wallet", "origin", help="Origin of one wallet; without it, of all.")
@asynchronous
async def list_clients(origin: str | None) -> None:
    """Every client with its methods, scopes, and what is set apart."""
    async with _clients() as house:
        wallet_id = None if origin is None else await wallet_id_at(house, origin)
        for seen in await clients_by_hand.show(house, wallet_id):
            notes = "; ".join(f"{name} {told}" for name, told in _notes(seen))
            line = (seen.client_id, seen.origin, _methods(seen), " ".join(seen.scopes), notes)
            say.print("  ".join(one for one in line if one), markup=False, soft_wrap=True)


@client_commands.command("show")
@_CLIENT
@asynchronous
async def show_client(client_id: str) -> None:
    """All that is known of CLIENT, but nothing to call with."""
    async with _clients() as house:
        known = {seen.client_id: seen for seen in await clients_by_hand.show(house)}
    if client_id not in known:
        stop(f"There is no client {client_id}.")
    seen = known[client_id]
    told = (
        ("client", seen.client_id),
        ("wallet", seen.origin),
        ("methods", _methods(seen)),
        ("scopes", " ".join(seen.scopes)),
        ("made", _at(seen.created_at)),
        *(("key", f"{key.kid}, added {_at(key.added_at)}") for key in seen.keys),
        ("tokens", str(seen.tokens)),
        *_notes(seen),
    )
    for name, value in told:
        say.print(f"{name}: {value}", markup=False, soft_wrap=True)


@asynccontextmanager
async def _clients() -> AsyncGenerator[House]:
    """The house; what cannot be done there is said in a line."""
    try:
        async with the_house() as house:
            yield house
    except (ClientWrong, KeyRefused) as wrong:
        stop(str(wrong))


def _methods(seen: ClientSeen) -> str:
    return ", ".join(seen.methods) or "none"


def _notes(seen: ClientSeen) -> list[tuple[str, str]]:
    """What is not so of every client."""
    notes = (
        ("earlier secret until", seen.overlap_until),
        ("last token", seen.last_token_at),
        ("ended", seen.ended_at),
    )
    told = [(name, _at(instant)) for name, instant in notes if instant is not None]
    if seen.exp_cap is not None:
        told.append(("exp cap", f"{seen.exp_cap.total_seconds():.0f} s"))
    return told


def _named(kids: tuple[str, ...]) -> str:
    return "\n".join(kids)


def _at(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
