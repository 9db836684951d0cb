"""A signing key leaves the published set when nothing waits for a receiver with its signature."""

from datetime import timedelta
from pathlib import Path
from shutil import copytree

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy import insert, select, update

from domain.ids import SignalId, StreamId
from domain.wallets import THE_INSTALLATION, Wallet
from service.operations import clients, signing_keys, ssf_streams
from service.operations.house import House
from service.operations.signing_keys import KeyNeeded
from service.operations.ssf_streams import Receiver
from service.security import keys
from service.security.keys import KeysWrong, SigningKeys
from service.security.signing import RETIRED_AFTER, USED_AFTER, Algorithm, SigningKey, signed
from service.security.tokens import new_id
from service.storage.tables import journal, signals
from service.storage.values import Scope
from tests import people as cast

pytestmark = pytest.mark.anyio
A_MOMENT = timedelta(seconds=1)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def folder(tmp_path: Path, keys_folder: Path) -> Path:
    return copytree(keys_folder, tmp_path / "keys")


@pytest.fixture
def ours(house: House, folder: Path) -> House:
    """The house with keys of its own."""
    return replace(house, keys=replace(house.keys, signing=SigningKeys(folder)))


async def rotated(house: House, folder: Path) -> tuple[SigningKey, SigningKey]:
    """The old key and the new one."""
    signing = house.keys.signing
    old = signing.for_signing(Algorithm.ES256, now=await cast.now(house))
    return old, keys.rotate(folder, "signing-es256")


async def test_a_new_key_is_published_and_on_record(ours: House, folder: Path) -> None:
    before = ours.keys.signing.all()

    made = await signing_keys.rotate(ours, folder, "signing-es256")

    assert set(ours.keys.signing.all()) == {*before, made}
    async with ours.engine.connect() as db:
        asked = select(journal.c.wallet_id, journal.c.entry)
        ((chain, entry),) = (await db.execute(asked)).all()
    told = msgspec.json.decode(entry)
    assert chain == THE_INSTALLATION
    assert told["by"]["kind"] == "operator"
    assert (told["what"]["event"], told["what"]["algorithm"]) == ("signing-key-rotated", "ES256")
    # Neither the key nor its name.
    assert made.id not in entry


async def is_refused(house: House, folder: Path, key: SigningKey) -> str:
    before = house.keys.signing.all()
    with pytest.raises(KeyNeeded) as refused:
        await signing_keys.retire(house, folder, key.id)
    assert house.keys.signing.all() == before
    return str(refused.value)


async def test_a_key_goes_24_hours_after_its_last_signature(ours: House, folder: Path) -> None:
    old, new = await rotated(ours, folder)
    assert "rotate first" in await is_refused(ours, folder, old)
    assert "rotate first" in await is_refused(ours, folder, new)
    ends = new.created_at + USED_AFTER + RETIRED_AFTER
    await cast.move_clock(ours, ends - await cast.now(ours) - A_MINUTE)
    assert "wait until" in await is_refused(ours, folder, old)
    await cast.move_clock(ours, A_MINUTE + A_MOMENT)

    await signing_keys.retire(ours, folder, old.id)

    held = ours.keys.signing.all()
    assert old not in held
    assert new in held
    assert {key.algorithm for key in held} == set(Algorithm)
    assert keys.load(folder).signing.all() == held
    async with ours.engine.connect() as db:
        entries = (await db.execute(select(journal.c.entry))).scalars().all()
    assert any('"event":"signing-key-retired"' in one for one in entries)
    assert "no key" in await is_refused(ours, folder, old)
    assert "rotate first" in await is_refused(ours, folder, new)


async def _a_token(house: House, wallet: Wallet, key: SigningKey) -> SignalId:
    """Handed out, signed with this key, and not acknowledged."""
    secret = await clients.add_client(house, wallet.id, "receiver", (Scope.SSF_MANAGE,))
    caller = await clients.client_by_secret(house, wallet, "receiver", secret)
    stream = await ssf_streams.make_stream(house, wallet, caller, Receiver(), request=None)
    signal_id, now = SignalId(new_id()), await cast.now(house)
    async with house.engine.begin() as db:
        await db.execute(
            insert(signals).values(
                id=signal_id,
                wallet_id=wallet.id,
                stream_id=StreamId(stream.id),
                event="verification",
                body="{}",
                type="verification",
                due_at=now,
                queued_at=now,
                token=signed(key, b"{}", kind="secevent+jwt"),
            )
        )
    return signal_id


async def test_a_key_stays_while_something_it_signed_was_not_delivered(
    ours: House, folder: Path
) -> None:
    wallet = await cast.a_wallet(ours)
    old, _ = await rotated(ours, folder)
    signal_id = await _a_token(ours, wallet, old)
    await cast.move_clock(ours, USED_AFTER + RETIRED_AFTER + A_MINUTE)

    for state in ("due", "parked"):
        async with ours.engine.begin() as db:
            await db.execute(update(signals).where(signals.c.id == signal_id).values(state=state))
        assert "1 tokens" in await is_refused(ours, folder, old)
        seen = {one.key.id: one for one in await signing_keys.show(ours)}
        assert (seen[old.id].waiting, seen[old.id].signs) == (1, False)
    async with ours.engine.begin() as db:
        # A webhook's body is no signed token, and counts for no key.
        await db.execute(update(signals).values(token='{"type":"webhook.test"}'))
    await signing_keys.retire(ours, folder, old.id)

    assert old not in ours.keys.signing.all()


def test_the_only_key_is_never_taken_out_of_its_file(folder: Path) -> None:
    (only,) = (key for key in SigningKeys(folder).all() if key.algorithm is Algorithm.ES256)

    with pytest.raises(KeysWrong, match="the only key"):
        keys.retire(folder, only)
