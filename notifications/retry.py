"""When to try again: soon at first, then for three days, then never without a person.

Pure: the instant and the chance are arguments.
"""

from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

# Seconds first, for a connection that was cut; then the length of an outage; the whole row is
# a long weekend. The first is the wait before the first try.
WAITS: Final = (
    *(timedelta(seconds=seconds) for seconds in (0, 1, 2, 5, 15, 30)),
    *(timedelta(minutes=minutes) for minutes in (1, 2, 5, 30)),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
TRIES: Final = len(WAITS)
# After an outage everybody comes back at once, unless each waits a little differently.
SPREAD: Final = 0.25
# A provider's slip of the pen must not put a message off for a year.
LONGEST_WAIT: Final = WAITS[-1]


class TryAt(Struct, frozen=True):
    at: datetime


class Parked(Struct, frozen=True):
    """The last try failed: a person decides what now."""


class Pointless(Struct, frozen=True):
    """What it says is worth nothing by the time it could arrive."""


Next = TryAt | Parked | Pointless


def after_failure(
    *,
    tries: int,
    now: datetime,
    jitter: float,
    retry_after: timedelta | None = None,
    useful_until: datetime | None = None,
) -> Next:
    """What follows the failed try number `tries` (from 1). `jitter` lies between -1 and 1.

    A provider's Retry-After may lengthen a wait and never shortens it.
    """
    if tries >= TRIES:
        return Parked()
    wait = WAITS[tries] * (1 + SPREAD * max(-1.0, min(1.0, jitter)))
    if retry_after is not None:
        wait = max(wait, min(retry_after, LONGEST_WAIT))
    if not is_useful(useful_until, now + wait):
        return Pointless()
    return TryAt(now + wait)


def is_useful(useful_until: datetime | None, at: datetime) -> bool:
    return useful_until is None or at < useful_until
