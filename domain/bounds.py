"""How far a wallet may move the lengths of the policy.

What protects somebody is never shorter than promised; what burdens somebody is never longer, and
nothing that people have to read, type or answer in is too short for it. Whole numbers carry their
bounds with their types in `policy`.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from msgspec import Struct

Bounds = tuple[timedelta, timedelta]


def _seconds(least: float, most: float) -> Bounds:
    return timedelta(seconds=least), timedelta(seconds=most)


def _minutes(least: float, most: float) -> Bounds:
    return timedelta(minutes=least), timedelta(minutes=most)


def _hours(least: float, most: float) -> Bounds:
    return timedelta(hours=least), timedelta(hours=most)


def _days(least: float, most: float) -> Bounds:
    return timedelta(days=least), timedelta(days=most)


# By the policy's part, as a wallet's row names it.
LENGTHS: Final[Mapping[str, Mapping[str, Bounds]]] = {
    "contacts": {
        "invitation_lasts": _days(1, 14),
        "sends_count_for": _days(30, 365),
        "sends_apart": _days(1, 7),
        "rests_for": _days(90, 365),
        "acceptance_undone_within": _hours(1, 24),
        "removal_takes": _days(3, 14),
        "second_removal_takes": _days(7, 30),
        "removals_count_for": _days(30, 365),
        "reminded_every": _days(90, 366),
        "unconfirmed_after": _days(14, 90),
        "ended_after": _days(180, 730),
    },
    "closing": {"takes": _days(3, 30)},
    "codes": {
        # A text message is late by minutes; a guesser is never given more than the ten.
        "lasts": _minutes(3, 10),
        # Whoever reads slowly waits no longer than half an hour, or an hour at a careful wallet.
        "first_wait": _seconds(60, 300),
        "longest_wait": _minutes(32, 60),
    },
    "sessions": {
        # Long enough to read and write a page, short enough for a borrowed phone.
        "contact_lasts": _minutes(10, 30),
        "owner_lasts": _minutes(5, 15),
        # On a bad line the page takes a while.
        "page_link_lasts": _seconds(30, 60),
        "strong_sign_in_lasts": _minutes(1, 5),
        # The same for every wallet that an agent serves: the installation's own count.
        "agent_idle": _minutes(5, 30),
        "agent_lasts": _hours(1, 8),
        "agent_proof_lasts": _minutes(1, 5),
        "passkey_challenge_lasts": _minutes(1, 5),
        "unsent_waits": _minutes(5, 30),
        # Nobody can call a bearer token back quickly everywhere.
        "access_token_lasts": _minutes(5, 60),
    },
    "tickets": {
        # What a wallet promises its owners; a day is the longest anybody is kept waiting by it.
        "first_attempt_within": _minutes(5, 30),
        "decided_within": _hours(1, 24),
        "new_agent_waits": _days(1, 7),
        "address_counts_after": _days(7, 30),
        "attempts_apart": _minutes(30, 240),
        "approved_within": _minutes(5, 30),
        "raised_again_after": _minutes(15, 240),
        "pause_lasts_at_most": _hours(1, 12),
        "rings_apart": _minutes(2, 15),
        "approver_answers_within": _minutes(5, 15),
        "kept_frozen_reviewed_within": _hours(24, 72),
        "mistake_lasts": _days(1, 7),
        "line_settles": _hours(24, 168),
        "changes_looked_at_before": _days(7, 30),
        "tries_looked_at_for": _minutes(5, 30),
    },
    "recovery": {"tries_are_counted_for": _hours(1, 24)},
    "reports": {
        "pause_takes": _days(7, 30),
        "false_count_for": _days(90, 365),
        "reporter_has": _days(2, 7),
        "lately_removed": _days(30, 90),
    },
    "drills": {"again_after": _days(30, 365), "link_lasts": _days(1, 14)},
    "space": {
        "second_address_withdraws_after": _days(7, 30),
        # Five working days are what the laws of Brazil and Colombia leave, and ours.
        "erased_within": _days(1, 5),
    },
    "privacy": {
        "unanswered_kept": _days(0, 7),
        "gone_kept": _days(30, 90),
        # What a law or a regulator may ask for: payment records are kept for up to ten years.
        "tickets_kept": _days(180, 3653),
        "closed_accounts_kept": _days(30, 3653),
    },
    "messages": {
        "removed_addresses_hear_for": _days(30, 90),
        # A wallet that is always slow says so; whoever waits must not believe it for long.
        "confirmation_expected_within": _seconds(30, 120),
    },
    "desk": {
        "presence_lasts": _seconds(30, 120),
        "skip_rests": _minutes(10, 120),
        "breaching_within": _minutes(5, 60),
        "frozen_long_after": _hours(12, 72),
    },
    "sign_ins": {
        "clocks_differ": _seconds(0, 120),
        "keys_are_fresh_for": _minutes(1, 60),
        "between_questions": _seconds(1, 60),
        "keys_outlive_issuer_for": _hours(1, 12),
    },
}


def require_within(part: str, numbers: Struct) -> None:
    """Raises ValueError for a length outside its bounds, naming it."""
    for name, (least, most) in LENGTHS[part].items():
        if not least <= getattr(numbers, name) <= most:
            raise ValueError(f"{name} lies between {least} and {most}")


def require_order(numbers: Struct, shorter: str, longer: str) -> None:
    """Raises ValueError where a length would contradict another one."""
    if getattr(numbers, longer) < getattr(numbers, shorter):
        raise ValueError(f"{longer} is never shorter than {shorter}")
