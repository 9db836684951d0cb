"""The operator makes a key that will sign what wallets are told, and lets go of one that did.

Each stands in the record of the installation before it is so: a key that came or went and is not on
record could not be explained. Out of the published set, what a key signed is not believed any more:
so it goes only when nothing can still be waiting for a receiver with its signature.
"""

from base64 import urlsafe_b64decode
from datetime import datetime
from pathlib import Path

import msgspec
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.events import THE_OPERATOR, SigningKeyRetired, SigningKeyRotated
from domain.wallets import THE_INSTALLATION
from service.operations.house import House
from service.security import keys
from service.security.signing import RETIRED_AFTER, SigningKey, key_for, unused_since
from service.storage.rows import clock, record
from service.storage.tables import signals
from service.storage.values import SignalState

_MAY_BE_SENT = (SignalState.DUE.value, SignalState.PARKED.value)


class KeyNeeded(Exception):
    """There is no such key, or it may not go yet; in words for the operator."""


class KeySeen(Struct, frozen=True, kw_only=True):
    key: SigningKey
    signs: bool
    # From when nothing is signed with it; None for one that no newer key takes the place of.
    unused_since: datetime | None
    # Tokens with its signature that were not delivered yet.
    waiting: int


async def show(house: House) -> tuple[KeySeen, ...]:
    """Every key that signs or signed, the newest first."""
    async with house.engine.connect() as db:
        return await _seen(db, house)


async def rotate(house: House, folder: Path, name: str) -> SigningKey:
    """From now on a new key of this file is published; it signs once every receiver can know it.

    Raises KeysWrong for files that are not what they must be.
    """
    async with house.engine.begin() as db:
        event = SigningKeyRotated(algorithm=keys.SIGNING[name].value, at=await clock(db))
        await record(db, THE_INSTALLATION, [event], by=THE_OPERATOR)
    return keys.rotate(folder, name)


async def retire(house: House, folder: Path, key_id: str) -> SigningKey:
    """From now on the published set is without it. Raises KeyNeeded, and KeysWrong for files that
    are not what they must be."""
    async with house.engine.begin() as db:
        found = {one.key.id: one for one in await _seen(db, house)}
        if key_id not in found:
            raise KeyNeeded(f"There is no key {key_id}.")
        seen = found[key_id]
        now = await clock(db)
        since = _require_unused(seen, now)
        event = SigningKeyRetired(unused_since=since, at=now)
        await record(db, THE_INSTALLATION, [event], by=THE_OPERATOR)
    # Only now that it is on record.
    keys.retire(folder, seen.key)
    return seen.key


def _require_unused(seen: KeySeen, now: datetime) -> datetime:
    since = seen.unused_since
    if since is None or seen.signs:
        raise KeyNeeded("It signs, or will: rotate first, and wait until the new key signs.")
    if now < since + RETIRED_AFTER:
        until = (since + RETIRED_AFTER).isoformat(timespec="seconds")
        raise KeyNeeded(f"Receivers may still look at what it signed: wait until {until}.")
    if seen.waiting:
        raise KeyNeeded(f"{seen.waiting} tokens with its signature were not delivered yet.")
    return since


async def _seen(db: AsyncConnection, house: House) -> tuple[KeySeen, ...]:
    held = house.keys.signing.all()
    now = await clock(db)
    waiting = await _waiting(db)
    signing = {key_for(held, one.algorithm, now=now).id for one in held}
    return tuple(
        KeySeen(
            key=one,
            signs=one.id in signing,
            unused_since=unused_since(held, one),
            waiting=waiting.get(one.id, 0),
        )
        for one in held
    )


class _Header(Struct):
    kid: str


async def _waiting(db: AsyncConnection) -> dict[str, int]:
    """How many undelivered tokens there are with each key's signature."""
    header = func.split_part(signals.c.token, ".", 1)
    asked = select(header, func.count()).where(
        signals.c.state.in_(_MAY_BE_SENT), signals.c.token.isnot(None)
    )
    counted: dict[str, int] = {}
    for encoded, count in await db.execute(asked.group_by(header)):
        kid = _signed_with(encoded)
        if kid is not None:
            counted[kid] = counted.get(kid, 0) + count
    return counted


def _signed_with(encoded: str) -> str | None:
    """None for what is no signed token: the body of a webhook."""
    try:
        # Padding in excess is passed over.
        return msgspec.json.decode(urlsafe_b64decode(f"{encoded}=="), type=_Header).kid
    except (ValueError, msgspec.MsgspecError):
        return None
