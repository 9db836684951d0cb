"""The ways a message travels. Each is one small class that sends and says what became of it."""

from datetime import datetime, timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from msgspec import Struct


class Email(Struct, frozen=True, kw_only=True):
    """A message as the mailbox gets it. `to` and `from_address` are bare addresses."""

    to: str
    from_name: str
    from_address: str
    subject: str
    text: str
    html: str
    language: str
    at: datetime


class Sms(Struct, frozen=True, kw_only=True):
    """A text message, in the GSM alphabet only."""

    to: str
    text: str
    # A code that arrives later than this only confuses.
    useful_for: timedelta | None = None


Message = Email | Sms


class Sent(Struct, frozen=True, kw_only=True):
    """The next station took it. That is not yet the reader."""

    provider_ref: str | None = None


class Later(Struct, frozen=True, kw_only=True):
    """Not now. `error` is a short technical word: never an address, never the other's text."""

    error: str
    retry_after: timedelta | None = None


class Never(Struct, frozen=True, kw_only=True):
    """This message will not be taken, however often it is tried."""

    error: str


Outcome = Sent | Later | Never

M_contra = TypeVar("M_contra", bound=Message, contravariant=True)


class Channel(Protocol[M_contra]):
    async def send(self, message: M_contra, *, key: UUID) -> Outcome:
        """Send once, within 30 seconds. `key` stays the same when the same is sent again.

        Raises nothing that a network, a server or an address can cause.
        """
        ...


class Channels(Struct, frozen=True, kw_only=True):
    """The channels this installation has. A missing one parks its deliveries."""

    email: Channel[Email] | None = None
    sms: Channel[Sms] | None = None
