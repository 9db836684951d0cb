"""Sealing gives each committed entry one number in its wallet's chain, however late it commits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.events import THE_CLOCK, ContactDeclined
from domain.ids import AccountId, ContactId, WalletId
from domain.journal import canonical, first_hash, next_hash
from domain.wallets import THE_INSTALLATION
from service.embedded import OWNER, Cluster
from service.operations.house import House
from service.operations.journal import seal_journal, verify_all, verify_journal
from service.security.tokens import new_id
from service.storage.rows import record
from service.storage.tables import journal, sealing, seals
from tests import people
from tests.builders import CARL, NOON, NORTE, OLGAS

pytestmark = pytest.mark.anyio

SUR: Final = WalletId(UUID(int=100))
# More than one run seals at once.
A_LONG_NIGHT: Final = 5003


class Sealed(NamedTuple):
    number: int
    entry_id: UUID
    hash: bytes


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


async def happens(db: AsyncConnection, times: int = 1, wallet_id: WalletId = NORTE) -> None:
    """Something to remember, each time to another contact."""
    for _ in range(times):
        declined = ContactDeclined(
            account_id=AccountId(new_id()), contact_id=ContactId(new_id()), at=NOON
        )
        await record(db, wallet_id, [declined], by=THE_CLOCK)


async def happened(house: House, times: int = 1, wallet_id: WalletId = NORTE) -> None:
    async with house.engine.begin() as db:
        await happens(db, times, wallet_id)


async def chain_of(house: House, wallet_id: WalletId = NORTE) -> list[Sealed]:
    ours = select(seals.c.number, seals.c.entry_id, seals.c.hash)
    ours = ours.where(seals.c.wallet_id == wallet_id).order_by(seals.c.number)
    async with house.engine.connect() as db:
        return [Sealed(*row) for row in (await db.execute(ours)).all()]


async def is_whole(house: House, wallet_id: WalletId = NORTE) -> bool:
    verdict = await verify_journal(house, wallet_id)
    assert (verdict.why is None) == (verdict.broken_at is None)
    return verdict.broken_at is None


async def test_every_committed_entry_gets_one_number_and_its_hash(house: House) -> None:
    await happened(house, 3)

    assert await seal_journal(house) == 3
    assert await seal_journal(house) == 0
    await happened(house, 2)
    assert await seal_journal(house) == 2

    chain, previous = await chain_of(house), first_hash(NORTE)
    async with house.engine.connect() as db:
        rows = await db.execute(select(journal.c.id, journal.c.entry).order_by(journal.c.id))
        entries = {row.id: row.entry for row in rows}
    assert [one.number for one in chain] == [1, 2, 3, 4, 5]
    assert {one.entry_id for one in chain} == set(entries)
    for one in chain:
        previous = next_hash(one.number, previous, one.entry_id, entries[one.entry_id])
        assert one.hash == previous
    assert await is_whole(house)


async def test_an_empty_journal_is_sealed_and_whole(house: House) -> None:
    assert await seal_journal(house) == 0

    verdict = await verify_journal(house, NORTE)
    assert (verdict.sealed, verdict.unsealed, verdict.broken_at) == (0, 0, None)


async def test_what_never_committed_takes_no_number(house: House) -> None:
    await happened(house)
    async with house.engine.connect() as db:
        await happens(db)
        await db.rollback()
    await happened(house)

    assert await seal_journal(house) == 2
    assert [one.number for one in await chain_of(house)] == [1, 2]
    assert await is_whole(house)


async def test_an_entry_that_commits_after_later_ones_were_sealed_is_sealed_too(
    house: House,
) -> None:
    async with house.engine.connect() as slow:
        await happens(slow)
        for _ in range(3):
            await happened(house)
            assert await seal_journal(house) == 1
        await slow.commit()

    assert await seal_journal(house) == 1
    assert await seal_journal(house) == 0
    chain = await chain_of(house)
    assert [one.number for one in chain] == [1, 2, 3, 4]
    # It was written first and sealed last.
    assert chain[-1].entry_id == min(one.entry_id for one in chain)
    assert await is_whole(house)


async def test_of_two_slow_transactions_neither_is_forgotten(house: House) -> None:
    async with house.engine.connect() as slower, house.engine.connect() as slow:
        await happens(slower)
        await happens(slow)
        await happened(house)
        assert await seal_journal(house) == 1
        await slow.commit()
        assert await seal_journal(house) == 1
        await happened(house)
        assert await seal_journal(house) == 1
        await slower.commit()

    assert await seal_journal(house) == 1
    assert (await verify_journal(house, NORTE)).unsealed == 0
    assert await is_whole(house)


async def test_while_one_sealer_works_another_leaves_at_once(
    house: House, owner: AsyncEngine
) -> None:
    await happened(house, 3)
    async with owner.connect() as door:
        # Nobody writes a seal while this is held, so the first sealer stays in the middle.
        await door.execute(text("LOCK TABLE seals IN SHARE MODE"))
        first = asyncio.create_task(seal_journal(house))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        async with asyncio.timeout(30):
            while not await door.scalar(waiting):
                assert not first.done()

            assert await seal_journal(house) == 0
        await door.rollback()

    assert await first == 3
    assert [one.number for one in await chain_of(house)] == [1, 2, 3]
    assert await is_whole(house)


async def test_many_sealers_at_once_seal_nothing_twice(house: House) -> None:
    await happened(house, 40)

    sealed = await asyncio.gather(*(seal_journal(house) for _ in range(6)))

    assert sum(sealed) == 40
    assert [one.number for one in await chain_of(house)] == list(range(1, 41))
    assert await is_whole(house)


async def test_a_long_backlog_is_sealed_in_portions_and_whole(house: House) -> None:
    said = canonical(ContactDeclined(account_id=OLGAS, contact_id=CARL, at=NOON), THE_CLOCK)
    row = {"wallet_id": NORTE, "at": NOON, "account_id": OLGAS, "entry": said}
    rows = [{"id": new_id(), **row} for _ in range(A_LONG_NIGHT)]
    async with house.engine.begin() as db:
        await db.execute(insert(journal), rows)

    sealed = [await seal_journal(house) for _ in range(3)]

    assert sum(sealed) == A_LONG_NIGHT
    assert 0 < sealed[1] < sealed[0]
    assert sealed[2] == 0
    assert await is_whole(house)


async def test_a_restored_database_that_counts_transactions_anew_is_sealed(house: House) -> None:
    await happened(house)
    assert await seal_journal(house) == 1
    async with house.engine.begin() as db:
        # What was written down before the restore lies far ahead of the present counter.
        await db.execute(update(sealing).values(sealed_below=10**15))
    await happened(house)

    assert await seal_journal(house) == 1
    assert await seal_journal(house) == 0
    assert await is_whole(house)


async def test_wallets_have_chains_of_their_own(house: House) -> None:
    for _ in range(3):
        for wallet_id in (NORTE, SUR, THE_INSTALLATION):
            await happened(house, wallet_id=wallet_id)
    assert await seal_journal(house) == 9

    chains = [await chain_of(house, one) for one in (NORTE, SUR, THE_INSTALLATION)]
    for chain, wallet_id in zip(chains, (NORTE, SUR, THE_INSTALLATION), strict=True):
        assert [one.number for one in chain] == [1, 2, 3]
        assert await is_whole(house, wallet_id)
    assert len({one.hash for chain in chains for one in chain}) == 9


async def test_the_check_covers_every_wallet_and_the_installation(house: House) -> None:
    wallet = await people.a_wallet(house)
    await happened(house, wallet_id=wallet.id)
    await happened(house, 2, wallet_id=THE_INSTALLATION)
    await seal_journal(house)
    await happened(house, wallet_id=wallet.id)

    verdicts = await verify_all(house)

    seen = {verdict.wallet_id: (verdict.sealed, verdict.unsealed) for verdict in verdicts}
    # A wallet's own chain begins with its making.
    assert seen == {THE_INSTALLATION: (2, 0), wallet.id: (2, 1)}
