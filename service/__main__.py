"""The commands joined: `python -m service …`. Each says what it does with `--help`."""

import sys
from typing import Final

import click
import msgspec
from rich.console import Console

from service.commands.agent import agent_commands
from service.commands.catalogues import catalogue_commands
from service.commands.client import client_commands
from service.commands.demo import demo_commands
from service.commands.gateways import gateways
from service.commands.journal import journal_commands
from service.commands.keys import key_commands
from service.commands.limits import limit_commands
from service.commands.migrate import migrate
from service.commands.on_call import on_call_commands
from service.commands.person import person_commands
from service.commands.serve import serve
from service.commands.settings import list_settings
from service.commands.wallet import wallet_commands
from service.commands.worker import worker
from service.operations.wallets import WalletWrong
from service.security.keys import KeysWrong
from service.settings import SettingWrong
from service.storage.migrations import RoleMayRewrite


@click.group()
def commands() -> None:
    """Resguardo: a trusted contact reports a lost phone; the account freezes at once.

    Settings are environment variables; `python -m service settings` lists them.
    """


for command in (
    list_settings,
    serve,
    gateways,
    worker,
    migrate,
    key_commands,
    wallet_commands,
    client_commands,
    agent_commands,
    on_call_commands,
    limit_commands,
    person_commands,
    journal_commands,
    catalogue_commands,
    demo_commands,
):
    commands.add_command(command)

# What the operator can put right: said in a line, not in a traceback.
_WRONG: Final = (
    SettingWrong,
    KeysWrong,
    RoleMayRewrite,
    WalletWrong,
    msgspec.ValidationError,
)


def main() -> None:
    try:
        commands()
    except _WRONG as wrong:
        Console(stderr=True, highlight=False).print(str(wrong), markup=False)
        sys.exit(2)


if __name__ == "__main__":
    main()
