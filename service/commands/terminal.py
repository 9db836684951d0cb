"""What the commands share: saying something, stopping, and the house for their length."""

import asyncio
import os
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
from rich.console import Console
from sqlalchemy.ext.asyncio import create_async_engine

from domain.ids import WalletId
from domain.wallets import Wallet
from service import settings
from service.operations.house import House
from service.security import keys
from service.security.passwords import Passwords
from service.storage import load

P = ParamSpec("P")
T = TypeVar("T")
say = Console(highlight=False)


def asynchronous(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """A command whose work is asynchronous."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return asyncio.run(command(*args, **kwargs))

    return run


@asynccontextmanager
async def the_house() -> AsyncGenerator[House]:
    """The house for the length of one command."""
    url = settings.database_url(os.environ, "RESGUARDO_DATABASE_URL")
    ring = keys.load(settings.keys_folder(os.environ))
    engine = create_async_engine(url)
    try:
        yield House(
            engine=engine,
            keys=ring,
            passwords=Passwords(),
            checkpoints=settings.checkpoints_folder(os.environ),
        )
    finally:
        await engine.dispose()


async def wallet_at(house: House, origin: str) -> Wallet:
    wallet_id = await wallet_id_at(house, origin)
    async with house.engine.connect() as db:
        return await load.wallet(db, wallet_id)


async def wallet_id_at(house: House, origin: str) -> WalletId:
    async with house.engine.connect() as db:
        known = {wallet.origin: wallet.id for wallet in await load.all_wallets(db)}
    return known[origin] if origin in known else stop(f"There is no wallet at {origin}.")


def stop(why: str) -> NoReturn:
    raise click.ClickException(why)
