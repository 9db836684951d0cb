"""What receivers' answers have in common."""

from collections.abc import Mapping
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Final

# More than anybody means; what is longer is cut by the schedule anyway.
_LONGEST: Final = timedelta(days=365)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """`Retry-After` (RFC 9110, section 10.2.3). An instant counts by the receiver's own clock, and
    says nothing without it."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdecimal():
        return min(timedelta(seconds=min(int(told[:12]), 10**9)), _LONGEST)
    try:
        wait = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(wait, timedelta(0)), _LONGEST)
