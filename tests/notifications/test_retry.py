from datetime import timedelta
from itertools import accumulate

import pytest

from notifications import retry
from notifications.retry import LONGEST_WAIT, TRIES, Parked, Pointless, TryAt, after_failure
from tests.notifications.cast import NOON

A_MOMENT = timedelta(microseconds=1)


def wait_after(
    tries: int, *, jitter: float = 0.0, retry_after: timedelta | None = None
) -> timedelta:
    following = after_failure(tries=tries, now=NOON, jitter=jitter, retry_after=retry_after)
    assert isinstance(following, TryAt)
    return following.at - NOON


def test_the_waits_are_the_published_ones() -> None:
    waits = [wait_after(tries) for tries in range(1, TRIES)]

    assert [wait.total_seconds() for wait in waits[:9]] == [1, 2, 5, 15, 30, 60, 120, 300, 1800]
    assert [wait / timedelta(hours=1) for wait in waits[9:]] == [2, 5, 10, 14, 20, 24]
    assert retry.WAITS[0] == timedelta(0)
    assert list(accumulate(waits, initial=timedelta(0)))[-1] > timedelta(days=3)


def test_the_last_try_is_the_sixteenth() -> None:
    assert isinstance(after_failure(tries=15, now=NOON, jitter=0), TryAt)
    assert isinstance(after_failure(tries=16, now=NOON, jitter=0), Parked)


@pytest.mark.parametrize("tries", range(1, TRIES))
def test_chance_moves_a_wait_by_a_quarter_at_most(tries: int) -> None:
    planned = wait_after(tries)

    assert wait_after(tries, jitter=-1) == planned * 0.75
    assert wait_after(tries, jitter=1) == planned * 1.25
    assert wait_after(tries, jitter=7) == wait_after(tries, jitter=1)


def test_a_provider_may_ask_for_more_time_but_not_for_less() -> None:
    assert wait_after(1, retry_after=timedelta(minutes=3)) == timedelta(minutes=3)
    assert wait_after(8, retry_after=timedelta(seconds=1)) == timedelta(minutes=5)
    assert wait_after(1, retry_after=timedelta(days=400)) == LONGEST_WAIT


def test_a_code_is_tried_only_while_it_is_worth_something() -> None:
    def followed(useful_until: timedelta) -> retry.Next:
        return after_failure(tries=1, now=NOON, jitter=0, useful_until=NOON + useful_until)

    next_try = timedelta(seconds=1)
    assert isinstance(followed(next_try + A_MOMENT), TryAt)
    assert isinstance(followed(next_try), Pointless)
    assert retry.is_useful(NOON, NOON - A_MOMENT)
    assert not retry.is_useful(NOON, NOON)
