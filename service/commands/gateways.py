"""`gateways`: the process that tells gateways whether a session lives."""

import os
import sys

import click

from service import settings


@click.command()
def gateways() -> None:
    """Answer gateways alone until stopped: introspection and session check, on their own port.

    The web process answers them too; this one cannot be kept from it by anything that happens
    there. It needs the database and no keys.
    """
    settings.load_gateways(os.environ)
    # In place of this process, which has loaded what the other commands need.
    os.execv(sys.executable, [sys.executable, "-m", "service.gateways"])  # noqa: S606  # no shell
