"""Closing an account: announced, 72 hours later, and stopped by a freeze."""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts.account import CLOSED, Account, ClosingReason
from domain.change import Change
from domain.events import AccountClosed, AccountClosingBegun
from domain.policy import ClosingPolicy
from domain.refusals import AccountIsClosed, AccountIsFrozen, TicketIsOpen


def close(
    account: Account,
    *,
    reason: ClosingReason,
    has_open_ticket: bool,
    policy: ClosingPolicy,
    now: datetime,
) -> Change[Account]:
    """Announce it. The wallet says it again: the first instant and reason stand.

    `has_open_ticket` counts tickets of every kind.
    """
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed
    if account.closes_at is not None:
        return Change(account)
    if has_open_ticket:
        raise TicketIsOpen
    closes_at = now + policy.takes
    event = AccountClosingBegun(
        account_id=account.id, closes_at=closes_at, reason=reason.value, at=now
    )
    return Change(replace(account, closes_at=closes_at, closing_reason=reason), (event,))


def settle(account: Account, *, now: datetime) -> Change[Account]:
    """Write down that it is closed, which every rule concludes anyway. Twice changes nothing."""
    if account.state is CLOSED or account.closing_reason is None or not account.is_closed(now):
        return Change(account)
    event = AccountClosed(account_id=account.id, reason=account.closing_reason.value, at=now)
    return Change(replace(account, state=CLOSED), (event,))
