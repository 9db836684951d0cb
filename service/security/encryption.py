"""Names, addresses, notes: AES-256-GCM under a data key, wrapped by a master key.

A sealed value is ``1 ‖ key id ‖ nonce (96 random bits) ‖ ciphertext``. Its associated data
names table, column, row and key, so that a value moved to another row does not open. Dropping
a person's data key erases everything sealed under it.
"""

import secrets
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Struct

from domain.ids import KeyId
from service.security.keys import NamedKey
from service.security.tokens import new_id

_FORM: Final = b"\x01"
_NONCE: Final = 12
_KEY_AT: Final = slice(1, 17)
# Form, key id and nonce; what follows holds at least a tag.
_HEAD: Final = 17 + _NONCE
_TAG: Final = 16


class CannotOpen(Exception):
    """Wrong key, wrong place, or changed bytes."""


class Place(Struct, frozen=True):
    """Where a sealed value stands."""

    table: str
    column: str
    row: UUID

    def associated(self, key_id: UUID) -> bytes:
        return f"{self.table}|{self.column}|{self.row}|{key_id}".encode()


class WrappedKey(Struct, frozen=True, kw_only=True):
    """A data key as it is stored."""

    id: KeyId
    master_key: str
    wrapped: bytes


class DataKey:
    """Opened data key of one person, wallet or agent."""

    def __init__(self, key_id: KeyId, secret: bytes) -> None:
        self.id = key_id
        self._aead = AESGCM(secret)

    def seal(self, place: Place, text: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        sealed = self._aead.encrypt(nonce, text.encode(), place.associated(self.id))
        return _FORM + self.id.bytes + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> str:
        """The clear text. Raises CannotOpen."""
        whole = len(sealed) >= _HEAD + _TAG and sealed[:1] == _FORM
        if not whole or key_of(sealed) != self.id:
            raise CannotOpen(place.table, place.column)
        nonce, body = sealed[17:_HEAD], sealed[_HEAD:]
        try:
            return self._aead.decrypt(nonce, body, place.associated(self.id)).decode()
        except InvalidTag:
            raise CannotOpen(place.table, place.column) from None


def key_of(sealed: bytes) -> UUID:
    """Which data key a sealed value needs."""
    return UUID(bytes=sealed[_KEY_AT])


def new_data_key(master: tuple[NamedKey, ...]) -> tuple[DataKey, WrappedKey]:
    """A fresh data key and its stored form, wrapped by the newest master key."""
    key_id = KeyId(new_id())
    secret = AESGCM.generate_key(256)
    newest = master[0]
    nonce = secrets.token_bytes(_NONCE)
    wrapped = nonce + AESGCM(newest.secret).encrypt(nonce, secret, _wrapping(key_id, newest.id))
    return DataKey(key_id, secret), WrappedKey(id=key_id, master_key=newest.id, wrapped=wrapped)


def unwrap(stored: WrappedKey, master: tuple[NamedKey, ...]) -> DataKey:
    """Open a data key with the master key it names. Raises CannotOpen."""
    for key in master:
        if key.id == stored.master_key:
            nonce, body = stored.wrapped[:_NONCE], stored.wrapped[_NONCE:]
            try:
                secret = AESGCM(key.secret).decrypt(nonce, body, _wrapping(stored.id, key.id))
            except (InvalidTag, ValueError):
                # ValueError: cut so short that not even the nonce is whole.
                raise CannotOpen("data_keys", "wrapped") from None
            return DataKey(stored.id, secret)
    raise CannotOpen("data_keys", "master_key")


def _wrapping(key_id: UUID, master_key: str) -> bytes:
    return f"data_keys|wrapped|{key_id}|{master_key}".encode()
