"""The hours in which a wallet decides releases, on its own clock, as instants.

Clocks that change are counted as they are lived: a night with an hour more has that hour. What
opens or shuts at a time that the clocks skip does so as long after the skip as it lies within it;
what shuts at a time that they show twice shuts at the second. Holidays are not known here.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.policy import ReleaseHours
from domain.tickets.hours import Span, after_open
from domain.wallets import Wallet

# A decision takes a day of open time at most, and a week has twenty hours of it at least.
_DAYS_AHEAD: Final = 15
_A_DAY: Final = timedelta(days=1)


def decided_by(wallet: Wallet, now: datetime) -> datetime:
    """By when somebody decides what begins now."""
    # Instants, not times of day: between two of these an hour that clocks skip does not exist.
    begins = now.astimezone(UTC)
    return after_open(begins, wallet.policy.tickets.decided_within, spans_from(wallet, begins))


def spans_from(wallet: Wallet, now: datetime) -> tuple[Span, ...]:
    """From now on, in their order and without overlaps; none where it is always open."""
    hours = wallet.policy.tickets.release_hours
    if not hours:
        return ()
    zone = ZoneInfo(wallet.time_zone)
    today = now.astimezone(zone).date()
    days = [today + ahead * _A_DAY for ahead in range(-1, _DAYS_AHEAD)]
    told = [span for day in days for span in _on(day, hours, zone) if span.shuts > now]
    return tuple(_joined(sorted(told, key=lambda span: span.opens)))


def _on(day: date, hours: tuple[ReleaseHours, ...], zone: ZoneInfo) -> Iterator[Span]:
    for one in hours:
        if day.isoweekday() not in one.days:
            continue
        last = day + _A_DAY if one.shuts_next_day else day
        opens = datetime.combine(day, one.opens_at, tzinfo=zone).astimezone(UTC)
        shuts = datetime.combine(last, one.shuts_at, tzinfo=zone)
        yield Span(opens, max(shuts.astimezone(UTC), shuts.replace(fold=1).astimezone(UTC)))


def _joined(spans: list[Span]) -> Iterator[Span]:
    """Two that touch or overlap are one."""
    last: Span | None = None
    for span in spans:
        if last is None:
            last = span
        elif span.opens <= last.shuts:
            last = Span(last.opens, max(last.shuts, span.shuts))
        else:
            yield last
            last = span
    if last is not None:
        yield last
