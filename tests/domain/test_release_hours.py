"""In which hours a wallet may say that releases are decided."""

from datetime import time, timedelta
from typing import Any

import msgspec
import pytest

from domain.policy import DEFAULT, Policy, ReleaseHours

HOUR = timedelta(hours=1)
ALL_DAYS = [1, 2, 3, 4, 5, 6, 7]


def stated(*told: dict[str, Any]) -> tuple[ReleaseHours, ...]:
    policy = msgspec.convert({"tickets": {"release_hours": list(told)}}, Policy)
    return policy.tickets.release_hours


def test_without_any_it_is_always_open() -> None:
    assert DEFAULT.tickets.release_hours == ()


def test_they_are_told_as_a_clock_on_the_wall_shows_them() -> None:
    (hours,) = stated({"days": [1, 2, 3, 4, 5], "opens": "09:30", "shuts": "18:00"})

    assert (hours.opens_at, hours.shuts_at, hours.shuts_next_day) == (time(9, 30), time(18), False)
    assert hours.lasts == 8.5 * HOUR


def test_a_night_shuts_on_the_next_day_and_the_same_hour_is_a_whole_day() -> None:
    night, whole = stated(
        {"days": ALL_DAYS, "opens": "22:00", "shuts": "06:00"},
        {"days": ALL_DAYS, "opens": "00:00", "shuts": "00:00"},
    )

    assert (night.shuts_next_day, night.lasts) == (True, 8 * HOUR)
    assert whole.lasts == 24 * HOUR


def test_twenty_hours_a_week_and_not_a_minute_less() -> None:
    stated({"days": [1, 2, 3, 4, 5], "opens": "09:00", "shuts": "13:00"})

    with pytest.raises(msgspec.ValidationError, match="at least"):
        stated({"days": [1, 2, 3, 4, 5], "opens": "09:00", "shuts": "12:59"})
    # A day that is named twice is one day.
    with pytest.raises(msgspec.ValidationError, match="at least"):
        stated({"days": [1, 1, 1, 1, 1], "opens": "09:00", "shuts": "13:00"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"days": [], "opens": "09:00", "shuts": "18:00"},
        {"days": [0], "opens": "00:00", "shuts": "23:00"},
        {"days": [8], "opens": "00:00", "shuts": "23:00"},
        {"days": ALL_DAYS, "opens": "9:00", "shuts": "18:00"},
        {"days": ALL_DAYS, "opens": "09:00", "shuts": "24:00"},
        {"days": ALL_DAYS, "opens": "09:00", "shuts": "18:00", "holidays": []},
    ],
    ids=["no day", "no such day", "nor this", "no clock shows it", "nor this hour", "holidays"],
)
def test_what_no_clock_or_calendar_shows_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        stated(wrong)
