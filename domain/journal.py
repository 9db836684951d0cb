"""The hash chain over what happened: nobody can change, drop or insert an entry unseen.

    h(0) = SHA-256(domain ‖ wallet)
    h(n) = SHA-256(domain ‖ n ‖ h(n−1) ‖ entry's id ‖ canonical entry)

Numbers are eight bytes, big-endian. An entry's canonical form is JSON with sorted members and
no white space; it holds references and encrypted values only.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from domain.events import Actor, Event
from domain.ids import WalletId

# The first line of every checkpoint, before the wallet.
_ORIGIN: Final = "resguardo-journal/"
_DOMAIN: Final = b"resguardo-journal-v1\0"
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class JournalEntry(Struct, frozen=True, kw_only=True):
    """What happened, by whom, when: `what` is the event, `by` the actor, as canonical JSON."""

    id: UUID
    wallet_id: WalletId
    at: datetime
    entry: str


def canonical(event: Event, by: Actor) -> str:
    """The one spelling of an entry that is hashed."""
    built: Any = msgspec.to_builtins(event)
    return _ENCODER.encode({"by": msgspec.to_builtins(by), "what": built}).decode()


def first_hash(wallet_id: WalletId) -> bytes:
    """Where a wallet's chain begins."""
    return sha256(_DOMAIN + wallet_id.bytes).digest()


def next_hash(number: int, previous: bytes, entry_id: UUID, entry: str) -> bytes:
    """The seal of entry `number`, which follows the one sealed as `previous`."""
    return sha256(
        _DOMAIN + number.to_bytes(8, "big") + previous + entry_id.bytes + entry.encode()
    ).digest()


class Checkpoint(Struct, frozen=True, kw_only=True):
    """How long a wallet's chain was at an instant, and the seal it ended with."""

    wallet_id: WalletId
    number: int
    seal: bytes
    at: datetime


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """What is signed: whose chain, how many entries, the last seal, when; a line each."""
    return (
        f"{_ORIGIN}{checkpoint.wallet_id}\n{checkpoint.number}\n"
        f"{b64encode(checkpoint.seal).decode()}\n{checkpoint.at.isoformat()}\n"
    )


def read_checkpoint(text: str) -> Checkpoint | None:
    """None for a text that is no checkpoint."""
    try:
        origin, number, seal, at = text.splitlines()
        checkpoint = Checkpoint(
            wallet_id=WalletId(UUID(origin.removeprefix(_ORIGIN))),
            number=int(number),
            seal=b64decode(seal, validate=True),
            at=datetime.fromisoformat(at),
        )
    except ValueError:
        return None
    return checkpoint if checkpoint_text(checkpoint) == text else None
