"""The installation's keys: files outside the database, written once, never invented by `serve`.

    master   wraps the data keys of persons, wallets and agents (newest first, older ones kept)
    codes    HMAC of one-time codes                              (newest first, older ones kept)
    index    blind indexes of addresses: one key, because an index cannot be re-made in place
    forms    CSRF tokens of pages
    checkpoints  Ed25519, signs how long the journal is          (newest first, older ones kept)
    signing-rs256, signing-es256  sign what wallets are told     (newest first, older ones kept)

A file holds lines of ``id base64``, those of the last two of ``id instant base64``; rotating puts
a new line on top.
"""

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TypeVar

from msgspec import Struct

from service.security.signing import (
    Algorithm,
    SigningKey,
    key_for,
    key_in,
    line_of,
    new_key,
)

NAMES: Final = ("master", "codes", "index", "forms")
SIGNING: Final[Mapping[str, Algorithm]] = {
    "signing-rs256": Algorithm.RS256,
    "signing-es256": Algorithm.ES256,
}
# Came later: nothing was made with it before, so it may be written beside the others.
CAME_LATER: Final = ("checkpoints", *SIGNING)
_BYTES: Final = 32
K = TypeVar("K", "NamedKey", SigningKey)


class KeysWrong(Exception):
    """A key file is missing, readable by others, or not what it must be."""


class NamedKey(Struct, frozen=True):
    id: str
    secret: bytes

    def __repr__(self) -> str:
        return f"NamedKey({self.id!r})"


class SigningKeys:
    """The signing keys as their files hold them now: one that is added is known at once, in every
    process, without starting it again."""

    def __init__(self, folder: Path) -> None:
        """Raises KeysWrong."""
        self._folder = folder
        self._read = self._on_file()
        # Read once more when first asked: they may have changed in between.
        self._marks: tuple[tuple[int, int], ...] = ()

    def all(self) -> tuple[SigningKey, ...]:
        """Of all algorithms, the newest first. Files that went wrong since change nothing."""
        try:
            marks = self._marked()
            if marks != self._marks:
                self._read, self._marks = self._on_file(), marks
        except (KeysWrong, OSError):
            # Whoever starts a process next is told; what is running goes on with what it has.
            pass
        return self._read

    def for_signing(self, algorithm: Algorithm, *, now: datetime) -> SigningKey:
        return key_for(self.all(), algorithm, now=now)

    def _on_file(self) -> tuple[SigningKey, ...]:
        return tuple(
            key
            for name, algorithm in SIGNING.items()
            for key in _signing_keys(self._folder / name, algorithm)
        )

    def _marked(self) -> tuple[tuple[int, int], ...]:
        """What a change of a file changes: it is replaced, never written into."""
        seen = [(self._folder / name).stat() for name in SIGNING]
        return tuple((one.st_ino, one.st_mtime_ns) for one in seen)


class KeyRing(Struct, frozen=True, kw_only=True):
    master: tuple[NamedKey, ...]
    codes: tuple[NamedKey, ...]
    index: NamedKey
    forms: NamedKey
    checkpoints: tuple[NamedKey, ...]
    signing: SigningKeys

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
        _write(folder / name, _first_line(name))
    return bool(missing)


def rotate(folder: Path, name: str) -> SigningKey:
    """A new signing key on top of the others, which stay. It is published at once."""
    path = folder / name
    before = _signing_keys(path, SIGNING[name])
    key = new_key(SIGNING[name], now=datetime.now(UTC))
    _replace(path, (key, *before))
    return key


def retire(folder: Path, key: SigningKey) -> None:
    """Take a signing key out of its file. Whether it may go is asked before."""
    name = next(name for name, algorithm in SIGNING.items() if algorithm is key.algorithm)
    path = folder / name
    left = tuple(one for one in _signing_keys(path, key.algorithm) if one.id != key.id)
    if not left:
        raise KeysWrong(f"{path}: {key.id} is the only key")
    _replace(path, left)


def _replace(path: Path, kept: tuple[SigningKey, ...]) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    _write(beside, "".join(f"{line_of(one)}\n" for one in kept))
    # At once or not at all: whoever reads it meanwhile reads the whole of one or the other.
    beside.replace(path)


def _first_line(name: str) -> str:
    if name in SIGNING:
        # The clock of this machine: no database is needed to write keys, and a day is a day.
        return f"{line_of(new_key(SIGNING[name], now=datetime.now(UTC)))}\n"
    return f"{name}-1 {b64encode(secrets.token_bytes(_BYTES)).decode()}\n"


def _write(path: Path, lines: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def load(folder: Path) -> KeyRing:
    """Read the keys; refuses files that anyone but their owner can read."""
    return KeyRing(
        master=_read(folder / "master"),
        codes=_read(folder / "codes"),
        index=_read(folder / "index")[0],
        forms=_read(folder / "forms")[0],
        checkpoints=_read(folder / "checkpoints"),
        signing=SigningKeys(folder),
    )


def _read(path: Path) -> tuple[NamedKey, ...]:
    return _each_line(path, _named_key)


def _signing_keys(path: Path, algorithm: Algorithm) -> tuple[SigningKey, ...]:
    return _each_line(path, lambda line: key_in(line, algorithm))


def _each_line(path: Path, key_of: Callable[[str], K]) -> tuple[K, ...]:
    """The keys of a file. `key_of` raises ValueError for what is none."""
    try:
        mode = path.stat().st_mode & 0o777
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise KeysWrong(f"{path}: {error.strerror}; `keys create` writes keys once") from None
    if mode & 0o077:
        raise KeysWrong(f"{path} has mode {mode:o}; expected 600")
    try:
        keys = tuple(key_of(line.decode()) for line in lines)
    except ValueError:
        raise KeysWrong(f"{path}: a line is not a key as `keys create` writes it") from None
    if not keys:
        raise KeysWrong(f"{path} is empty")
    return keys


def _named_key(line: str) -> NamedKey:
    name, _, encoded = line.partition(" ")
    key = NamedKey(name, b64decode(encoded, validate=True))
    if not key.id or len(key.secret) != _BYTES:
        raise ValueError("no name, or of another length")
    return key
