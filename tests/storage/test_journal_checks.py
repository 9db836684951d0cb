"""The clock looks whether the record is whole: hourly from where it was, daily from the start."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.events import THE_CLOCK, ContactDeclined
from domain.ids import ContactId
from domain.wallets import THE_INSTALLATION, Wallet
from service.embedded import OWNER, Cluster
from service.operations import housekeeping, journal_checks
from service.operations.checkpoints import last_kept, write_checkpoints
from service.operations.house import House
from service.operations.journal import seal_journal
from service.operations.journal_checks import EVERY, WHOLE_EVERY, check_journal
from service.security.tokens import new_id
from service.storage import load
from service.storage.load.journal import JournalCheck
from service.storage.rows import record
from service.storage.tables import accounts, journal, seals
from service.storage.tables import journal_checks as table
from tests import people as cast
from tests.builders import NOON, OLGAS

pytestmark = pytest.mark.anyio
A_MOMENT = timedelta(seconds=10)


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
async def wallet(house: House) -> Wallet:
    """Its making and nine entries more, sealed."""
    wallet = await cast.a_wallet(house)
    await happened(house, wallet, 9)
    return wallet


async def happened(house: House, wallet: Wallet, times: int) -> None:
    async with house.engine.begin() as db:
        for _ in range(times):
            declined = ContactDeclined(account_id=OLGAS, contact_id=ContactId(new_id()), at=NOON)
            await record(db, wallet.id, [declined], by=THE_CLOCK)
    await seal_journal(house)


async def found(house: House, wallet: Wallet) -> JournalCheck:
    async with house.engine.connect() as db:
        check = await load.journal_check(db, wallet.id)
    assert check is not None
    return check


def entry(wallet: Wallet, number: int) -> ColumnElement[bool]:
    ours = (seals.c.wallet_id == wallet.id) & (seals.c.number == number)
    return journal.c.id.in_(select(seals.c.entry_id).where(ours))


async def garbled(owner: AsyncEngine, wallet: Wallet, number: int) -> None:
    """Twice, and it is as it was."""
    swapped = func.translate(journal.c.entry, "{}", "}{")
    async with owner.begin() as db:
        await db.execute(update(journal).where(entry(wallet, number)).values(entry=swapped))


@pytest.mark.usefixtures("clock_stands")
async def test_every_chain_is_walked_once_an_hour(house: House, wallet: Wallet) -> None:
    assert await check_journal(house) == 2
    first = await found(house, wallet)
    assert (first.number, first.broken_at, first.unexplained) == (10, None, 0)
    assert first.whole_at == first.checked_at
    await happened(house, wallet, 2)
    await cast.move_clock(house, EVERY - A_MOMENT)
    assert await check_journal(house) == 0

    await cast.move_clock(house, A_MOMENT)
    assert await check_journal(house) == 2

    second = await found(house, wallet)
    assert (second.number, second.broken_at) == (12, None)
    assert second.whole_at == first.whole_at
    async with house.engine.connect() as db:
        assert await load.last_seal(db, wallet.id) == (12, second.hash)
        assert await load.journal_check(db, THE_INSTALLATION) is not None


async def test_what_is_new_is_looked_at_within_the_hour_and_all_within_a_day(
    house: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await check_journal(house)
    await happened(house, wallet, 3)
    await garbled(owner, wallet, 4)
    await cast.move_clock(house, EVERY)
    await check_journal(house)
    # Before where the last walk came to: not looked at again today,
    assert (await found(house, wallet)).broken_at is None

    await cast.move_clock(house, WHOLE_EVERY)
    await check_journal(house)
    # but tomorrow.
    assert (await found(house, wallet)).broken_at == 4
    assert (await housekeeping.gauges_of(house))["journal_broken"] == 1

    # A backup put it right: whatever did not fit is looked at from the beginning every time.
    await garbled(owner, wallet, 4)
    await garbled(owner, wallet, 12)
    await cast.move_clock(house, EVERY)
    await check_journal(house)
    assert (await found(house, wallet)).broken_at == 12
    await garbled(owner, wallet, 12)
    await cast.move_clock(house, EVERY)
    await check_journal(house)
    assert (await found(house, wallet)).broken_at is None
    assert (await housekeeping.gauges_of(house))["journal_broken"] == 0


async def test_an_entry_that_came_since_and_does_not_fit_is_found_within_the_hour(
    house: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await check_journal(house)
    await happened(house, wallet, 3)
    await garbled(owner, wallet, 12)
    await cast.move_clock(house, EVERY)

    await check_journal(house)

    assert (await found(house, wallet)).broken_at == 12


async def test_a_seal_that_is_not_the_one_found_then_sends_the_walk_to_the_beginning(
    house: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await check_journal(house)
    await garbled(owner, wallet, 4)
    async with house.engine.begin() as db:
        await db.execute(update(table).values(hash=bytes(32)))
    await cast.move_clock(house, EVERY)

    await check_journal(house)

    assert (await found(house, wallet)).broken_at == 4


async def test_an_account_that_the_record_does_not_explain_is_counted(
    house: House, wallet: Wallet
) -> None:
    await cast.olga(house, wallet)
    async with house.engine.begin() as db:
        await db.execute(update(accounts).values(version=7))

    check = await journal_checks.check(house, wallet.id, None)

    assert (check.broken_at, check.unexplained) == (None, 1)
    assert (await housekeeping.gauges_of(house))["journal_broken"] == 1


async def test_the_last_checkpoint_is_read_from_the_end_of_its_file(
    house: House, wallet: Wallet, tmp_path: Path
) -> None:
    assert await last_kept(house, wallet.id) is None
    signing = replace(house, checkpoints=tmp_path)
    assert await last_kept(signing, wallet.id) is None
    for _ in range(30):
        await happened(signing, wallet, 1)
        await cast.move_clock(signing, EVERY)
        await write_checkpoints(signing)

    last = await last_kept(signing, wallet.id)

    assert last is not None
    assert last.number == 40
    file = tmp_path / str(wallet.id)
    assert file.stat().st_size > 4096
    with file.open("a") as end:
        end.write("resguardo-journal/forged\n1\n\n— nobody AAAA\n\n")
    # What we did not sign says nothing.
    assert await last_kept(signing, wallet.id) == last
