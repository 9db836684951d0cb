"""Closing an account takes 72 hours, and a freeze stops it. A cleared device may be used again."""

from typing import Any

import pytest

from domain import accounts
from domain.accounts import ACTIVE, CLOSED, ClosingReason
from domain.events import (
    AccountClosed,
    AccountClosingBegun,
    AccountClosingStopped,
    DeviceCleared,
)
from domain.policy import ClosingPolicy
from domain.refusals import AccountIsClosed, AccountIsFrozen, TicketIsOpen
from tests.builders import (
    A_DAY,
    A_MOMENT,
    AN_HOUR,
    NOON,
    OLGAS,
    PHONE,
    TICKET,
    a_closing_account,
    a_device,
    a_frozen_account,
    a_session,
    an_account,
)


def close(account: Any, *, has_open_ticket: bool = False, now: Any = NOON) -> Any:
    return accounts.close(
        account,
        reason=ClosingReason.DECEASED,
        has_open_ticket=has_open_ticket,
        policy=ClosingPolicy(),
        now=now,
    )


def test_closing_is_announced_and_takes_72_hours() -> None:
    change = close(an_account())

    assert change.value.state is ACTIVE
    assert change.value.closes_at == NOON + 3 * A_DAY
    assert change.value.closing_reason is ClosingReason.DECEASED
    assert change.events == (
        AccountClosingBegun(
            account_id=OLGAS, closes_at=NOON + 3 * A_DAY, reason="deceased", at=NOON
        ),
    )
    assert not change.value.is_closed(NOON + 3 * A_DAY - A_MOMENT)
    assert change.value.is_closed(NOON + 3 * A_DAY)


def test_said_again_the_first_instant_and_reason_stand() -> None:
    closing = a_closing_account(at=NOON + A_DAY)

    again = close(closing, has_open_ticket=True)

    assert (again.value, again.events) == (closing, ())


def test_a_frozen_account_one_with_a_ticket_and_a_closed_one_are_not_closed() -> None:
    with pytest.raises(AccountIsFrozen):
        close(a_frozen_account())
    with pytest.raises(TicketIsOpen):
        close(an_account(), has_open_ticket=True)
    with pytest.raises(AccountIsClosed):
        close(a_closing_account(at=NOON))


def test_the_job_writes_down_what_every_rule_concludes_and_once() -> None:
    closing = a_closing_account(at=NOON)

    assert accounts.settle(closing, now=NOON - A_MOMENT).value == closing
    change = accounts.settle(closing, now=NOON + A_DAY)
    assert change.value.state is CLOSED
    assert change.events == (AccountClosed(account_id=OLGAS, reason="closed", at=NOON + A_DAY),)
    again = accounts.settle(change.value, now=NOON + A_DAY)
    assert (again.value, again.events) == (change.value, ())
    assert accounts.settle(an_account(), now=NOON).events == ()


def test_no_session_lives_or_begins_once_the_instant_has_come() -> None:
    closing = a_closing_account(at=NOON)

    assert a_session().is_active(closing, NOON - A_MOMENT)
    assert not a_session().is_active(closing, NOON)
    accounts.allow_session(closing, None, now=NOON - A_MOMENT)
    with pytest.raises(AccountIsClosed):
        accounts.allow_session(closing, None, now=NOON)


def test_a_freeze_before_the_instant_stops_the_closing() -> None:
    closing = a_closing_account(at=NOON)

    def frozen(now: Any) -> Any:
        return accounts.freeze(closing, ticket_id=TICKET, stolen=True, now=now)

    change = frozen(NOON - A_MOMENT)
    assert (change.value.closes_at, change.value.closing_reason) == (None, None)
    assert change.events[1:] == (AccountClosingStopped(account_id=OLGAS, at=NOON - A_MOMENT),)
    with pytest.raises(AccountIsClosed):
        frozen(NOON)
    released = accounts.release(change.value, ticket_id=TICKET, now=NOON).value
    assert not released.is_closed(NOON + 30 * A_DAY)


def test_a_cleared_device_may_be_signed_in_on_again_and_its_old_sessions_stay_void() -> None:
    account = accounts.release(a_frozen_account(), ticket_id=TICKET, now=NOON).value
    phone = a_device(epoch=0)

    change = accounts.clear_device(phone, account, now=NOON)

    assert accounts.is_barred(phone, account)
    assert not accounts.is_barred(change.value, account)
    assert not a_session(epoch=0).is_active(account, NOON)
    assert change.events == (DeviceCleared(account_id=OLGAS, device_id=PHONE, at=NOON),)
    again = accounts.clear_device(change.value, account, now=NOON + AN_HOUR)
    assert (again.value, again.events) == (change.value, ())


def test_nothing_is_cleared_while_frozen() -> None:
    with pytest.raises(AccountIsFrozen):
        accounts.clear_device(a_device(epoch=0), a_frozen_account(), now=NOON)
