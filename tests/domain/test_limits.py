"""How often: the arithmetic beside a naive simulation, and the table of limits kept whole."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import limits
from domain.limits import LIMITS, Failing, Limit, Rate, standing, take
from domain.policy import DEFAULT, CodePolicy
from domain.reports import Way
from tests.builders import A_MOMENT, NOON

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

rates = st.builds(
    Rate,
    burst=st.integers(1, 12),
    each=st.timedeltas(timedelta(milliseconds=1), timedelta(hours=3)),
)
# Waits between attempts, in parts of `each`, so that full, empty and in between all come up.
waits = st.lists(st.fractions(0, 4), min_size=1, max_size=60)


def instants(rate: Rate, parts: Sequence[object]) -> list[datetime]:
    at, found = NOON, list[datetime]()
    for part in parts:
        at += timedelta(microseconds=int(part * (rate.each // timedelta(microseconds=1))))  # type: ignore[operator]
        found.append(at)
    return found


class Bucket:
    """The naive way: a bucket of tokens, each put back one `each` after the one before it."""

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        # When each missing token comes back, in order.
        self.missing: list[datetime] = []

    def take(self, now: datetime) -> bool:
        self.missing = [back for back in self.missing if back > now]
        if len(self.missing) == self.rate.burst:
            return False
        last = self.missing[-1] if self.missing else now
        self.missing.append(last + self.rate.each)
        return True


@given(rate=rates, parts=waits)
def test_it_allows_what_a_bucket_of_tokens_allows(rate: Rate, parts: list[object]) -> None:
    bucket, arrival = Bucket(rate), None
    for now in instants(rate, parts):
        taken = take(arrival, rate, now=now)
        assert taken.allowed == bucket.take(now)
        assert taken.left.remaining == rate.burst - len(bucket.missing)
        arrival = taken.arrival


@given(rate=rates, parts=waits)
def test_a_refusal_changes_nothing_and_says_the_very_instant(
    rate: Rate, parts: list[object]
) -> None:
    arrival = None
    for now in instants(rate, parts):
        taken = take(arrival, rate, now=now)
        if not taken.allowed:
            assert arrival == taken.arrival
            retry_at = taken.left.retry_at
            assert retry_at is not None
            assert not take(arrival, rate, now=retry_at - A_MOMENT).allowed
            assert take(arrival, rate, now=retry_at).allowed
        arrival = taken.arrival


@given(rate=rates, parts=waits)
def test_no_stretch_as_long_as_each_holds_more_than_the_burst(
    rate: Rate, parts: list[object]
) -> None:
    arrival, allowed = None, list[datetime]()
    for now in instants(rate, parts):
        taken = take(arrival, rate, now=now)
        allowed += [now] if taken.allowed else []
        arrival = taken.arrival

    for began in allowed:
        assert sum(began <= at < began + rate.each for at in allowed) <= rate.burst


def test_what_was_never_used_is_whole_and_what_was_used_comes_back() -> None:
    rate = Rate(3, MINUTE)
    fresh = standing(None, rate, now=NOON)
    assert (fresh.remaining, fresh.retry_at, fresh.whole_at) == (3, None, NOON)
    assert fresh.at == NOON

    used = standing(NOON + 3 * MINUTE, rate, now=NOON)
    assert (used.remaining, used.retry_at) == (0, NOON + MINUTE)
    assert standing(NOON + 3 * MINUTE, rate, now=NOON + 3 * MINUTE).remaining == 3


def test_every_limit_is_in_the_table_once_with_its_reason() -> None:
    written = [value for value in vars(limits).values() if isinstance(value, Limit)]

    assert sorted(one.name for one in LIMITS) == sorted(one.name for one in written)
    assert len({one.name for one in LIMITS}) == len(LIMITS)
    for limit in LIMITS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", limit.name)
        assert limit.per
        assert limit.why.endswith(".")
        assert limit.rate.burst >= 1
        assert limit.rate.each > timedelta(0)
        if limit.without_link is not None:
            assert "way" in limit.per
            assert limit.without_link.burst <= limit.rate.burst
            assert limit.without_link.each >= limit.rate.each


def test_every_limit_is_as_promised() -> None:
    def told(rate: Rate | None) -> tuple[int, float] | None:
        return None if rate is None else (rate.burst, rate.each.total_seconds())

    # How many at once, and after how many seconds each comes back: with a link, and without.
    assert {one.name: (told(one.rate), told(one.without_link)) for one in LIMITS} == {
        "codes-unread": ((16, 7200), (16, 7200)),
        "code-wait": ((1, 60), (1, 60)),
        "codes-an-hour": ((5, 3600), (3, 3600)),
        "codes-a-day": ((10, 86400), (10, 86400)),
        "sent-to-address": ((20, 3600), (10, 7200)),
        "sent-to-prefix": ((60, 60), (20, 600)),
        "sent-to-dialling-code": ((1000, 1), (300, 5)),
        "sent-from-network": ((600, 1), (20, 180)),
        "sent-by-wallet": ((6000, 0.05), (600, 2)),
        "sent-in-all": ((20_000, 0.01), (2000, 0.5)),
        "new-addresses": ((5, 17_280), None),
        "app-set-up": ((10, 300), None),
        "wrong-codes-a-day": ((20, 86400), (20, 86400)),
        "wrong-codes-ever": ((100, 315_360_000), (100, 315_360_000)),
        "sign-ins-of-login-from-network": ((10, 60), None),
        "sign-ins-of-login": ((100, 60), None),
        "sign-ins-from-network": ((60, 2), None),
        "proved-again": ((10, 300), None),
        "passkeys-asked": ((120, 1), None),
        "owner-codes-an-hour": ((5, 3600), None),
        "owner-codes-a-day": ((10, 86400), None),
        "checks-from-network": ((60, 60), None),
        "reveals-an-hour": ((10, 360), None),
        "reveals-a-day": ((40, 4320), None),
        "api-calls": ((3000, 0.005), None),
        "owner-calls": ((120, 1), None),
    }


@pytest.mark.parametrize(
    ("limit", "most", "within"),
    [(limits.REVEALS_AN_HOUR, 20, HOUR), (limits.REVEALS_A_DAY, 60, DAY)],
)
def test_no_agent_is_shown_more_addresses_in_any_hour_or_day(
    limit: Limit, most: int, within: timedelta
) -> None:
    """Whoever asks at every chance gets the last of them as the hour, or day, is over."""
    arrival, shown, at = None, list[datetime](), NOON
    while at < NOON + within:
        taken = take(arrival, limit.rate, now=at)
        arrival = taken.arrival
        shown += [at] if taken.allowed else []
        at = taken.left.retry_at or at
    assert len(shown) == most - 1
    assert take(arrival, limit.rate, now=NOON + within).allowed


def test_only_who_has_already_shown_a_token_passes_when_the_limiter_does_not_answer() -> None:
    failing_open = {one.name for one in LIMITS if one.fails is Failing.OPEN}

    assert failing_open == {"api-calls", "owner-calls"}


@pytest.mark.parametrize(
    ("limit", "way", "most", "within"),
    [
        (limits.CODES_AN_HOUR, Way.LINK, 5, HOUR),
        (limits.CODES_AN_HOUR, Way.ADDRESS, 3, HOUR),
        (limits.CODES_A_DAY, Way.LINK, 10, DAY),
        (limits.CODES_A_DAY, Way.ADDRESS, 10, DAY),
        (limits.WRONG_CODES_A_DAY, Way.LINK, 20, DAY),
        (limits.WRONG_CODES_A_DAY, Way.ADDRESS, 20, DAY),
    ],
)
def test_the_promised_numbers_hold_in_any_hour_or_day(
    limit: Limit, way: Way, most: int, within: timedelta
) -> None:
    """As many at once and not one more; the next one when the hour, or day, is over."""
    rate, arrival = limit.rate_of(way), None
    for _ in range(most):
        taken = take(arrival, rate, now=NOON)
        assert taken.allowed
        arrival = taken.arrival

    assert not take(arrival, rate, now=NOON + within - A_MOMENT).allowed
    assert take(arrival, rate, now=NOON + within).allowed


def test_a_hundred_wrong_codes_are_enough_for_years() -> None:
    for way in Way:
        rate = limits.WRONG_CODES_EVER.rate_of(way)
        used_up = standing(NOON + rate.whole_after, rate, now=NOON)
        assert rate.burst == 100
        assert used_up.retry_at is not None
        assert used_up.retry_at > NOON + 1000 * DAY


def test_a_wallet_may_only_be_stricter_about_codes() -> None:
    assert limits.codes_an_hour(DEFAULT.codes, Way.LINK) == limits.CODES_AN_HOUR.rate
    assert limits.codes_an_hour(DEFAULT.codes, Way.ADDRESS) == limits.CODES_AN_HOUR.without_link
    for way in Way:
        assert limits.codes_a_day(DEFAULT.codes, way) == limits.CODES_A_DAY.rate_of(way)

    strict = CodePolicy(most_an_hour=2, most_a_day=4)
    assert [limits.codes_an_hour(strict, way).burst for way in Way] == [2, 2]
    assert [limits.codes_a_day(strict, way).burst for way in Way] == [4, 4]
    stricter = CodePolicy(most_an_hour_without_link=1)
    assert [limits.codes_an_hour(stricter, way).burst for way in Way] == [5, 1]


def test_where_the_way_does_not_count_there_is_one_rate() -> None:
    assert limits.API_CALLS.rate_of(Way.ADDRESS) == limits.API_CALLS.rate_of(Way.LINK)
