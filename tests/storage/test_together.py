"""What is kept in one statement is what would have been kept one by one, or nothing."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import Column, Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, tickets
from domain.accounts import Account
from domain.events import THE_CLOCK
from domain.refusals import ChangedMeanwhile
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import freezing
from service.operations.house import House
from service.storage import load
from service.storage.rows import keep
from service.storage.tables import accounts as account_rows
from service.storage.tables import journal, outbox
from service.storage.tables import tickets as ticket_rows
from service.storage.together import Step, keep_all, saving
from tests import people as cast
from tests.fault.power_cuts import what_is_stored

pytestmark = pytest.mark.anyio


@pytest.fixture
async def wallet(house: House) -> Wallet:
    wallet = await cast.a_wallet(house)
    await cast.olga(house, wallet)
    return wallet


async def _account(house: House, wallet: Wallet) -> Account:
    async with house.engine.connect() as db:
        account = await load.account_by_subject(db, wallet.id, cast.OLGA)
    assert account is not None
    return account


async def _a_freeze(house: House, wallet: Wallet) -> tuple[Step[Ticket], Step[Account]]:
    account = await _account(house, wallet)
    now = await cast.now(house)
    new = freezing.new_ticket(wallet, account, reference="K7QF-3M2X-R", now=now)
    freeze = accounts.freeze(account, ticket_id=new.id, stolen=True, now=now)
    return Step(None, tickets.open_ticket(new, now=now)), Step(account, freeze)


async def _rows(db: AsyncConnection) -> list[list[tuple[object, ...]]]:
    """All that a freeze writes, but for what is new every time: keys, and which transaction."""
    chance = {
        account_rows: set[str](),
        ticket_rows: {"opened_in", "changed_in", "changed_at"},
        journal: {"id", "xid"},
        outbox: {"id"},
    }
    return [
        sorted((tuple(row) for row in await db.execute(select(*_but(table, left_out)))), key=repr)
        for table, left_out in chance.items()
    ]


def _but(table: Table, left_out: set[str]) -> list[Column[Any]]:
    return [column for column in table.columns if column.name not in left_out]


async def test_together_and_one_by_one_store_the_same(house: House, wallet: Wallet) -> None:
    opened, frozen = await _a_freeze(house, wallet)

    async with house.engine.connect() as db:
        await keep(db, wallet.id, None, opened.change, by=THE_CLOCK)
        await keep(db, wallet.id, frozen.before, frozen.change, by=THE_CLOCK)
        one_by_one = await _rows(db)
        await db.rollback()
        await keep_all(db, wallet.id, (opened, frozen), by=THE_CLOCK)
        together = await _rows(db)
        await db.rollback()
        neither = await _rows(db)

    assert together == one_by_one
    assert all(len(rows) < len(more) for rows, more in zip(neither[1:], together[1:], strict=True))


async def test_several_steps_of_a_value_are_saved_once_and_told_in_order(
    house: House, wallet: Wallet
) -> None:
    opened, _ = await _a_freeze(house, wallet)
    ticket, now = opened.change.value, await cast.now(house)
    joined = tickets.join(ticket, now=now)
    danger = tickets.raise_danger(joined.value, now=now)
    steps = (opened, Step(ticket, joined), Step(joined.value, danger))

    async with house.engine.begin() as db:
        before = set(await db.scalars(select(journal.c.id)))
        await keep_all(db, wallet.id, steps, by=THE_CLOCK)
        stored = await load.ticket(db, wallet.id, ticket.id)
        entries = select(journal.c.id, journal.c.entry).order_by(journal.c.id)
        told = [row.entry for row in await db.execute(entries) if row.id not in before]

    assert stored == danger.value
    events = [msgspec.json.decode(entry)["what"]["event"] for entry in told]
    assert sorted(events) == ["danger-raised", "ticket-joined", "ticket-opened"]


async def test_where_one_value_was_changed_meanwhile_nothing_is_kept(
    house: House, wallet: Wallet
) -> None:
    steps = await _a_freeze(house, wallet)
    async with house.engine.begin() as db:
        await db.execute(update(account_rows).values(row_version=account_rows.c.row_version + 1))
    before = await what_is_stored(house)

    with pytest.raises(ChangedMeanwhile):
        async with house.engine.begin() as db:
            await keep_all(db, wallet.id, steps, by=THE_CLOCK)

    assert await what_is_stored(house) == before
    async with house.engine.begin() as db:
        await keep_all(db, wallet.id, await _a_freeze(house, wallet), by=THE_CLOCK)
    assert (await _account(house, wallet)).is_frozen


async def test_the_version_of_a_row_rises_by_one(house: House, wallet: Wallet) -> None:
    account = await _account(house, wallet)
    renamed = replace(account, time_zone="America/Bogota")

    async with house.engine.begin() as db:
        await keep_all(db, wallet.id, (saving(account, renamed),), by=THE_CLOCK)
    kept = await _account(house, wallet)
    async with house.engine.begin() as db:
        await keep_all(db, wallet.id, (saving(kept, kept),), by=THE_CLOCK)

    assert kept == replace(renamed, row_version=account.row_version + 1)
    assert await _account(house, wallet) == kept
