"""Instants as a reader says them: in their language, on their clock, with the clock named."""

from datetime import datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_datetime, format_time, get_timezone_location
from babel.support import NullTranslations


class Form(Protocol):
    def __call__(
        self, instant: datetime, *, clock: ZoneInfo, locale: str, words: NullTranslations
    ) -> str: ...


def zone(*names: str) -> ZoneInfo:
    """The first of these that exists; UTC when none does."""
    for name in names:
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def in_full(instant: datetime, *, clock: ZoneInfo, locale: str, words: NullTranslations) -> str:
    """For instance: 14 de marzo de 2026 a las 14:02 (Buenos Aires, GMT-3)."""
    there = instant.astimezone(clock)
    # Translators: an instant. The city and the offset name the time zone.
    pattern = words.gettext("{day} at {time} ({city}, {offset})")
    return pattern.format(
        day=format_date(there, "long", locale=locale),
        time=format_time(there, "short", tzinfo=clock, locale=locale),
        # Some cities come with their country before them: Argentina/Buenos Aires.
        city=get_timezone_location(clock, locale=locale, return_city=True).split("/")[-1],
        offset=_offset(there),
    )


def in_short(instant: datetime, *, clock: ZoneInfo, locale: str, words: NullTranslations) -> str:
    """For text messages: digits and, in English, a month's name, so inside the GSM alphabet."""
    there = instant.astimezone(clock)
    # Translators: a date pattern (CLDR) for text messages; day, month, 24-hour clock.
    pattern = words.gettext("d MMM HH:mm")
    day = format_datetime(there, pattern, tzinfo=clock, locale=locale)
    return f"{day} {_offset(there)}"


def _offset(there: datetime) -> str:
    minutes = int((there.utcoffset() or timedelta(0)).total_seconds()) // 60
    if minutes == 0:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+"
    return f"GMT{sign}{hours}" + (f":{rest:02d}" if rest else "")
