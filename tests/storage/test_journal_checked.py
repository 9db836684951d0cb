"""Whatever the owner of the database changes in the journal, a check finds."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    ScalarSelect,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.dml import UpdateBase

from domain.events import THE_CLOCK, ContactDeclined
from domain.ids import ContactId, WalletId
from domain.journal import canonical, next_hash
from service.embedded import OWNER, Cluster
from service.operations.house import House
from service.operations.journal import seal_journal, verify_journal
from service.security.tokens import new_id
from service.storage.rows import record
from service.storage.tables import journal, seals
from tests.builders import CARL, MALLORYS, NOON, NORTE, OLGAS

pytestmark = pytest.mark.anyio

SUR: Final = WalletId(new_id())
FORGED: Final = new_id()
A_FORGERY: Final = canonical(ContactDeclined(account_id=OLGAS, contact_id=CARL, at=NOON), THE_CLOCK)


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


async def happened(house: House, times: int, *wallets: WalletId) -> None:
    """Something to remember, in turn in each wallet."""
    async with house.engine.begin() as db:
        for _ in range(times):
            for wallet_id in wallets:
                declined = ContactDeclined(
                    account_id=OLGAS, contact_id=ContactId(new_id()), at=NOON
                )
                await record(db, wallet_id, [declined], by=THE_CLOCK)


@pytest.fixture
async def chains(house: House) -> None:
    """Five sealed entries in each of two wallets, and both chains whole."""
    await happened(house, 5, NORTE, SUR)
    assert await seal_journal(house) == 10
    assert await broken_at(house, NORTE) is None
    assert await broken_at(house, SUR) is None


async def broken_at(house: House, wallet_id: WalletId = NORTE) -> int | None:
    verdict = await verify_journal(house, wallet_id)
    assert (verdict.why is None) == (verdict.broken_at is None)
    return verdict.broken_at


# Of Norte's chain:
def number(*numbers: int) -> ColumnElement[bool]:
    return (seals.c.wallet_id == NORTE) & seals.c.number.in_(numbers)


def entry(*numbers: int) -> ColumnElement[bool]:
    return journal.c.id.in_(select(seals.c.entry_id).where(number(*numbers)))


def words_of(one: int) -> ScalarSelect[str]:
    other = journal.alias()
    sealed = select(seals.c.entry_id).where(number(one)).scalar_subquery()
    return select(other.c.entry).where(other.c.id == sealed).scalar_subquery()


def renumbered(first: int, step: int) -> UpdateBase:
    later = (seals.c.wallet_id == NORTE) & (seals.c.number >= first)
    return update(seals).where(later).values(number=seals.c.number + step)


def forged(one: int, hash_: bytes) -> tuple[UpdateBase, UpdateBase]:
    return (
        insert(journal).values(
            id=FORGED, wallet_id=NORTE, at=NOON, account_id=OLGAS, entry=A_FORGERY
        ),
        insert(seals).values(
            wallet_id=NORTE, number=one, entry_id=FORGED, hash=hash_, sealed_at=NOON
        ),
    )


# What an owner of the database could try, and the number at which a check stops.
TRIES: Final[dict[str, tuple[int, tuple[UpdateBase, ...]]]] = {
    "entry changed": (
        2,
        (
            update(journal)
            .where(entry(2))
            .values(entry=func.replace(journal.c.entry, "declined", "accepted")),
        ),
    ),
    "white space added": (
        2,
        (update(journal).where(entry(2)).values(entry=journal.c.entry + " "),),
    ),
    "entry dropped": (2, (delete(journal).where(entry(2)),)),
    "last entry dropped": (5, (delete(journal).where(entry(5)),)),
    "entry and seal dropped": (
        3,
        (delete(journal).where(entry(2)), delete(seals).where(number(2))),
    ),
    "first entry and seal dropped": (
        2,
        (delete(journal).where(entry(1)), delete(seals).where(number(1))),
    ),
    "dropped and the rest moved up": (
        2,
        (
            delete(journal).where(entry(2)),
            delete(seals).where(number(2)),
            renumbered(3, 1000),
            renumbered(1000, -1001),
        ),
    ),
    "two seals swapped": (
        2,
        (
            update(seals).where(number(2)).values(number=1000),
            update(seals).where(number(3)).values(number=2),
            update(seals).where(number(1000)).values(number=3),
        ),
    ),
    "two entries swapped": (
        2,
        (
            update(journal)
            .where(entry(2, 3))
            .values(entry=case((entry(2), words_of(3)), else_=words_of(2))),
        ),
    ),
    "moved to another wallet": (2, (update(journal).where(entry(2)).values(wallet_id=SUR),)),
    "moved to another wallet with its seal": (
        3,
        (
            update(journal).where(entry(2)).values(wallet_id=SUR),
            update(seals).where(number(2)).values(wallet_id=SUR, number=6),
        ),
    ),
    "moved to another account": (
        2,
        (update(journal).where(entry(2)).values(account_id=MALLORYS),),
    ),
    "hidden from every account": (
        2,
        (update(journal).where(entry(2)).values(account_id=None),),
    ),
    "moved to another day": (
        2,
        (update(journal).where(entry(2)).values(at=journal.c.at - timedelta(days=365)),),
    ),
    "seal changed": (2, (update(seals).where(number(2)).values(hash=bytes(32)),)),
    "entry added with a forged seal": (6, forged(6, bytes(32))),
}


async def done_by(owner: AsyncEngine, *statements: UpdateBase) -> None:
    async with owner.begin() as db:
        for statement in statements:
            done: CursorResult[object] = await db.execute(statement)
            assert done.rowcount > 0


@pytest.mark.usefixtures("chains")
@pytest.mark.parametrize(("found_at", "statements"), TRIES.values(), ids=TRIES)
async def test_whatever_the_owner_of_the_database_changes_is_found(
    house: House, owner: AsyncEngine, found_at: int, statements: tuple[UpdateBase, ...]
) -> None:
    await done_by(owner, *statements)

    assert await broken_at(house) == found_at


@pytest.mark.usefixtures("chains")
@pytest.mark.parametrize(
    ("tried", "why"),
    [
        ("entry changed", "the entry is not the one sealed"),
        ("entry dropped", "the entry is gone"),
        ("entry and seal dropped", "number 2 is missing"),
        ("moved to another wallet", "the entry was moved to another wallet"),
    ],
)
async def test_a_check_says_what_it_found(
    house: House, owner: AsyncEngine, tried: str, why: str
) -> None:
    await done_by(owner, *TRIES[tried][1])

    assert (await verify_journal(house, NORTE)).why == why


@pytest.mark.usefixtures("chains")
async def test_an_entry_put_in_between_is_found_even_with_a_seal_that_fits(
    house: House, owner: AsyncEngine
) -> None:
    async with owner.connect() as db:
        previous = (await db.execute(select(seals.c.hash).where(number(2)))).scalar_one()
    fitting = next_hash(3, previous, FORGED, A_FORGERY)

    await done_by(owner, renumbered(3, 1000), renumbered(1000, -999), *forged(3, fitting))

    # The forged one fits; the true one after it no longer does.
    assert await broken_at(house) == 4


@pytest.mark.usefixtures("chains")
async def test_a_broken_chain_says_nothing_against_another_wallet_s(
    house: House, owner: AsyncEngine
) -> None:
    await done_by(owner, delete(journal).where(entry(2)))

    assert await broken_at(house, NORTE) == 2
    assert await broken_at(house, SUR) is None


@pytest.mark.usefixtures("chains")
async def test_a_broken_chain_stays_broken_however_long_it_grows(
    house: House, owner: AsyncEngine
) -> None:
    await done_by(owner, delete(journal).where(entry(2)))
    await happened(house, 3, NORTE)
    assert await seal_journal(house) == 3

    assert await broken_at(house) == 2


@pytest.mark.usefixtures("chains")
async def test_what_waits_for_its_seal_is_counted_and_breaks_nothing(house: House) -> None:
    await happened(house, 2, NORTE)

    verdict = await verify_journal(house, NORTE)

    assert (verdict.sealed, verdict.unsealed, verdict.broken_at) == (5, 2, None)
