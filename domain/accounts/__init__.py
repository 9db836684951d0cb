"""The account and its rules, called as `accounts.…`, whatever module they stand in."""

from domain.accounts.account import (
    ACTIVE,
    CLOSED,
    END,
    FROZEN,
    LEADS_TO,
    Account,
    AccountAddress,
    AccountState,
    AddressKind,
    ClosingReason,
    Device,
    Display,
    Done,
    WalletSession,
)
from domain.accounts.closing import (
    close,
    settle,
)
from domain.accounts.devices import (
    allow_session,
    clear_device,
    is_barred,
)
from domain.accounts.freezing import (
    confirm_freeze,
    freeze,
    miss_confirmation,
    release,
    turn_neutral,
)

__all__ = [
    "ACTIVE",
    "CLOSED",
    "END",
    "FROZEN",
    "LEADS_TO",
    "Account",
    "AccountAddress",
    "AccountState",
    "AddressKind",
    "ClosingReason",
    "Device",
    "Display",
    "Done",
    "WalletSession",
    "allow_session",
    "clear_device",
    "close",
    "confirm_freeze",
    "freeze",
    "is_barred",
    "miss_confirmation",
    "release",
    "settle",
    "turn_neutral",
]
