"""`limits`: how often something may be tried."""

import click

from domain.accounts import AddressKind
from domain.refusals import AddressNotAllowed
from domain.wallets import THE_INSTALLATION, Wallet
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_at, wallet_id_at
from service.operations import limits_by_hand, without_link

_ORIGIN = click.option("--wallet", "origin", help="Its origin; without it, what belongs to none.")


@click.group("limits")
def limit_commands() -> None:
    """How often something may be tried, and letting somebody try again."""


@limit_commands.command("show")
@_ORIGIN
@asynchronous
async def show_limits(origin: str | None) -> None:
    """Every limit with its reason, and how many have used some and all of it just now."""
    async with the_house() as house:
        wallet_id = THE_INSTALLATION if origin is None else await wallet_id_at(house, origin)
        for seen in await limits_by_hand.show(house, wallet_id):
            say.print(
                f"[bold]{seen.name}[/]  {seen.burst}, then one each {seen.each}, per"
                f" {seen.limit.per}; fails {seen.limit.fails}\n  {seen.limit.why}"
            )
            until = f", the next from {seen.retry_at.isoformat()}" if seen.retry_at else ""
            say.print(f"  in use {seen.in_use}, used up {seen.used_up}{until}")


@limit_commands.command("reset")
@_ORIGIN
@click.option("--address", help="E-mail address or phone number of whoever shall try again.")
@click.option("--login", help="An agent's.")
@click.option("--network", help="Source network as it is counted: 203.0.113.0/24, 2001:db8::/48.")
@click.option("--everyone", metavar="LIMIT", help="All that one limit counts; named as in `show`.")
@asynchronous
async def reset_limits(
    origin: str | None,
    *,
    address: str | None,
    login: str | None,
    network: str | None,
    everyone: str | None,
) -> None:
    """Forget what was counted of one address, login or network, or of everyone. Recorded."""
    if sum(one is not None for one in (address, login, network, everyone)) != 1:
        stop("Name one of --address, --login, --network and --everyone.")
    async with the_house() as house:
        wallet = None if origin is None else await wallet_at(house, origin)
        if everyone is not None:
            try:
                gone = await limits_by_hand.reset_all(
                    house, THE_INSTALLATION if wallet is None else wallet.id, everyone
                )
            except KeyError:
                stop(f"There is no limit called {everyone}.")
        elif login is not None:
            gone = await limits_by_hand.reset_login(house, login)
        elif wallet is None:
            stop("An address or network is counted per wallet: name its origin with --wallet.")
        elif network is not None:
            gone = await limits_by_hand.reset_network(house, wallet, network)
        else:
            gone = await limits_by_hand.reset_address(house, wallet, *_address_of(address, wallet))
    say.print(f"{gone} reset.")


def _address_of(typed: str | None, wallet: Wallet) -> tuple[AddressKind, str]:
    try:
        found = without_link.read_address(typed or "", wallet)
    except AddressNotAllowed:
        stop("This is neither an e-mail address nor the number of a mobile phone.")
    return found.kind, found.written
