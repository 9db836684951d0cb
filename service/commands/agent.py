"""`agent`: who works on tickets."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import click
from sqlalchemy.exc import IntegrityError

from domain.access import Role
from domain.refusals import AddressNotAllowed, AgentHasEnded, NotFound, OwnAddressesNeeded
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_id_at
from service.operations import agents, agents_by_hand, agents_codes
from service.operations.agents import NewAgent
from service.operations.agents_by_hand import AgentSeen, Changes
from service.operations.house import House
from service.security.passwords import SHORTEST

# By their values: the names of members are ours, not the operator's.
_ROLES: Final = click.Choice([role.value for role in Role])
_LANGUAGES: Final = click.Choice(["es", "pt-BR", "en"])
_LEVEL: Final = click.IntRange(1, 4)
_LOGIN: Final = click.argument("login")
_WALLETS: Final = "Origins they serve."
_SPEAKS: Final = "Languages of owners they speak to; not given: any."
_LOSSES: Final = "Whether they work on losses."
_SAFETY: Final = (
    "Trained for owners who do not feel safe with their own people: sees their tickets."
)
_OWN: Final = (
    "An e-mail address or phone number of their own, so that they never see their own tickets."
    " Only keyed hashes are kept."
)
_PASSWORD: Final = click.password_option(
    help=f"At least {SHORTEST} characters; asked for when not given."
)


@click.group("agent")
def agent_commands() -> None:
    """The people who work on tickets."""


@agent_commands.command("add")
@_LOGIN
@click.option("--name", required=True, help="As colleagues read it in the timeline.")
@click.option("--level", type=_LEVEL, required=True)
@click.option("--role", type=_ROLES, default=Role.AGENT.value)
@click.option("--wallet", "origins", multiple=True, required=True, help=_WALLETS)
@click.option("--language", type=_LANGUAGES, default="es", help="Of their console.")
@click.option("--speaks", type=_LANGUAGES, multiple=True, help=_SPEAKS)
@click.option("--losses/--no-losses", default=True, help=_LOSSES)
@click.option("--safety", is_flag=True, help=_SAFETY)
@click.option("--own-address", "own", multiple=True, help=_OWN)
@_PASSWORD
@asynchronous
async def add_agent(  # noqa: PLR0913  # one for each option
    login: str,
    *,
    name: str,
    level: int,
    role: str,
    origins: tuple[str, ...],
    language: str,
    speaks: tuple[str, ...],
    losses: bool,
    safety: bool,
    own: tuple[str, ...],
    password: str,
) -> None:
    """Add an agent. The authenticator secret and ten recovery codes are printed this once; they
    approve after 24 h."""
    _require_long(password)
    codes = agents_codes.new_codes()
    async with _the_house() as house:
        served = tuple([await wallet_id_at(house, origin) for origin in origins])
        new = NewAgent(
            login=login.lower(),
            name=name,
            password=password,
            level=level,
            role=Role(role),
            wallets=served,
            language=language,
            trained_for_safety=safety,
            speaks=speaks,
            serves_losses=losses,
            own_addresses=own,
            recovery_codes=codes,
        )
        try:
            secret = await agents.add_agent(house, new)
        except IntegrityError:
            stop(f"There is an agent {login.lower()} already.")
    _tell(secret, codes)


@agent_commands.command("reset")
@_LOGIN
@_PASSWORD
@asynchronous
async def reset_agent(login: str, *, password: str) -> None:
    """New password, authenticator and recovery codes, printed this once. Passkeys and sessions end
    at once; they approve after 24 h."""
    _require_long(password)
    codes = agents_codes.new_codes()
    async with _the_house() as house:
        secret = await agents_by_hand.reset(
            house, login.lower(), password=password, recovery_codes=codes
        )
    _tell(secret, codes)


@agent_commands.command("change")
@_LOGIN
@click.option("--level", type=_LEVEL, default=None)
@click.option("--role", type=_ROLES, default=None)
@click.option("--wallet", "origins", multiple=True, help=f"{_WALLETS} In place of those before.")
@click.option("--language", type=_LANGUAGES, default=None, help="Of their console.")
@click.option("--speaks", type=_LANGUAGES, multiple=True, help="In place of those before.")
@click.option("--speaks-any", is_flag=True, help="With owners of any language.")
@click.option("--losses/--no-losses", default=None, help=_LOSSES)
@click.option("--safety/--no-safety", default=None, help=_SAFETY)
@click.option("--own-address", "own", multiple=True, help=f"{_OWN} In place of those before.")
@click.option("--no-own-address", is_flag=True, help="They have none at any of these wallets.")
@asynchronous
async def change_agent(  # noqa: PLR0913  # one for each option
    login: str,
    *,
    level: int | None,
    role: str | None,
    origins: tuple[str, ...],
    language: str | None,
    speaks: tuple[str, ...],
    speaks_any: bool,
    losses: bool | None,
    safety: bool | None,
    own: tuple[str, ...],
    no_own_address: bool,
) -> None:
    """Change what an agent may do, and for whom. What is not given stays. Raised, or made an
    officer, they approve after 24 h."""
    if (own and no_own_address) or (speaks and speaks_any):
        stop("Either some, or none.")
    async with _the_house() as house:
        served = tuple([await wallet_id_at(house, origin) for origin in origins])
        changes = Changes(
            level=level,
            role=None if role is None else Role(role),
            wallets=served or None,
            language=language,
            speaks=speaks if speaks or speaks_any else None,
            serves_losses=losses,
            trained_for_safety=safety,
            own_addresses=own if own or no_own_address else None,
        )
        if changes == Changes():
            stop("Nothing was said that is to change.")
        await agents_by_hand.change(house, login.lower(), changes)
        _show(await agents_by_hand.see(house, login.lower()))


@agent_commands.command("end")
@_LOGIN
@asynchronous
async def end_agent(login: str) -> None:
    """They are out with their next press, for good. What they did stays in the record."""
    async with _the_house() as house:
        await agents_by_hand.end(house, login.lower())


@agent_commands.command("show")
@_LOGIN
@asynchronous
async def show_agent(login: str) -> None:
    """What an agent may do, for whom, and what they sign in with."""
    async with _the_house() as house:
        _show(await agents_by_hand.see(house, login.lower()))


@agent_commands.command("list")
@asynchronous
async def list_agents() -> None:
    """Every agent, one a line."""
    async with _the_house() as house:
        for seen in await agents_by_hand.see_all(house):
            agent = seen.agent
            ended = f" ended {_said(agent.ended_at)}" if agent.ended_at else ""
            _print(f"{agent.login}  {seen.name}  {agent.role} level {agent.level}{ended}")


@asynccontextmanager
async def _the_house() -> AsyncGenerator[House]:
    """With refusals in the operator's words."""
    async with the_house() as house:
        try:
            yield house
        except NotFound:
            stop("There is no agent of this login.")
        except AgentHasEnded:
            stop("This agent has ended; whoever comes back is added anew, under another login.")
        except AddressNotAllowed:
            stop("An own address is an e-mail address, or a mobile number with its country code.")
        except OwnAddressesNeeded:
            stop(
                "For a further wallet say all of the agent's own addresses again, with"
                " --own-address, or --no-own-address: only hashes of them are kept."
            )


def _require_long(password: str) -> None:
    if len(password) < SHORTEST:
        stop(f"A password has at least {SHORTEST} characters.")


def _tell(secret: str, codes: tuple[str, ...]) -> None:
    """The secret alone in the first line; the codes one a line after it."""
    for line in (secret, *codes):
        _print(line)


def _show(seen: AgentSeen) -> None:
    agent = seen.agent
    kinds = [
        *(["losses"] if agent.serves_losses else []),
        *(["safety"] if agent.trained_for_safety else []),
    ]
    waits = _said(agent.can_approve_from) if seen.now < agent.can_approve_from else "now"
    for said, what in (
        ("login", agent.login),
        ("name", seen.name),
        ("role", agent.role.value),
        ("level", str(agent.level)),
        ("wallets", " ".join(seen.wallets)),
        ("kinds", " ".join(kinds) or "none"),
        ("console in", agent.language),
        ("speaks", " ".join(agent.speaks) or "any"),
        ("own addresses", str(seen.own_addresses)),
        ("passkeys", str(seen.passkeys)),
        ("recovery codes left", str(seen.codes_left)),
        ("may approve from", waits),
        ("added", _said(agent.created_at)),
        ("ended", _said(agent.ended_at) if agent.ended_at else "no"),
    ):
        _print(f"{said}: {what}")


def _said(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"


def _print(line: str) -> None:
    say.print(line, markup=False, soft_wrap=True)
