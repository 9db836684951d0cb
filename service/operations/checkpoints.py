"""How long each chain was, signed and written outside the database.

A chain alone cannot tell that its end was cut off together with the seals. What stands here can:
whoever changes the database has neither the key nor the folder.
"""

import asyncio
import os
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import Struct

from domain.ids import WalletId
from domain.journal import Checkpoint, checkpoint_text, read_checkpoint
from domain.wallets import THE_INSTALLATION
from service.operations.house import House
from service.security import notes
from service.security.keys import KeyRing
from service.storage import load
from service.storage.rows import clock

EVERY: Final = timedelta(hours=1)
# Bytes at a file's end in which some notes stand whole.
_LAST_FEW: Final = 4096


class Kept(Struct, frozen=True):
    """What a folder says of one chain: numbers and their seals, and whether each is signed."""

    by_number: Mapping[int, Checkpoint]
    forged: int


async def write_checkpoints(house: House) -> int:
    """Sign the present end of every chain that grew, an hour after the last time; answers how many.

    Nothing is written without a folder. Late, twice or beside another worker it only adds notes.
    """
    if house.checkpoints is None:
        return 0
    async with house.engine.connect() as db:
        now = await clock(db)
        chains = [THE_INSTALLATION, *(wallet.id for wallet in await load.all_wallets(db))]
        ends = {chain: await load.last_seal(db, chain) for chain in chains}
    written = 0
    for chain, (number, seal) in ends.items():
        before = (await kept(house, chain)).by_number
        last = before[max(before)] if before else None
        if number == 0 or (last and (last.number >= number or now < last.at + EVERY)):
            continue
        checkpoint = Checkpoint(wallet_id=chain, number=number, seal=seal, at=now)
        await asyncio.to_thread(_append, house.checkpoints, house.keys, checkpoint)
        written += 1
    return written


async def kept(house: House, wallet_id: WalletId) -> Kept:
    """What the folder says of this chain; nothing without a folder."""
    if house.checkpoints is None:
        return Kept({}, 0)
    return await asyncio.to_thread(_read, house.checkpoints, house.keys, wallet_id)


async def last_kept(house: House, wallet_id: WalletId) -> Checkpoint | None:
    """The newest that is signed by our key, without reading all that was written before it."""
    if house.checkpoints is None:
        return None
    return await asyncio.to_thread(_read_last, house.checkpoints, house.keys, wallet_id)


def _read_last(folder: Path, keys: KeyRing, wallet_id: WalletId) -> Checkpoint | None:
    try:
        with (folder / f"{wallet_id}").open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LAST_FEW))
            written = file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    parts = written.split("\n\n")
    # The first may be cut off; whatever does not open is passed over.
    for text, signature in reversed(list(pairwise(parts))):
        opened = notes.opened(f"{text}\n\n{signature}\n", keys.checkpoints)
        checkpoint = None if opened is None else read_checkpoint(opened)
        if checkpoint is not None and checkpoint.wallet_id == wallet_id:
            return checkpoint
    return None


def _append(folder: Path, keys: KeyRing, checkpoint: Checkpoint) -> None:
    """In one piece, and on the disk before it counts."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    note = notes.signed(checkpoint_text(checkpoint), keys.checkpoints[0])
    descriptor = os.open(
        folder / f"{checkpoint.wallet_id}", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600
    )
    try:
        os.write(descriptor, f"{note}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(folder: Path, keys: KeyRing, wallet_id: WalletId) -> Kept:
    try:
        written = (folder / f"{wallet_id}").read_text("utf-8")
    except FileNotFoundError:
        return Kept({}, 0)
    found: dict[int, Checkpoint] = {}
    forged = 0
    # Text, an empty line, the signature, an empty line.
    parts = written.split("\n\n")
    for text, signature in zip(parts[::2], parts[1::2], strict=False):
        opened = notes.opened(f"{text}\n\n{signature}\n", keys.checkpoints)
        checkpoint = None if opened is None else read_checkpoint(opened)
        if checkpoint is None or checkpoint.wallet_id != wallet_id:
            forged += 1
        else:
            found[checkpoint.number] = checkpoint
    return Kept(found, forged)


def earliest_beyond(found: Kept, number: int) -> datetime | None:
    """When a longer chain than this was signed; None if never."""
    beyond = [one.at for size, one in found.by_number.items() if size > number]
    return min(beyond, default=None)
