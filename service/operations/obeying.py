"""Whether the wallet says that it obeys a freeze, as pages for contacts and owners tell it."""

from datetime import datetime

from msgspec import Struct

from domain.accounts import Account
from domain.tickets import Ticket
from domain.wallets import Wallet


class Obeyed(Struct, frozen=True, kw_only=True):
    frozen_at: datetime
    # When the wallet said so first; None until it has.
    confirmed_at: datetime | None
    # It has not, in time: whoever reads this should call there, too.
    is_late: bool


def obeyed(account: Account, ticket: Ticket, wallet: Wallet, now: datetime) -> Obeyed | None:
    """Of the freeze that this ticket is about. None once it is over: the account may have been
    frozen anew since, which is on another ticket."""
    return of_account(account, wallet, now) if ticket.is_open else None


def of_account(account: Account, wallet: Wallet, now: datetime) -> Obeyed | None:
    """Of the present freeze; None while there is none."""
    if account.frozen_at is None:
        return None
    within = wallet.policy.messages.confirmation_expected_within
    return Obeyed(
        frozen_at=account.frozen_at,
        confirmed_at=account.freeze_confirmed_at,
        is_late=account.confirmation_is_late(within, now),
    )
