"""What an owner's sign-in to the wallet opens."""

from datetime import datetime, timedelta

import pytest

from domain.policy import DEFAULT
from domain.refusals import AccountIsFrozen, SignInVoid, StrongSignInNeeded
from domain.sign_ins import SignIn, is_recent, is_strong, let_in, may_manage
from tests.builders import A_MOMENT, AN_HOUR, NOON, a_frozen_account, an_account

STRONG = ("urn:norte:passkey", "urn:norte:key")
LASTS = DEFAULT.sessions.strong_sign_in_lasts
DIFFER = DEFAULT.sign_ins.clocks_differ


def a_sign_in(at: datetime | None = NOON, acr: str | None = STRONG[0]) -> SignIn:
    return SignIn(at=at, acr=acr)


def test_only_what_the_wallet_lists_is_strong() -> None:
    assert all(is_strong(a_sign_in(acr=acr), strong_acr=STRONG) for acr in STRONG)
    for acr in (None, "", "urn:norte:pin", "urn:norte:PASSKEY"):
        assert not is_strong(a_sign_in(acr=acr), strong_acr=STRONG)


@pytest.mark.parametrize(
    ("since", "recent"),
    [
        (timedelta(0), True),
        (LASTS - A_MOMENT, True),
        (LASTS, False),
        (-DIFFER, True),
        (-DIFFER - A_MOMENT, False),
    ],
)
def test_a_sign_in_is_recent_for_five_minutes_and_never_from_the_future(
    *, since: timedelta, recent: bool
) -> None:
    assert is_recent(a_sign_in(), policy=DEFAULT, now=NOON + since) is recent


def test_one_that_does_not_say_when_is_not_recent() -> None:
    assert not is_recent(a_sign_in(at=None), policy=DEFAULT, now=NOON)


@pytest.mark.parametrize("acr", [STRONG[0], "urn:norte:pin"])
@pytest.mark.parametrize("since", [timedelta(0), LASTS])
def test_managing_needs_both(acr: str, since: timedelta) -> None:
    may = may_manage(a_sign_in(acr=acr), strong_acr=STRONG, policy=DEFAULT, now=NOON + since)

    assert may is (acr in STRONG and not since)


@pytest.mark.parametrize("at", [None, NOON - AN_HOUR, NOON])
@pytest.mark.parametrize("is_frozen", [True, False])
@pytest.mark.parametrize("while_frozen", [True, False])
def test_no_sign_in_from_before_a_freeze_opens_anything_even_after_the_release(
    *, at: datetime | None, is_frozen: bool, while_frozen: bool
) -> None:
    account = (
        a_frozen_account(at=NOON) if is_frozen else an_account(sessions_void_before=NOON, version=2)
    )
    with pytest.raises(SignInVoid):
        let_in(a_sign_in(at=at), account, strong_acr=STRONG, while_frozen=while_frozen)


def test_while_frozen_only_the_narrow_door_is_open_and_only_to_a_strong_sign_in() -> None:
    account = a_frozen_account(at=NOON)
    later = a_sign_in(at=NOON + A_MOMENT)

    let_in(later, account, strong_acr=STRONG, while_frozen=True)
    with pytest.raises(AccountIsFrozen):
        let_in(later, account, strong_acr=STRONG, while_frozen=False)
    with pytest.raises(StrongSignInNeeded):
        let_in(a_sign_in(at=later.at, acr="pin"), account, strong_acr=STRONG, while_frozen=True)


@pytest.mark.parametrize("while_frozen", [True, False])
def test_an_account_that_was_never_frozen_lets_any_sign_in_look(*, while_frozen: bool) -> None:
    sign_in = a_sign_in(at=None, acr=None)
    let_in(sign_in, an_account(), strong_acr=STRONG, while_frozen=while_frozen)
    released = an_account(sessions_void_before=NOON, version=2)
    later = a_sign_in(at=NOON + A_MOMENT, acr=None)
    let_in(later, released, strong_acr=STRONG, while_frozen=while_frozen)
