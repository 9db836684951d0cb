"""The account, what its owner holds, and where its states lead.

    (registered) ─▶ ACTIVE ──freeze──▶ FROZEN ──release──▶ ACTIVE …
                      └──close, 72 hours──▶ CLOSED

`version` rises with every freeze and release and with nothing else. `epoch` rises with every
freeze: sessions, device links, hosted-page sessions and page links remember the epoch they
began in, so ending all of them is this one row, however many there are.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.ids import AccountId, AddressId, DeviceId, PersonId, SessionId, WalletId


class AccountState(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    CLOSED = "closed"


ACTIVE, FROZEN, CLOSED = AccountState.ACTIVE, AccountState.FROZEN, AccountState.CLOSED
END: Final[frozenset[AccountState]] = frozenset()
LEADS_TO: Final = {
    ACTIVE: frozenset({FROZEN, CLOSED}),
    FROZEN: frozenset({ACTIVE}),
    CLOSED: END,
}


class ClosingReason(StrEnum):
    """Why an account closes, as the wallet says; the rule is the same."""

    CLOSED = "closed"
    DECEASED = "deceased"


class Display(StrEnum):
    """What the wallet's app may show its holder: `neutral` when the owner is in danger."""

    PLAIN = "plain"
    NEUTRAL = "neutral"


class Done(StrEnum):
    """What a wallet can say it has done to obey a freeze."""

    SESSIONS = "sessions"
    REFRESH_TOKENS = "refresh-tokens"
    DEVICE_KEYS = "device-keys"
    PAYMENT_TOKENS = "payment-tokens"
    PAYMENTS = "payments"
    CASH_OUT = "cash-out"
    CREDIT = "credit"
    CHANGES = "changes"


class AddressKind(StrEnum):
    EMAIL = "email"
    PHONE = "phone"


class Account(Struct, frozen=True, kw_only=True):
    id: AccountId
    wallet_id: WalletId
    # The wallet's own user id.
    subject: str
    person_id: PersonId
    # Sealed under the person's key.
    first_name: bytes
    display_name: bytes
    language: str
    time_zone: str
    state: AccountState = ACTIVE
    version: int = 0
    epoch: int = 0
    display: Display = Display.PLAIN
    frozen_at: datetime | None = None
    # Only reported: what decides is the epoch.
    sessions_void_before: datetime | None = None
    confirmed_version: int | None = None
    confirmed_at: datetime | None = None
    confirmed_done: tuple[Done, ...] = ()
    # The freeze of which it was said aloud that its confirmation is missing.
    alarmed_version: int | None = None
    # Announced; from this instant on it is closed, also when the job that says so is late.
    closes_at: datetime | None = None
    closing_reason: ClosingReason | None = None
    created_at: datetime
    row_version: int = 1

    @property
    def is_frozen(self) -> bool:
        return self.state is FROZEN

    def is_closed(self, now: datetime) -> bool:
        overdue = self.closes_at is not None and self.closes_at <= now
        return self.state is CLOSED or overdue

    def standing(self, now: datetime) -> datetime:
        """The instant that contacts' deadlines are compared with: it stands still while frozen."""
        return self.frozen_at or now

    @property
    def freeze_confirmed_at(self) -> datetime | None:
        """When the wallet said that it obeys the present freeze; None until it has."""
        return self.confirmed_at if self.confirmed_version == self.version else None

    @property
    def not_done(self) -> tuple[Done, ...]:
        """What the wallet has not said to be done for the present freeze; none while active."""
        if not self.is_frozen:
            return ()
        done = self.confirmed_done if self.freeze_confirmed_at is not None else ()
        return tuple(kind for kind in Done if kind not in done)

    def confirmation_is_late(self, within: timedelta, now: datetime) -> bool:
        """Frozen for that long, and the wallet has not said that it obeys."""
        if self.frozen_at is None or self.freeze_confirmed_at is not None:
            return False
        return now >= self.frozen_at + within


class AccountAddress(Struct, frozen=True, kw_only=True):
    """An owner's address as the wallet told it, kept with its dates when replaced."""

    id: AddressId
    wallet_id: WalletId
    account_id: AccountId
    kind: AddressKind
    address: bytes
    address_index: bytes
    verified_at: datetime | None
    added_at: datetime
    removed_at: datetime | None = None
    # What is changed while the account is frozen never counts for its release.
    added_while_frozen: bool = False
    row_version: int = 1


class Device(Struct, frozen=True, kw_only=True):
    """A device of the owner. A link older than the account's epoch counts as reported."""

    id: DeviceId
    wallet_id: WalletId
    account_id: AccountId
    # The wallet's own id of it.
    name: str
    label: bytes
    platform: str
    epoch: int
    linked_at: datetime
    row_version: int = 1


class WalletSession(Struct, frozen=True, kw_only=True):
    """A session of the wallet's: lives while its row does, until it expires or a freeze."""

    id: SessionId
    wallet_id: WalletId
    account_id: AccountId
    device_id: DeviceId | None
    token_sha256: bytes
    epoch: int
    began_at: datetime
    expires_at: datetime
    row_version: int = 1

    def is_active(self, account: Account, now: datetime) -> bool:
        lives = account.state is ACTIVE and not account.is_closed(now)
        return lives and self.epoch == account.epoch and now < self.expires_at
