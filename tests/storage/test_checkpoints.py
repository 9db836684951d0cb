"""The end of a journal was signed outside the database: cutting it off is found."""

import stat
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from domain.events import THE_CLOCK, ContactDeclined
from domain.ids import ContactId
from domain.journal import Checkpoint, checkpoint_text, next_hash, read_checkpoint
from domain.wallets import Wallet
from service.embedded import OWNER, Cluster
from service.operations.checkpoints import write_checkpoints
from service.operations.house import House
from service.operations.journal import Verdict, seal_journal, verify_journal
from service.security import notes
from service.security.tokens import new_id
from service.storage.rows import record
from service.storage.tables import accounts, journal, seals
from tests import people as cast
from tests.builders import NOON, NORTE, OLGAS

pytestmark = pytest.mark.anyio
AN_HOUR = timedelta(hours=1)


@pytest.fixture
async def owner(cluster: Cluster, database: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(cluster.url(OWNER, database), poolclass=NullPool)
    yield engine
    await engine.dispose()


@pytest.fixture
def signing(house: House, tmp_path: Path) -> House:
    return replace(house, checkpoints=tmp_path / "checkpoints")


@pytest.fixture
async def wallet(signing: House) -> Wallet:
    return await cast.a_wallet(signing)


async def happened(house: House, wallet: Wallet, times: int) -> None:
    async with house.engine.begin() as db:
        for _ in range(times):
            declined = ContactDeclined(account_id=OLGAS, contact_id=ContactId(new_id()), at=NOON)
            await record(db, wallet.id, [declined], by=THE_CLOCK)
    await seal_journal(house)


async def checked(house: House, wallet: Wallet) -> Verdict:
    return await verify_journal(house, wallet.id)


@pytest.mark.usefixtures("clock_stands")
async def test_the_end_is_signed_once_an_hour_and_only_when_it_grew(
    signing: House, wallet: Wallet
) -> None:
    await happened(signing, wallet, 3)
    assert await write_checkpoints(signing) >= 1
    assert await write_checkpoints(signing) == 0

    await happened(signing, wallet, 2)
    await cast.move_clock(signing, AN_HOUR - timedelta(seconds=5))
    assert await write_checkpoints(signing) == 0
    await cast.move_clock(signing, timedelta(seconds=5))
    assert await write_checkpoints(signing) == 1

    await cast.move_clock(signing, AN_HOUR)
    assert await write_checkpoints(signing) == 0
    verdict = await checked(signing, wallet)
    assert (verdict.signed, verdict.is_whole) == (2, True)


async def test_an_end_cut_off_together_with_its_seals_is_found(
    signing: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await happened(signing, wallet, 5)
    await write_checkpoints(signing)
    length = (await checked(signing, wallet)).sealed
    last = (seals.c.wallet_id == wallet.id) & (seals.c.number == length)
    async with owner.begin() as db:
        entry = await db.scalar(select(seals.c.entry_id).where(last))
        await db.execute(delete(seals).where(last))
        await db.execute(delete(journal).where(journal.c.id == entry))

    verdict = await checked(signing, wallet)
    assert verdict.broken_at == length
    assert verdict.why is not None
    assert "cut off" in verdict.why
    # Without the folder nobody could know.
    assert (await checked(replace(signing, checkpoints=None), wallet)).is_whole


async def test_a_chain_made_anew_is_not_the_one_that_was_signed(
    signing: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await happened(signing, wallet, 2)
    await write_checkpoints(signing)
    length = (await checked(signing, wallet)).sealed
    async with owner.begin() as db:
        last = (seals.c.wallet_id == wallet.id) & (seals.c.number == length)
        entry_id = await db.scalar(select(seals.c.entry_id).where(last))
        before = (seals.c.wallet_id == wallet.id) & (seals.c.number == length - 1)
        previous = await db.scalar(select(seals.c.hash).where(before))
        assert entry_id is not None
        assert previous is not None
        mine = journal.c.id == entry_id
        entry = await db.scalar(select(journal.c.entry).where(mine))
        assert entry is not None
        changed = entry.replace("contact-declined", "invitation-lapsed")
        assert changed != entry
        await db.execute(update(journal).where(mine).values(entry=changed))
        forged = next_hash(length, previous, entry_id, changed)
        await db.execute(update(seals).where(last).values(hash=forged))

    verdict = await checked(signing, wallet)
    assert verdict.broken_at == length
    assert (await checked(replace(signing, checkpoints=None), wallet)).is_whole


async def test_a_checkpoint_that_we_did_not_sign_is_named(
    signing: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    await happened(signing, wallet, 2)
    await write_checkpoints(signing)
    assert signing.checkpoints is not None
    file = signing.checkpoints / str(wallet.id)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    written = file.read_text("utf-8")

    longer = written.replace("\n", "\n1", 1)
    for changed in (longer, written + "what is this\n\nnobody\n\n"):
        file.write_text(changed, "utf-8")
        verdict = await checked(signing, wallet)
        assert verdict.why is not None
        assert "not signed by our key" in verdict.why
    file.write_text(written, "utf-8")
    assert (await checked(signing, wallet)).is_whole


async def test_an_account_changed_by_hand_is_named(
    signing: House, wallet: Wallet, owner: AsyncEngine
) -> None:
    olga = await cast.olga(signing, wallet)
    assert (await checked(signing, wallet)).unexplained == ()

    for values in ({"version": 2}, {"epoch": 1}, {"state": "frozen", "frozen_at": NOON}):
        async with owner.begin() as db:
            kept = (await db.execute(select(accounts).where(accounts.c.id == olga.id))).one()
            await db.execute(update(accounts).where(accounts.c.id == olga.id).values(**values))
        assert (await checked(signing, wallet)).unexplained == (olga.id,)
        async with owner.begin() as db:
            back = {name: getattr(kept, name) for name in values}
            await db.execute(update(accounts).where(accounts.c.id == olga.id).values(**back))
    verdict = await checked(signing, wallet)
    assert verdict.is_whole


async def test_a_note_is_opened_by_the_key_that_signed_it_and_no_other(house: House) -> None:
    text = checkpoint_text(Checkpoint(wallet_id=NORTE, number=7, seal=b"s" * 32, at=NOON))
    key = house.keys.checkpoints[0]
    other = replace(key, secret=b"o" * 32)
    note = notes.signed(text, key)

    assert notes.opened(note, (other, key)) == text
    assert notes.opened(note, (other,)) is None
    assert notes.opened(note.replace("\n7\n", "\n8\n"), (key,)) is None
    assert notes.opened(text, (key,)) is None
    assert notes.verifier(key).startswith(f"{key.id}+")
    read = read_checkpoint(text)
    assert read is not None
    assert (read.number, read.seal, read.at) == (7, b"s" * 32, NOON)
