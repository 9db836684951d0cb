"""Every number of the policy a second time, so that none is moved by a slip of the hand.

A number that is changed on purpose is changed here too; a new one stands here as well.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import msgspec
import pytest

from domain import bounds
from domain.policy import DEFAULT, Policy

SECOND: Final = timedelta(seconds=1)
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)

# How long, the shortest and the longest a wallet may say instead.
LENGTHS: Final[dict[tuple[str, str], tuple[timedelta, timedelta, timedelta]]] = {
    ("contacts", "invitation_lasts"): (7 * DAY, DAY, 14 * DAY),
    ("contacts", "sends_count_for"): (30 * DAY, 30 * DAY, 365 * DAY),
    ("contacts", "sends_apart"): (DAY, DAY, 7 * DAY),
    ("contacts", "rests_for"): (90 * DAY, 90 * DAY, 365 * DAY),
    ("contacts", "acceptance_undone_within"): (DAY, HOUR, DAY),
    ("contacts", "removal_takes"): (3 * DAY, 3 * DAY, 14 * DAY),
    ("contacts", "second_removal_takes"): (7 * DAY, 7 * DAY, 30 * DAY),
    ("contacts", "removals_count_for"): (30 * DAY, 30 * DAY, 365 * DAY),
    ("contacts", "reminded_every"): (182 * DAY, 90 * DAY, 366 * DAY),
    ("contacts", "unconfirmed_after"): (30 * DAY, 14 * DAY, 90 * DAY),
    ("contacts", "ended_after"): (180 * DAY, 180 * DAY, 730 * DAY),
    ("closing", "takes"): (3 * DAY, 3 * DAY, 30 * DAY),
    ("codes", "lasts"): (10 * MINUTE, 3 * MINUTE, 10 * MINUTE),
    ("codes", "first_wait"): (MINUTE, MINUTE, 5 * MINUTE),
    ("codes", "longest_wait"): (32 * MINUTE, 32 * MINUTE, HOUR),
    ("sessions", "contact_lasts"): (15 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    ("sessions", "owner_lasts"): (15 * MINUTE, 5 * MINUTE, 15 * MINUTE),
    ("sessions", "page_link_lasts"): (MINUTE, 30 * SECOND, MINUTE),
    ("sessions", "strong_sign_in_lasts"): (5 * MINUTE, MINUTE, 5 * MINUTE),
    ("sessions", "agent_idle"): (30 * MINUTE, 5 * MINUTE, 30 * MINUTE),
    ("sessions", "agent_lasts"): (8 * HOUR, HOUR, 8 * HOUR),
    ("sessions", "agent_proof_lasts"): (5 * MINUTE, MINUTE, 5 * MINUTE),
    ("sessions", "passkey_challenge_lasts"): (5 * MINUTE, MINUTE, 5 * MINUTE),
    ("sessions", "unsent_waits"): (30 * MINUTE, 5 * MINUTE, 30 * MINUTE),
    ("sessions", "access_token_lasts"): (HOUR, 5 * MINUTE, HOUR),
    ("tickets", "first_attempt_within"): (15 * MINUTE, 5 * MINUTE, 30 * MINUTE),
    ("tickets", "decided_within"): (4 * HOUR, HOUR, DAY),
    ("tickets", "new_agent_waits"): (DAY, DAY, 7 * DAY),
    ("tickets", "address_counts_after"): (7 * DAY, 7 * DAY, 30 * DAY),
    ("tickets", "attempts_apart"): (30 * MINUTE, 30 * MINUTE, 4 * HOUR),
    ("tickets", "approved_within"): (15 * MINUTE, 5 * MINUTE, 30 * MINUTE),
    ("tickets", "raised_again_after"): (HOUR, 15 * MINUTE, 4 * HOUR),
    ("tickets", "pause_lasts_at_most"): (12 * HOUR, HOUR, 12 * HOUR),
    ("tickets", "rings_apart"): (5 * MINUTE, 2 * MINUTE, 15 * MINUTE),
    ("tickets", "approver_answers_within"): (15 * MINUTE, 5 * MINUTE, 15 * MINUTE),
    ("tickets", "kept_frozen_reviewed_within"): (3 * DAY, DAY, 3 * DAY),
    ("tickets", "mistake_lasts"): (7 * DAY, DAY, 7 * DAY),
    ("recovery", "tries_are_counted_for"): (HOUR, HOUR, DAY),
    ("reports", "pause_takes"): (7 * DAY, 7 * DAY, 30 * DAY),
    ("reports", "false_count_for"): (180 * DAY, 90 * DAY, 365 * DAY),
    ("reports", "reporter_has"): (2 * DAY, 2 * DAY, 7 * DAY),
    ("reports", "lately_removed"): (30 * DAY, 30 * DAY, 90 * DAY),
    ("drills", "again_after"): (30 * DAY, 30 * DAY, 365 * DAY),
    ("drills", "link_lasts"): (7 * DAY, DAY, 14 * DAY),
    ("space", "second_address_withdraws_after"): (7 * DAY, 7 * DAY, 30 * DAY),
    ("space", "erased_within"): (5 * DAY, DAY, 5 * DAY),
    ("privacy", "unanswered_kept"): (7 * DAY, 0 * DAY, 7 * DAY),
    ("privacy", "gone_kept"): (30 * DAY, 30 * DAY, 90 * DAY),
    ("privacy", "tickets_kept"): (548 * DAY, 180 * DAY, 3653 * DAY),
    ("privacy", "closed_accounts_kept"): (548 * DAY, 30 * DAY, 3653 * DAY),
    ("messages", "removed_addresses_hear_for"): (30 * DAY, 30 * DAY, 90 * DAY),
    ("messages", "confirmation_expected_within"): (MINUTE, 30 * SECOND, 2 * MINUTE),
    ("tickets", "line_settles"): (DAY, 24 * HOUR, 168 * HOUR),
    ("tickets", "changes_looked_at_before"): (7 * DAY, 7 * DAY, 30 * DAY),
    ("tickets", "tries_looked_at_for"): (15 * MINUTE, 5 * MINUTE, 30 * MINUTE),
    ("desk", "presence_lasts"): (45 * SECOND, 30 * SECOND, 2 * MINUTE),
    ("desk", "skip_rests"): (30 * MINUTE, 10 * MINUTE, 2 * HOUR),
    ("desk", "breaching_within"): (15 * MINUTE, 5 * MINUTE, HOUR),
    ("desk", "frozen_long_after"): (DAY, 12 * HOUR, 3 * DAY),
    ("sign_ins", "clocks_differ"): (MINUTE, 0 * SECOND, 2 * MINUTE),
    ("sign_ins", "keys_are_fresh_for"): (10 * MINUTE, MINUTE, HOUR),
    ("sign_ins", "between_questions"): (10 * SECOND, SECOND, MINUTE),
    ("sign_ins", "keys_outlive_issuer_for"): (4 * HOUR, HOUR, 12 * HOUR),
}
# How many, the fewest and the most a wallet may say instead.
COUNTS: Final[dict[tuple[str, str], tuple[int, int, int]]] = {
    ("contacts", "most"): (5, 1, 5),
    ("contacts", "sends_by_owner"): (10, 1, 10),
    ("contacts", "sends_to_address"): (3, 1, 3),
    ("codes", "guesses"): (5, 1, 5),
    ("codes", "most_an_hour"): (5, 1, 5),
    ("codes", "most_an_hour_without_link"): (3, 1, 3),
    ("codes", "most_a_day"): (10, 1, 10),
    ("codes", "digits_with_link"): (6, 6, 8),
    ("codes", "digits_without_link"): (8, 8, 10),
    ("tickets", "proofs_for_release"): (2, 2, 4),
    ("tickets", "attempts_before_closing"): (2, 2, 5),
    ("tickets", "messages_a_day"): (3, 1, 10),
    ("tickets", "approvers_to_pick_from"): (3, 3, 10),
    ("tickets", "reviewed_one_in"): (20, 1, 20),
    ("tickets", "most_pauses"): (4, 0, 4),
    ("tickets", "most_rings"): (12, 1, 24),
    ("recovery", "codes_on_a_card"): (10, 1, 20),
    ("recovery", "tries_per_browser"): (10, 1, 100),
    ("recovery", "tries_per_account"): (50, 1, 1000),
    ("recovery", "hints_on_a_ticket"): (100, 1, 1000),
    ("reports", "false_to_suspend"): (2, 2, 3),
}


def every_number() -> Iterator[tuple[tuple[str, str], object]]:
    """Lengths and counts; words are no numbers."""
    for part in Policy.__struct_fields__:
        numbers = getattr(DEFAULT, part)
        for name in numbers.__struct_fields__:
            value = getattr(numbers, name)
            if isinstance(value, int | timedelta):
                yield (part, name), value


def test_every_number_is_as_promised_and_has_bounds() -> None:
    promised = {which: default for which, (default, _, _) in {**LENGTHS, **COUNTS}.items()}

    assert dict(every_number()) == promised
    assert {(part, name) for part, named in bounds.LENGTHS.items() for name in named} == set(
        LENGTHS
    )


@pytest.mark.parametrize(("part", "name"), COUNTS)
def test_a_wallet_counts_no_further_than_the_bounds(part: str, name: str) -> None:
    def counting(count: int) -> int:
        policy = msgspec.convert({part: {name: count}}, Policy)
        return getattr(getattr(policy, part), name)

    _, fewest, most = COUNTS[part, name]
    assert (counting(fewest), counting(most)) == (fewest, most)
    for wrong in (fewest - 1, most + 1):
        with pytest.raises(msgspec.ValidationError, match=rf"`\$\.{part}\.{name}`"):
            counting(wrong)


# What has to be said with another number, so that the two do not contradict each other.
WITH: Final[dict[tuple[str, str], dict[str, dict[str, float]]]] = {
    ("contacts", "removal_takes"): {
        "contacts": {"second_removal_takes": (30 * DAY).total_seconds()}
    },
    ("reports", "lately_removed"): {"privacy": {"gone_kept": (90 * DAY).total_seconds()}},
}


@pytest.mark.parametrize(("part", "name"), LENGTHS)
def test_a_wallet_moves_a_length_no_further_than_the_bounds(part: str, name: str) -> None:
    other = WITH.get((part, name), {})

    def lasting(length: timedelta) -> timedelta:
        told = {**other, part: {**other.get(part, {}), name: length.total_seconds()}}
        policy = msgspec.convert(told, Policy, strict=False)
        return getattr(getattr(policy, part), name)

    _, shortest, longest = LENGTHS[part, name]
    assert (lasting(shortest), lasting(longest)) == (shortest, longest)
    for wrong in (shortest - SECOND, longest + SECOND):
        with pytest.raises(msgspec.ValidationError, match=f"{name} lies between .*{part}`"):
            lasting(wrong)


def test_lengths_that_contradict_each_other_are_refused() -> None:
    for part, name, length, why in (
        ("contacts", "removal_takes", 8 * DAY, "second_removal_takes is never shorter"),
        ("reports", "lately_removed", 31 * DAY, "gone_kept is never shorter"),
    ):
        with pytest.raises(msgspec.ValidationError, match=why):
            msgspec.convert({part: {name: length.total_seconds()}}, Policy, strict=False)
