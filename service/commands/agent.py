"""`agent`: who works on tickets."""

from typing import Final

import click

from domain.access import Role
from service.commands.terminal import asynchronous, say, stop, the_house, wallet_id_at
from service.operations import agents
from service.operations.agents import NewAgent
from service.security.passwords import SHORTEST

# By their values: the names of members are ours, not the operator's.
_ROLES: Final = click.Choice([role.value for role in Role])


@click.group("agent")
def agent_commands() -> None:
    """The people who work on tickets."""


@agent_commands.command("add")
@click.argument("login")
@click.option("--name", required=True, help="As colleagues read it in the timeline.")
@click.option("--level", type=click.IntRange(1, 4), required=True)
@click.option("--role", type=_ROLES, default=Role.AGENT.value)
@click.option("--wallet", "origins", multiple=True, required=True, help="Origins they serve.")
@click.option("--language", type=click.Choice(["es", "pt-BR", "en"]), default="es")
@click.option(
    "--safety",
    is_flag=True,
    help="Trained for owners who do not feel safe with their own people: sees their tickets.",
)
@click.password_option(help=f"At least {SHORTEST} characters; asked for when not given.")
@asynchronous
async def add_agent(
    login: str,
    *,
    name: str,
    level: int,
    role: str,
    origins: tuple[str, ...],
    language: str,
    safety: bool,
    password: str,
) -> None:
    """Add an agent; the authenticator secret is printed this once. They approve after 24 h."""
    if len(password) < SHORTEST:
        stop(f"A password has at least {SHORTEST} characters.")
    async with the_house() as house:
        served = tuple([await wallet_id_at(house, origin) for origin in origins])
        secret = await agents.add_agent(
            house,
            NewAgent(
                login=login.lower(),
                name=name,
                password=password,
                level=level,
                role=Role(role),
                wallets=served,
                language=language,
                trained_for_safety=safety,
            ),
        )
    say.print(secret, markup=False)
