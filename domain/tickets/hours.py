"""The hours in which a wallet decides releases, as instants.

Where a day begins and clocks change is known to the service, which hands the spans in; here they
are only counted along.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct


class Span(Struct, frozen=True):
    """From one instant to another in which releases are decided, without its end."""

    opens: datetime
    shuts: datetime


def after_open(start: datetime, length: timedelta, spans: Sequence[Span]) -> datetime:
    """When this much open time has passed since `start`. Without any spans it is always open.

    A promise must not fail for want of a calendar: beyond the last span time counts as it passes.
    """
    left, at = length, start
    for span in spans:
        begins = max(at, span.opens)
        if begins >= span.shuts:
            continue
        if begins + left <= span.shuts:
            return begins + left
        left -= span.shuts - begins
        at = span.shuts
    return at + left


def open_time(start: datetime, end: datetime, spans: Sequence[Span]) -> timedelta:
    """How much open time lies between the two, counted as `after_open` counts it."""
    if not spans:
        return max(end - start, timedelta(0))
    shut = spans[-1].shuts
    counted = [(span.opens, span.shuts) for span in spans]
    if end > shut:
        counted.append((shut, end))
    return sum(
        (max(min(end, shuts) - max(start, opens), timedelta(0)) for opens, shuts in counted),
        timedelta(0),
    )


def flat(spans: Iterable[Span]) -> tuple[datetime, ...]:
    """As a row keeps them: opens, shuts, opens, shuts …"""
    return tuple(instant for span in spans for instant in (span.opens, span.shuts))


def spans_of(stored: Sequence[datetime] | None) -> tuple[Span, ...]:
    """What `flat` made."""
    kept = tuple(stored or ())
    return tuple(Span(*pair) for pair in zip(kept[::2], kept[1::2], strict=True))
