"""`on-call`: who is woken when nobody answers at the desk."""

from typing import Final
from uuid import UUID

import click

from domain.accounts import AddressKind
from domain.ids import OnCallId, WalletId
from domain.refusals import AddressNotAllowed, NotFound
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_at
from service.operations import on_call
from service.operations.house import House
from service.operations.on_call import Listed, NewOnCall
from service.storage import load

_UNKNOWN: Final = "Nobody on the list has this id."


@click.group("on-call")
def on_call_commands() -> None:
    """Who is woken when nobody answers a proposal, or a ticket has come up to level 4."""


@on_call_commands.command("add")
@click.argument("name")
@click.option("--phone", help="With its country code; gets a text message.")
@click.option("--email")
@click.option("--wallet", "origin", help="Only for the wallet at this origin; without it, for all.")
@click.option("--place", type=click.IntRange(1, 100), default=10, help="Who is rung before whom.")
@click.option("--language", type=click.Choice(["es", "pt-BR", "en"]), default="es")
@asynchronous
async def add(
    name: str,
    *,
    phone: str | None,
    email: str | None,
    origin: str | None,
    place: int,
    language: str,
) -> None:
    """Put NAME on the list. Prints the id by which they are tested and taken off."""
    address = phone or email
    if address is None or (phone and email):
        stop("Say one of --phone and --email.")
    async with the_house() as house:
        wallet = await wallet_at(house, origin) if origin else None
        new = NewOnCall(
            wallet_id=wallet.id if wallet else None,
            name=name,
            kind=AddressKind.PHONE if phone else AddressKind.EMAIL,
            address=address,
            language=language,
            time_zone=wallet.time_zone if wallet else "UTC",
            place=place,
        )
        try:
            person_id = await on_call.add(house, new)
        except AddressNotAllowed:
            stop("No message can be sent there; a phone number needs its country code.")
    say.print(str(person_id))


@on_call_commands.command("remove")
@click.argument("person_id", type=click.UUID)
@asynchronous
async def remove(person_id: UUID) -> None:
    """Take somebody off the list; name and address are erased."""
    async with the_house() as house:
        try:
            await on_call.remove(house, OnCallId(person_id))
        except NotFound:
            stop(_UNKNOWN)


@on_call_commands.command("list")
@asynchronous
async def list_all() -> None:
    """Everybody on the list, in the order in which they are rung."""
    async with the_house() as house:
        persons = await on_call.listed(house)
        origins = await _origins(house)
    for one in persons:
        say.print(_line(one, origins), markup=False, soft_wrap=True)


@on_call_commands.command("test")
@click.argument("person_id", type=click.UUID)
@click.option("--wallet", "origin", required=True, help="In whose name: the wallet's origin.")
@asynchronous
async def send_test(person_id: UUID, *, origin: str) -> None:
    """Send somebody a message that says it is a test. The worker sends it within seconds."""
    async with the_house() as house:
        wallet = await wallet_at(house, origin)
        try:
            await on_call.send_test(house, OnCallId(person_id), wallet_id=wallet.id)
        except NotFound:
            stop(_UNKNOWN)


async def _origins(house: House) -> dict[WalletId, str]:
    async with house.engine.connect() as db:
        return {wallet.id: wallet.origin for wallet in await load.all_wallets(db)}


def _line(one: Listed, origins: dict[WalletId, str]) -> str:
    person = one.person
    of = origins.get(person.wallet_id, "") if person.wallet_id else "every wallet"
    return f"{person.id}  {person.place:>3}  {of}  {one.name}  {one.address}  {person.language}"
