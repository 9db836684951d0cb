"""Every number of the policy a second time, so that none is moved by a slip of the hand.

A number that is changed on purpose is changed here too; a new one stands here as well.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import msgspec
import pytest

from domain.policy import DEFAULT, Policy

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

LENGTHS: Final[dict[tuple[str, str], timedelta]] = {
    ("contacts", "invitation_lasts"): 7 * DAY,
    ("contacts", "sends_count_for"): 30 * DAY,
    ("contacts", "sends_apart"): DAY,
    ("contacts", "rests_for"): 90 * DAY,
    ("contacts", "acceptance_undone_within"): DAY,
    ("contacts", "removal_takes"): 3 * DAY,
    ("contacts", "second_removal_takes"): 7 * DAY,
    ("contacts", "removals_count_for"): 30 * DAY,
    ("contacts", "reminded_every"): 182 * DAY,
    ("contacts", "unconfirmed_after"): 30 * DAY,
    ("contacts", "ended_after"): 180 * DAY,
    ("closing", "takes"): 3 * DAY,
    ("codes", "lasts"): 10 * MINUTE,
    ("codes", "first_wait"): MINUTE,
    ("codes", "longest_wait"): 32 * MINUTE,
    ("sessions", "contact_lasts"): 15 * MINUTE,
    ("sessions", "owner_lasts"): 15 * MINUTE,
    ("sessions", "page_link_lasts"): MINUTE,
    ("sessions", "strong_sign_in_lasts"): 5 * MINUTE,
    ("sessions", "agent_idle"): 30 * MINUTE,
    ("sessions", "agent_lasts"): 8 * HOUR,
    ("sessions", "access_token_lasts"): HOUR,
    ("tickets", "first_attempt_within"): 15 * MINUTE,
    ("tickets", "decided_within"): 4 * HOUR,
    ("tickets", "new_agent_waits"): DAY,
    ("tickets", "address_counts_after"): 7 * DAY,
    ("tickets", "attempts_apart"): 30 * MINUTE,
    ("recovery", "tries_are_counted_for"): HOUR,
    ("reports", "pause_takes"): 7 * DAY,
    ("reports", "false_count_for"): 180 * DAY,
    ("reports", "reporter_has"): 2 * DAY,
    ("reports", "lately_removed"): 30 * DAY,
    ("drills", "again_after"): 30 * DAY,
    ("drills", "link_lasts"): 7 * DAY,
    ("space", "second_address_withdraws_after"): 7 * DAY,
    ("space", "erased_within"): 5 * DAY,
    ("privacy", "unanswered_kept"): 7 * DAY,
    ("privacy", "gone_kept"): 30 * DAY,
    ("privacy", "tickets_kept"): 548 * DAY,
    ("privacy", "closed_accounts_kept"): 548 * DAY,
    ("messages", "removed_addresses_hear_for"): 30 * DAY,
    ("messages", "confirmation_expected_within"): MINUTE,
    ("sign_ins", "clocks_differ"): MINUTE,
    ("sign_ins", "keys_are_fresh_for"): 10 * MINUTE,
    ("sign_ins", "between_questions"): 10 * SECOND,
    ("sign_ins", "keys_outlive_issuer_for"): 4 * HOUR,
}
# How many, the fewest and the most a wallet may say instead; None: no most.
COUNTS: Final[dict[tuple[str, str], tuple[int, int, int | None]]] = {
    ("contacts", "most"): (5, 1, 5),
    ("contacts", "sends_by_owner"): (10, 1, 10),
    ("contacts", "sends_to_address"): (3, 1, 3),
    ("codes", "guesses"): (5, 1, 5),
    ("codes", "most_an_hour"): (5, 1, 5),
    ("codes", "most_an_hour_without_link"): (3, 1, 3),
    ("codes", "most_a_day"): (10, 1, 10),
    ("codes", "digits_with_link"): (6, 6, 8),
    ("codes", "digits_without_link"): (8, 8, 10),
    ("tickets", "proofs_for_release"): (2, 2, None),
    ("tickets", "attempts_before_closing"): (2, 1, None),
    ("recovery", "codes_on_a_card"): (10, 1, 20),
    ("recovery", "tries_per_browser"): (10, 1, 100),
    ("recovery", "tries_per_account"): (50, 1, 1000),
    ("recovery", "hints_on_a_ticket"): (100, 1, 1000),
    ("reports", "false_to_suspend"): (2, 2, None),
}


def every_number() -> Iterator[tuple[tuple[str, str], object]]:
    for part in Policy.__struct_fields__:
        numbers = getattr(DEFAULT, part)
        for name in numbers.__struct_fields__:
            yield (part, name), getattr(numbers, name)


def test_every_number_is_as_promised() -> None:
    counts = {which: count for which, (count, _, _) in COUNTS.items()}

    assert dict(every_number()) == {**LENGTHS, **counts}


@pytest.mark.parametrize(("part", "name"), COUNTS)
def test_a_wallet_counts_no_further_than_the_bounds(part: str, name: str) -> None:
    def counting(count: int) -> int:
        policy = msgspec.convert({part: {name: count}}, Policy)
        return getattr(getattr(policy, part), name)

    _, fewest, most = COUNTS[part, name]
    assert counting(fewest) == fewest
    with pytest.raises(msgspec.ValidationError):
        counting(fewest - 1)
    assert counting(most or 10**6) == (most or 10**6)
    if most is not None:
        with pytest.raises(msgspec.ValidationError):
            counting(most + 1)
