"""`person`: what is stored about somebody, and forgetting them.

The address is read from standard input, so that it lands neither in the shell's history nor in the
list of processes.
"""

import sys
from typing import Final

import click
import msgspec

from domain.accounts import AddressKind
from domain.refusals import AddressNotAllowed
from domain.wallets import Wallet
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_at
from service.operations import persons_by_hand, without_link
from service.operations.persons_by_hand import Answer

_EXITS: Final = """\b
Exit codes: 0 done, 1 not understood, 3 nobody is known at this address (lift: nothing to lift),
4 not done now: their account is open, or a ticket holds it."""
_NOBODY: Final = 3
_NOT_NOW: Final = 4
_ORIGIN: Final = click.option("--wallet", "origin", required=True, help="Origin of the wallet.")


@click.group("person", epilog=_EXITS)
def person_commands() -> None:
    """What is stored about somebody, and forgetting them. Reads the address from standard input.

    Make sure who asks before anything is handed out: nothing here proves it.
    """


@person_commands.command("export", epilog=_EXITS)
@_ORIGIN
@asynchronous
async def export(origin: str) -> None:
    """Everything stored about whoever has the address on standard input, as JSON."""
    async with the_house() as house:
        wallet = await wallet_at(house, origin)
        found = await persons_by_hand.export_at(house, wallet, *_typed(wallet))
    if not found:
        _nobody()
    body = msgspec.json.format(msgspec.json.encode(found), indent=2).decode()
    click.echo(body)


@person_commands.command("erase", epilog=_EXITS)
@_ORIGIN
@asynchronous
async def erase(origin: str) -> None:
    """Erase whoever has the address on standard input, by the same deadline as if they had asked
    themselves. They are nobody's trusted contact from now on."""
    async with the_house() as house:
        wallet = await wallet_at(house, origin)
        told = await persons_by_hand.erase_at(house, wallet, *_typed(wallet))
    if not told:
        _nobody()
    for one in told:
        due = one.due_at.isoformat(timespec="minutes") if one.due_at is not None else ""
        match one.answer:
            case Answer.PLANNED:
                say.print(f"Erased by {due}.")
            case Answer.HELD:
                say.print(
                    f"Erased by {due}, or once the ticket is closed that needs what they said."
                )
            case Answer.ACCOUNT_OPEN:
                say.print("They own an account that is not closed. The wallet closes it first.")
    if any(one.answer is not Answer.PLANNED for one in told):
        sys.exit(_NOT_NOW)


@person_commands.command("suppress", epilog=_EXITS)
@_ORIGIN
@asynchronous
async def suppress(origin: str) -> None:
    """Never write to the address on standard input again, whoever names it and whoever asks for a
    code there."""
    async with the_house() as house:
        wallet = await wallet_at(house, origin)
        over = await persons_by_hand.suppress_at(house, wallet, *_typed(wallet))
    say.print(f"Nothing is written there any more; {over} invitations and contacts ended.")


@person_commands.command("lift", epilog=_EXITS)
@_ORIGIN
@asynchronous
async def lift(origin: str) -> None:
    """Take "never write to me again" back for the address on standard input. Owners may name it
    again; nobody is a trusted contact by that. Make sure that whoever reads there asks for it."""
    async with the_house() as house:
        wallet = await wallet_at(house, origin)
        was_stopped = await persons_by_hand.lift_at(house, wallet, *_typed(wallet))
    if not was_stopped:
        click.echo("Writing there was not stopped.", err=True)
        sys.exit(_NOBODY)
    say.print("It may be written there again, once an owner invites them.")


def _typed(wallet: Wallet) -> tuple[AddressKind, str]:
    typed = sys.stdin.readline().strip()
    try:
        found = without_link.read_address(typed, wallet)
    except AddressNotAllowed:
        stop("This is neither an e-mail address nor the number of a mobile phone.")
    return found.kind, found.written


def _nobody() -> None:
    click.echo("Nobody is known at this address.", err=True)
    sys.exit(_NOBODY)
