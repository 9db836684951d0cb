"""Endpoints, facts and engines for tests: facts are promised as operations promise them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import insert, select, update

from domain.accounts import Account
from domain.events import AccountFrozen, AccountReleased, Event
from domain.ids import AccountId, ClientId, TicketId, WalletId
from domain.wallets import Wallet
from notifications.outbox import Promise
from notifications.outbox import rows as outbox_rows
from service.operations import clients, queueing, webhooks
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.sending_signals import Engine
from service.operations.webhooks import MadeSecret, NewEndpoint
from service.security.outgoing import Sender
from service.security.tokens import new_id
from service.signals.kinds import kinds
from service.storage.tables import api_clients, outbox, signals, streams
from service.storage.values import Scope
from tests import people as cast
from tests.leaks import EARS


class Engines(Struct):
    """One worker's two loops, a step at a time."""

    house: House
    engine: Engine

    async def queue(self, limit: int = 500) -> int:
        return await queueing.queue_waiting(self.house, kinds(self.house), limit=limit)

    async def work(self) -> int:
        """All that is waiting is queued, and all that may be sent is sent."""
        while await self.queue():
            pass
        return await self.engine.drain()


@asynccontextmanager
async def an_engine(house: House) -> AsyncGenerator[Engines]:
    sender = Sender(loopback=True)
    try:
        yield Engines(house, Engine(house, kinds(house), sender))
    finally:
        await sender.close()


async def a_client(house: House, wallet: Wallet, name: str = "backend-hooks") -> Caller:
    EARS.hide(await clients.add_client(house, wallet.id, name, (Scope.WEBHOOKS,)))
    async with house.engine.connect() as db:
        found = select(api_clients.c.id).where(api_clients.c.client_id == name)
        key = (await db.execute(found)).scalar_one()
    return Caller(client_id=ClientId(key), wallet_id=wallet.id, scopes=(Scope.WEBHOOKS,))


async def an_endpoint(house: House, wallet: Wallet, caller: Caller, url: str) -> MadeSecret:
    new = NewEndpoint(url=url, events=None, description=None)
    made = await webhooks.add_endpoint(house, wallet, caller, new, loopback=True, request=None)
    EARS.hide(made.secret)
    return made


async def happened(house: House, wallet: Wallet, events: Sequence[Event]) -> list[UUID]:
    """Promised, as `keep` does beside the change."""
    promises = [Promise(id=new_id(), wallet_id=wallet.id, event=event) for event in events]
    async with house.engine.begin() as db:
        await db.execute(insert(outbox), outbox_rows(promises))
    return [promise.id for promise in promises]


def outbox_rows_of(event: Event) -> dict[str, Any]:
    """A promise's row."""
    return outbox_rows([Promise(id=new_id(), wallet_id=WalletId(new_id()), event=event)])[0]


async def some_accounts(house: House, wallet: Wallet, many: int) -> list[Account]:
    return [await cast.olga(house, wallet, f"olga-{number}") for number in range(many)]


def frozen(account_id: AccountId, version: int, at: datetime) -> AccountFrozen:
    return AccountFrozen(
        account_id=account_id,
        ticket_id=TicketId(new_id()),
        version=version,
        epoch=version,
        stolen=True,
        at=at,
    )


def released(account_id: AccountId, version: int, at: datetime) -> AccountReleased:
    return AccountReleased(
        account_id=account_id, ticket_id=TicketId(new_id()), version=version, at=at
    )


def a_history(account_id: AccountId, many: int, at: datetime) -> list[Event]:
    """Frozen and released in turn, a second apart."""
    return [
        (frozen if number % 2 == 0 else released)(
            account_id, number + 1, at + timedelta(seconds=number)
        )
        for number in range(many)
    ]


async def stored_signals(house: House) -> list[Any]:
    async with house.engine.connect() as db:
        return list((await db.execute(select(signals).order_by(signals.c.position))).all())


async def stored_stream(house: House) -> Any:
    """The only one."""
    async with house.engine.connect() as db:
        return (await db.execute(select(streams))).one()


async def let_leases_run_out(house: House) -> None:
    await cast.move_clock(house, timedelta(seconds=61))


async def bring_forward(house: House) -> None:
    """As if every wait were over: each next try is due, each receiver rested."""
    async with house.engine.begin() as db:
        due = signals.c.state == "due"
        await db.execute(update(signals).where(due).values(due_at=signals.c.queued_at))
        await db.execute(update(streams).values(rests_until=None))
