"""Data keys: made, loaded, dropped. What is sealed under a dropped key is erased for good."""

from collections.abc import Iterable
from uuid import UUID

from msgspec.structs import asdict
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import KeyId
from service.security.encryption import CannotOpen, DataKey, Place, WrappedKey, key_of, new_data_key
from service.security.encryption import unwrap as unwrap_key
from service.security.keys import KeyRing
from service.storage.rows import value_of
from service.storage.tables import data_keys


async def make_key(db: AsyncConnection, ring: KeyRing) -> DataKey:
    """A new data key, stored wrapped."""
    opened, stored = new_data_key(ring.master)
    await db.execute(insert(data_keys).values(asdict(stored)))
    return opened


async def find_key(db: AsyncConnection, ring: KeyRing, key_id: KeyId) -> DataKey:
    """One data key. Raises CannotOpen when it was dropped."""
    found = await find_keys(db, ring, (key_id,))
    if key_id not in found:
        raise CannotOpen("data_keys", "id")
    return found[key_id]


async def find_keys(
    db: AsyncConnection, ring: KeyRing, key_ids: Iterable[UUID]
) -> dict[UUID, DataKey]:
    """Those of the keys that are still there, in one statement."""
    wanted = set(key_ids)
    if not wanted:
        return {}
    rows = (await db.execute(select(data_keys).where(data_keys.c.id.in_(wanted)))).mappings()
    stored = [value_of(dict(row), WrappedKey) for row in rows]
    return {key.id: unwrap_key(key, ring.master) for key in stored}


async def hold_key(db: AsyncConnection, ring: KeyRing, key_id: KeyId) -> DataKey | None:
    """A key for somebody whom the caller has not locked: it is not dropped before the caller's
    transaction ends. None once it was dropped."""
    held = select(data_keys).where(data_keys.c.id == key_id)
    row = (await db.execute(held.with_for_update(key_share=True, read=True))).mappings()
    found = row.one_or_none()
    return None if found is None else unwrap_key(value_of(dict(found), WrappedKey), ring.master)


def opened(stored: WrappedKey | None, ring: KeyRing) -> DataKey:
    """A data key that was read with something else. Raises CannotOpen when it was dropped."""
    if stored is None:
        raise CannotOpen("data_keys", "id")
    return unwrap_key(stored, ring.master)


class Opener:
    """Opens many sealed values of a page after loading their keys in one statement."""

    def __init__(self, keys: dict[UUID, DataKey]) -> None:
        self._keys = keys

    @classmethod
    async def for_values(
        cls, db: AsyncConnection, ring: KeyRing, values: Iterable[bytes | None]
    ) -> "Opener":
        needed = {key_of(value) for value in values if value}
        return cls(await find_keys(db, ring, needed))

    def open(self, place: Place, sealed: bytes | None) -> str | None:
        """Clear text; None where nothing was stored or its person was erased."""
        # Empty where a column must hold something, and what it held was wiped.
        if not sealed:
            return None
        key = self._keys.get(key_of(sealed))
        return None if key is None else key.open(place, sealed)

    def text(self, place: Place, sealed: bytes | None) -> str:
        """The same, with nothing as an empty text."""
        return self.open(place, sealed) or ""
