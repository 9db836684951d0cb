"""The numbers: what they are, and how far a wallet may move them."""

from collections.abc import Mapping
from datetime import timedelta

import msgspec
import pytest

from domain.policy import DEFAULT, MOST_CONTACTS, ContactPolicy, Policy


def a_policy(**parts: Mapping[str, int]) -> Policy:
    """As a wallet's row holds it."""
    return msgspec.convert(parts, Policy)


def test_the_promised_numbers() -> None:
    hour = timedelta(hours=1)

    assert DEFAULT.contacts.most == MOST_CONTACTS == 5
    assert DEFAULT.contacts.invitation_lasts == timedelta(days=7)
    assert DEFAULT.contacts.acceptance_undone_within == 24 * hour
    assert DEFAULT.contacts.removal_takes == 72 * hour
    assert DEFAULT.contacts.second_removal_takes == timedelta(days=7)
    assert DEFAULT.codes.lasts == timedelta(minutes=10)
    assert (DEFAULT.codes.guesses, DEFAULT.codes.digits_with_link) == (5, 6)
    assert (DEFAULT.codes.most_an_hour, DEFAULT.codes.most_a_day) == (5, 10)
    assert DEFAULT.codes.first_wait == timedelta(seconds=60)
    assert DEFAULT.codes.longest_wait == timedelta(minutes=32)
    assert DEFAULT.sessions.contact_lasts == timedelta(minutes=15)
    assert DEFAULT.sessions.owner_lasts == timedelta(minutes=15)
    assert DEFAULT.sessions.page_link_lasts == timedelta(seconds=60)
    assert DEFAULT.sessions.strong_sign_in_lasts == timedelta(minutes=5)
    assert (DEFAULT.sessions.agent_idle, DEFAULT.sessions.agent_lasts) == (hour / 2, 8 * hour)
    assert DEFAULT.sessions.access_token_lasts == hour
    assert DEFAULT.tickets.first_attempt_within == hour / 4
    assert DEFAULT.tickets.decided_within == 4 * hour
    assert DEFAULT.tickets.new_agent_waits == 24 * hour
    assert DEFAULT.tickets.address_counts_after == timedelta(days=7)
    assert DEFAULT.tickets.proofs_for_release == 2
    assert DEFAULT.messages.removed_addresses_hear_for == timedelta(days=30)
    assert DEFAULT.messages.confirmation_expected_within == timedelta(seconds=60)


def test_a_second_removal_may_take_as_long_as_the_first_and_no_less() -> None:
    first, second = timedelta(days=8), timedelta(days=9)

    alike = ContactPolicy(removal_takes=first, second_removal_takes=first)
    assert alike.second_removal_takes == first
    with pytest.raises(ValueError, match="never shorter"):
        ContactPolicy(removal_takes=second, second_removal_takes=first)


@pytest.mark.parametrize(
    ("part", "number", "allowed", "refused"),
    [
        ("contacts", "most", 5, 6),
        ("contacts", "most", 1, 0),
        ("codes", "guesses", 5, 6),
        ("codes", "guesses", 1, 0),
        ("codes", "most_an_hour", 5, 6),
        ("codes", "most_a_day", 10, 11),
        ("codes", "digits_with_link", 6, 5),
        ("codes", "digits_with_link", 8, 9),
        ("tickets", "proofs_for_release", 2, 1),
    ],
)
def test_a_wallet_may_override_within_the_bounds(
    part: str, number: str, allowed: int, refused: int
) -> None:
    changed = a_policy(**{part: {number: allowed}})

    assert getattr(getattr(changed, part), number) == allowed
    with pytest.raises(msgspec.ValidationError):
        a_policy(**{part: {number: refused}})


def test_the_promised_numbers_of_a_contact_s_life() -> None:
    day, policy = timedelta(days=1), DEFAULT.contacts

    assert (policy.sends_by_owner, policy.sends_to_address) == (10, 3)
    assert (policy.sends_count_for, policy.sends_apart) == (30 * day, day)
    assert policy.rests_for == 90 * day
    assert policy.removals_count_for == 30 * day
    assert policy.reminded_every == 182 * day
    assert (policy.unconfirmed_after, policy.ended_after) == (30 * day, 180 * day)
    assert DEFAULT.closing.takes == 3 * day


def test_what_a_wallet_does_not_say_stays_as_it_is() -> None:
    changed = a_policy(contacts={"most": 3})

    assert changed.contacts.invitation_lasts == DEFAULT.contacts.invitation_lasts
    assert changed.codes == DEFAULT.codes
    assert a_policy() == DEFAULT


@pytest.mark.parametrize("part", Policy.__struct_fields__)
def test_a_number_nobody_knows_is_refused(part: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        a_policy(**{part: {"most_contact": 3}})
    with pytest.raises(msgspec.ValidationError):
        a_policy(contact={})
