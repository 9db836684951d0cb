"""What Norte stores of its own, in one file: devices with their sessions, money, a key."""

import os
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct


class Screen(StrEnum):
    """What a device shows."""

    ALIVE = "alive"
    # The session is void: by a freeze, or because it expired.
    VOID = "void"
    # Signed out by its holder, or never signed in.
    OUT = "out"
    # Nobody could say whether the session lives, so nothing may be done with it.
    UNSURE = "unsure"


class Device(Struct, kw_only=True):
    id: str
    kind: str
    label: str
    platform: str
    screen: Screen = Screen.OUT
    token: str | None = None
    session_id: str | None = None
    # When and how strongly its holder last signed in.
    auth_time: datetime | None = None
    acr: str | None = None
    # Why the last sign-in was refused, in Resguardo's own word.
    refused: str | None = None


class Movement(Struct, kw_only=True):
    """`what` is a key of our words; cents, negative when money went out."""

    what: str
    cents: int
    at: datetime


class Kept(Struct, kw_only=True):
    devices: list[Device]
    movements: list[Movement]
    cents: int = 24_831_050
    # The freeze version that was confirmed last, and the latest state heard.
    confirmed: int | None = None
    frozen: bool = False
    display: str = "plain"
    # What Resguardo said when Olga last proved who she is at the counter: "recorded" or its own
    # word for a refusal.
    counter: str | None = None
    # The private key that access tokens are signed with.
    signing_key: dict[str, Any] | None = None

    def device(self, device_id: str) -> Device | None:
        return next((device for device in self.devices if device.id == device_id), None)


def first_day() -> Kept:
    """Olga on a phone and a laptop, and what moved before anybody looked."""
    now = datetime.now(UTC)
    return Kept(
        devices=[
            Device(id="phone-1", kind="phone", label="Galaxy A54", platform="android"),
            Device(id="laptop-1", kind="laptop", label="Firefox", platform="web"),
        ],
        movements=[
            Movement(what="bus", cents=-71_500, at=now - timedelta(hours=2)),
            Movement(what="sister", cents=1_500_000, at=now - timedelta(hours=21)),
            Movement(what="market", cents=-2_348_000, at=now - timedelta(days=2)),
            Movement(what="salary", cents=31_200_000, at=now - timedelta(days=4)),
        ],
    )


class Store:
    """Holds session tokens and a private key, so only its owner may read it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def load(self) -> Kept | None:
        if not self._file.exists():
            return None
        return msgspec.json.decode(self._file.read_bytes(), type=Kept)

    def save(self, kept: Kept) -> None:
        unfinished = self._file.with_suffix(".new")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(kept))
        unfinished.replace(self._file)
