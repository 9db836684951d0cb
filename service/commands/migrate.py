"""`migrate`: the tables."""

import os
import sys
import tempfile
from pathlib import Path

import click
from sqlalchemy.engine import make_url

from service import settings
from service.commands.terminal import asynchronous, say
from service.storage import migrations

DEFAULT_ROLE = "resguardo_service"


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the tables match the code.")
@asynchronous
async def migrate(check: bool) -> None:
    """Bring the tables up to date and give the service's role its rights.

    With --check and no database named, an embedded one is made, migrated and thrown away.
    """
    if check:
        different = await _differences()
        for difference in different:
            say.print(difference, markup=False)
        sys.exit(1 if different else 0)
    owner = settings.database_url(os.environ, "RESGUARDO_OWNER_DATABASE_URL")
    role = DEFAULT_ROLE
    if os.environ.get("RESGUARDO_DATABASE_URL"):
        served = settings.database_url(os.environ, "RESGUARDO_DATABASE_URL")
        role = make_url(served).username or DEFAULT_ROLE
    await migrations.upgrade(owner, role)
    say.print("The tables are up to date.")


async def _differences() -> list[str]:
    if os.environ.get("RESGUARDO_OWNER_DATABASE_URL"):
        owner = settings.database_url(os.environ, "RESGUARDO_OWNER_DATABASE_URL")
        return await migrations.differences(owner)
    from service import embedded

    with (
        tempfile.TemporaryDirectory(prefix="resguardo-") as folder,
        embedded.start(Path(folder) / "postgres", durable=False) as cluster,
    ):
        owner = cluster.url(embedded.OWNER)
        await migrations.upgrade(owner, embedded.SERVICE)
        return await migrations.differences(owner)
