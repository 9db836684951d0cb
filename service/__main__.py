"""The commands joined: `python -m service …`. Each says what it does with `--help`.

A command's own module is loaded when it is called: what starts a web process does not read what
makes agents first.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Final

import click
import msgspec

# Where each is, under `service.commands`.
_COMMANDS: Final[Mapping[str, str]] = {
    "settings": "settings.list_settings",
    "serve": "serve.serve",
    "gateways": "gateways.gateways",
    "worker": "worker.worker",
    "migrate": "migrate.migrate",
    "keys": "keys.key_commands",
    "wallet": "wallet.wallet_commands",
    "client": "client.client_commands",
    "agent": "agent.agent_commands",
    "on-call": "on_call.on_call_commands",
    "limits": "limits.limit_commands",
    "person": "person.person_commands",
    "journal": "journal.journal_commands",
    "catalogues": "catalogues.catalogue_commands",
    "demo": "demo.demo_commands",
}


class _Loaded(click.Group):
    """Its commands, each from its own module."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's own name
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # likewise
        module, _, name = _COMMANDS.get(cmd_name, "").rpartition(".")
        if not module:
            return None
        command: click.Command = getattr(import_module(f"service.commands.{module}"), name)
        return command


@click.group(cls=_Loaded)
def commands() -> None:
    """Resguardo: a trusted contact reports a lost phone; the account freezes at once.

    Settings are environment variables; `python -m service settings` lists them.
    """


def main() -> None:
    try:
        commands()
    except Exception as wrong:
        if not _can_be_put_right(wrong):
            raise
        # A web process is forked from here, and would hold all of this for ever.
        from rich.console import Console

        Console(stderr=True, highlight=False).print(str(wrong), markup=False)
        sys.exit(2)


def _can_be_put_right(wrong: Exception) -> bool:
    """By the operator, so it is said in a line and not in a traceback."""
    from service.operations.wallets import WalletWrong
    from service.security.keys import KeysWrong
    from service.settings import SettingWrong
    from service.storage.migrations import RoleMayRewrite

    known = (SettingWrong, KeysWrong, RoleMayRewrite, WalletWrong, msgspec.ValidationError)
    return isinstance(wrong, known)


if __name__ == "__main__":
    main()
