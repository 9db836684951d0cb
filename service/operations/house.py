"""What every operation needs, made once per process by `app` and `worker`."""

from pathlib import Path

from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncEngine

from service.security.keys import KeyRing
from service.security.passwords import Passwords
from service.storage.refused import RefusedTries


class House(Struct, frozen=True, kw_only=True):
    engine: AsyncEngine
    keys: KeyRing
    passwords: Passwords
    # Where the ends of the journal are signed, outside the database; None: nowhere.
    checkpoints: Path | None = None
    # Who was turned away at a frozen account, until it is written down.
    refused: RefusedTries = field(default_factory=RefusedTries)
