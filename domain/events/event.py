"""What every event is, and who did it."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct


class ActorKind(StrEnum):
    OWNER = "owner"
    CONTACT = "contact"
    AGENT = "agent"
    WALLET = "wallet"
    OPERATOR = "operator"
    CLOCK = "clock"
    # Someone who has proved nothing, and says that they are the owner.
    STRANGER = "stranger"


class Actor(Struct, frozen=True):
    """Who did it: recorded with every event."""

    kind: ActorKind
    id: UUID | None = None


THE_CLOCK = Actor(ActorKind.CLOCK)
THE_OPERATOR = Actor(ActorKind.OPERATOR)
A_STRANGER = Actor(ActorKind.STRANGER)


def _name(class_name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", class_name).lower()


class Event(Struct, frozen=True, kw_only=True, tag=_name, tag_field="event"):
    """Stored as JSON under its name, for instance ``account-frozen``."""

    at: datetime


def name_of(event: Event | type[Event]) -> str:
    """The stored name of an event, for instance ``account-frozen``."""
    tag: Any = event.__struct_config__.tag
    return str(tag)
