"""Signs: what was counted, from which number on it is told, and that it decides nothing."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from domain import signs
from domain.policy import SIGNS
from domain.signs import Counted, Facts, Sign, SignKind, TryWay
from tests.builders import A_DAY, AN_HOUR, NOON


def so_often(times: int) -> Counted:
    if times == 0:
        return Counted()
    return Counted(times=times, first_at=NOON - AN_HOUR, last_at=NOON)


def kinds(facts: Facts) -> list[SignKind]:
    return [sign.kind for sign in signs.read(facts)]


def test_the_numbers_of_signs() -> None:
    assert SIGNS.changed_within == 7 * A_DAY
    assert SIGNS.lately == 30 * A_DAY
    assert SIGNS.young_for == 30 * A_DAY
    assert SIGNS.alike_within == timedelta(hours=1)
    assert (SIGNS.several_owners, SIGNS.several_reports) == (2, 2)


@pytest.mark.parametrize(
    ("fact", "least", "kind"),
    [
        ("tries", 1, SignKind.TRIES),
        ("contacts_changed", 1, SignKind.CONTACTS_CHANGED),
        ("addresses_changed", 1, SignKind.ADDRESSES_CHANGED),
        ("reported_for", 2, SignKind.REPORTER_OF_SEVERAL),
        ("reports", 2, SignKind.SEVERAL_REPORTS),
        ("look_alikes", 2, SignKind.LOOK_ALIKES),
        ("reporters_frozen", 1, SignKind.REPORTER_FROZEN),
        ("mutual", 1, SignKind.MUTUAL),
    ],
)
def test_each_sign_is_told_from_its_number_on(fact: str, least: int, kind: SignKind) -> None:
    fewer: dict[str, Any] = {fact: so_often(least - 1)}
    enough: dict[str, Any] = {fact: so_often(least)}

    assert kinds(Facts(**fewer)) == []
    assert kinds(Facts(**enough)) == [kind]


def test_a_ticket_on_which_nothing_was_counted_shows_none() -> None:
    assert signs.read(Facts()) == ()


def test_a_sign_says_since_when_and_its_numbers() -> None:
    facts = Facts(
        tries=so_often(7),
        tried_ways=(TryWay.SESSION, TryWay.CARD),
        from_new_device=True,
        reported_for=so_often(3),
        named_by=4,
        reports=so_often(2),
        reports_before=1,
    )

    tries = Sign(
        kind=SignKind.TRIES,
        since=NOON - AN_HOUR,
        times=7,
        last_at=NOON,
        ways=(TryWay.SESSION, TryWay.CARD),
        from_new_device=True,
    )
    assert signs.read(facts) == (
        tries,
        Sign(
            kind=SignKind.REPORTER_OF_SEVERAL,
            since=NOON - AN_HOUR,
            times=3,
            last_at=NOON,
            beside=4,
        ),
        Sign(kind=SignKind.SEVERAL_REPORTS, since=NOON - AN_HOUR, times=2, last_at=NOON, beside=1),
    )
    known = replace(facts, from_new_device=False, from_known_device=True)
    assert signs.read(known)[0] == replace(tries, from_new_device=False, from_known_device=True)


def test_a_stricter_policy_tells_less() -> None:
    facts = Facts(reported_for=so_often(2), reports=so_often(3), look_alikes=so_often(2))
    policy = replace(SIGNS, several_owners=3, several_reports=4)

    assert signs.read(facts, policy=policy) == ()
    assert len(signs.read(facts, policy=replace(policy, several_owners=2))) == 2
    assert len(signs.read(facts, policy=replace(policy, several_reports=3))) == 1


@pytest.mark.parametrize("missing", ["first_at", "last_at"])
def test_what_has_no_instant_is_no_sign(missing: str) -> None:
    nothing: dict[str, Any] = {missing: None}

    assert kinds(Facts(tries=replace(so_often(1), **nothing))) == []
