"""What arrived: the last few hundred messages, kept in a file of one line each."""

import os
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

MOST: Final = 500


class Kept(Struct, frozen=True, kw_only=True):
    """One message. `html` and `subject` belong to e-mail alone."""

    number: int
    kind: Literal["email", "sms"]
    to: str
    sender: str
    subject: str = ""
    text: str
    html: str | None = None
    language: str = ""
    # The Message-ID, or the key of the carrier's request: the same again is the same message.
    key: str
    at: datetime


class Mailbox(Struct, frozen=True, kw_only=True):
    """One recipient's messages, newest first."""

    address: str
    messages: tuple[Kept, ...]


class Box:
    """All mailboxes. The file holds links and codes, so only its owner may read it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: deque[Kept] = deque(maxlen=MOST)
        self._lines = 0
        self._read()

    @property
    def newest(self) -> int:
        return self._kept[-1].number if self._kept else 0

    def put(self, message: Kept) -> Kept:
        """Keep it, unless it came before; answers what is kept."""
        for known in self._kept:
            if (known.key, known.to) == (message.key, message.to):
                return known
        numbered = msgspec.structs.replace(message, number=self.newest + 1)
        self._kept.append(numbered)
        if self._lines >= 2 * MOST:
            self._write_anew()
        else:
            self._append([numbered])
        return numbered

    def mailboxes(self) -> tuple[Mailbox, ...]:
        """The recipient of the newest message first."""
        sorted_in: dict[str, list[Kept]] = {}
        for message in reversed(self._kept):
            sorted_in.setdefault(message.to, []).append(message)
        return tuple(
            Mailbox(address=address, messages=tuple(messages))
            for address, messages in sorted_in.items()
        )

    def _read(self) -> None:
        if not self._file.exists():
            return
        for line in self._file.read_bytes().splitlines():
            self._lines += 1
            try:
                self._kept.append(msgspec.json.decode(line, type=Kept))
            except msgspec.MsgspecError:
                # The last line of a run that was killed while it wrote.
                continue

    def _append(self, messages: Sequence[Kept]) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            # After a broken line, a line of its own.
            file.write(b"".join(b"\n" + msgspec.json.encode(message) for message in messages))
        self._lines += len(messages)

    def _write_anew(self) -> None:
        self._file.unlink(missing_ok=True)
        self._lines = 0
        self._append(self._kept)
