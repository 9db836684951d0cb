"""What the engine asks of each kind of receiver, and what the engine needs to know of a signal.

A kind says what is sent and what an answer means. Queueing, order, leases, the schedule and the
network are the engine's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from domain.events import Event
from service.storage.values import Signal, Stream, StreamKind


class Opened(Struct, frozen=True, kw_only=True):
    """A stream's sealed values, open."""

    authorization: str | None = None
    secret: str | None = None
    # None once its end has come.
    secret_before: str | None = None

    def __repr__(self) -> str:
        return "Opened"


class Leased(Struct, frozen=True, kw_only=True):
    """One signal, this worker's own until the lease runs out, and where it goes."""

    signal: Signal
    stream: Stream
    opened: Opened
    # The wallet's own id of the account; None for what is about the stream itself.
    subject: str | None
    # The wallet's, which is the issuer too.
    origin: str
    lease_token: UUID
    leased_at: datetime

    def __repr__(self) -> str:
        return f"Leased({self.signal.id})"


class Posting(Struct, frozen=True, kw_only=True):
    """What goes over the wire."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return "Posting"


class Delivered(Struct, frozen=True):
    """The receiver has it."""


class Later(Struct, frozen=True, kw_only=True):
    """Not now. `error` is a short technical word: never the receiver's own text."""

    error: str
    retry_after: timedelta | None = None


class Refused(Struct, frozen=True, kw_only=True):
    """This one will not be taken, however often it is sent unchanged."""

    error: str


class Gone(Struct, frozen=True):
    """Nobody listens there any more: nothing is sent there until its owner says so."""


Outcome = Delivered | Later | Refused | Gone


class Kind(Protocol):
    """One per kind of stream, made once per process."""

    def tells(self, event: type[Event]) -> Sequence[str]:
        """By which names of the receiver's standard an event is told; by none, if it is not.

        A stream gets those of them that are among its `events`.
        """
        ...

    async def make(self, leased: Leased) -> str:
        """What is told, exactly as it is sent: made once, before the first sending, and stored as
        the signal's `token`. A second sending has the same bytes. Slow work goes to a thread."""
        ...

    def compose(self, leased: Leased) -> Posting:
        """The request around `leased.signal.token`."""
        ...

    def judge(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome:
        """What an answer means. The body is cut at 64 kB. No answer at all is the engine's."""
        ...


Kinds = Mapping[StreamKind, Kind]
