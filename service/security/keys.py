"""The installation's keys: files outside the database, written once, never invented by `serve`.

    master   wraps the data keys of persons, wallets and agents (newest first, older ones kept)
    codes    HMAC of one-time codes                              (newest first, older ones kept)
    index    blind indexes of addresses: one key, because an index cannot be re-made in place
    forms    CSRF tokens of pages
    checkpoints  Ed25519, signs how long the journal is          (newest first, older ones kept)

A file holds lines of ``id base64``; rotating puts a new line on top.
"""

import os
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from msgspec import Struct

NAMES: Final = ("master", "codes", "index", "forms")
# Came later: nothing was made with it before, so it may be written beside the others.
CAME_LATER: Final = ("checkpoints",)
_BYTES: Final = 32


class KeysWrong(Exception):
    """A key file is missing, readable by others, or not what it must be."""


class NamedKey(Struct, frozen=True):
    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"NamedKey({self.id!r})"


class KeyRing(Struct, frozen=True, kw_only=True):
    master: tuple[NamedKey, ...]
    codes: tuple[NamedKey, ...]
    index: NamedKey
    forms: NamedKey
    checkpoints: tuple[NamedKey, ...]

    def __repr__(self) -> str:
        return "KeyRing(…)"


def create(folder: Path) -> bool:
    """Write new keys if there are none. True when written, False when they were there."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    present = [name for name in NAMES if (folder / name).exists()]
    if present and len(present) < len(NAMES):
        raise KeysWrong(f"{folder} holds only {', '.join(present)}: restore the others")
    missing = [name for name in (*NAMES, *CAME_LATER) if not (folder / name).exists()]
    for name in missing:
        line = f"{name}-1 {b64encode(secrets.token_bytes(_BYTES)).decode()}\n"
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(line)
    return bool(missing)


def load(folder: Path) -> KeyRing:
    """Read the keys; refuses files that anyone but their owner can read."""
    return KeyRing(
        master=_read(folder / "master"),
        codes=_read(folder / "codes"),
        index=_read(folder / "index")[0],
        forms=_read(folder / "forms")[0],
        checkpoints=_read(folder / "checkpoints"),
    )


def _read(path: Path) -> tuple[NamedKey, ...]:
    try:
        mode = path.stat().st_mode & 0o777
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeysWrong(f"{path}: {error.strerror}; `keys create` writes keys once") from None
    if mode & 0o077:
        raise KeysWrong(f"{path} has mode {mode:o}; expected 600")
    keys: list[NamedKey] = []
    for line in lines:
        name, _, encoded = line.partition(b" ")
        try:
            key = NamedKey(name.decode(), b64decode(encoded, validate=True))
        except ValueError:
            raise _not_a_key(path) from None
        if not key.id or len(key.secret) != _BYTES:
            raise _not_a_key(path)
        keys.append(key)
    if not keys:
        raise KeysWrong(f"{path} is empty")
    return tuple(keys)


def _not_a_key(path: Path) -> KeysWrong:
    return KeysWrong(f"{path}: a line is not `id base64-of-{_BYTES}-bytes`")
