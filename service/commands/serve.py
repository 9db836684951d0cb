"""`serve`: the process that answers pages and API."""

import os

import click

from service import ending, logs, processes, settings
from service.security import keys


@click.command()
@click.option("--processes", "many", type=click.IntRange(1, 64), help="Instead of the setting.")
def serve(many: int | None) -> None:
    """Answer pages and API until stopped."""
    from granian.constants import Interfaces
    from granian.server import Server

    processes.die_with_parent()
    logs.configure()
    found = settings.load(os.environ)
    keys.load(found.keys)
    server = Server(
        "service.server:entrance",
        address=found.host,
        port=found.port,
        interface=Interfaces.RSGI,
        workers=many or found.processes,
        websockets=False,
        log_access=False,
        respawn_failed_workers=True,
        workers_kill_timeout=ending.KILLED_AFTER,
    )
    server.serve()
