"""The account: active or frozen, and what ends with a freeze.

    (registered) ─▶ ACTIVE ──freeze──▶ FROZEN ──release──▶ ACTIVE …

`version` rises with every freeze and release and with nothing else. `epoch` rises with every
freeze: sessions, device links, hosted-page sessions and page links remember the epoch they
began in, so ending all of them is this one row, however many there are.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.change import Change
from domain.events import (
    AccountFrozen,
    AccountReleased,
    DisplayTurnedNeutral,
    FreezeConfirmed,
)
from domain.ids import AccountId, AddressId, DeviceId, PersonId, SessionId, TicketId, WalletId
from domain.refusals import AccountIsFrozen, AccountNotFrozen, DeviceReported, VersionMismatch


class AccountState(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"


ACTIVE, FROZEN = AccountState.ACTIVE, AccountState.FROZEN
LEADS_TO: Final = {ACTIVE: frozenset({FROZEN}), FROZEN: frozenset({ACTIVE})}


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
    created_at: datetime
    row_version: int = 1

    @property
    def is_frozen(self) -> bool:
        return self.state is FROZEN

    @property
    def freeze_confirmed_at(self) -> datetime | None:
        """When the wallet said that it obeys the present freeze; None until it has."""
        return self.confirmed_at if self.confirmed_version == self.version else None


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
        return account.state is ACTIVE and self.epoch == account.epoch and now < self.expires_at


def freeze(
    account: Account,
    *,
    ticket_id: TicketId,
    stolen: bool,
    in_danger: bool = False,
    now: datetime,
) -> Change[Account]:
    """Void everything that began before, at once. A frozen account cannot be frozen again.

    Of an owner in danger the wallet's app shows nothing that whoever is with them could notice.
    """
    if account.is_frozen:
        raise AccountIsFrozen
    frozen = replace(
        account,
        state=FROZEN,
        version=account.version + 1,
        epoch=account.epoch + 1,
        display=Display.NEUTRAL if in_danger else Display.PLAIN,
        frozen_at=now,
        sessions_void_before=now,
    )
    event = AccountFrozen(
        account_id=account.id,
        ticket_id=ticket_id,
        version=frozen.version,
        epoch=frozen.epoch,
        stolen=stolen,
        neutral=in_danger,
        at=now,
    )
    return Change(frozen, (event,))


def turn_neutral(account: Account, *, now: datetime) -> Change[Account]:
    """A later report says that the owner is in danger. Said again, it changes nothing."""
    if not account.is_frozen:
        raise AccountNotFrozen
    if account.display is Display.NEUTRAL:
        return Change(account)
    event = DisplayTurnedNeutral(account_id=account.id, at=now)
    return Change(replace(account, display=Display.NEUTRAL), (event,))


def release(account: Account, *, ticket_id: TicketId, now: datetime) -> Change[Account]:
    """Give the account back. Sessions stay void and devices stay barred: the epoch stays."""
    if not account.is_frozen:
        raise AccountNotFrozen
    released = replace(
        account, state=ACTIVE, version=account.version + 1, display=Display.PLAIN, frozen_at=None
    )
    event = AccountReleased(
        account_id=account.id, ticket_id=ticket_id, version=released.version, at=now
    )
    return Change(released, (event,))


def confirm_freeze(
    account: Account, *, version: int, done: Iterable[Done], now: datetime
) -> Change[Account]:
    """The wallet has obeyed. Saying it again adds what has been done since."""
    if not account.is_frozen:
        raise AccountNotFrozen
    if version != account.version:
        raise VersionMismatch
    before = account.confirmed_done if account.confirmed_version == version else ()
    first_at = account.freeze_confirmed_at or now
    all_done = tuple(kind for kind in Done if kind in {*before, *done})
    if account.freeze_confirmed_at is not None and all_done == before:
        return Change(account)
    confirmed = replace(
        account, confirmed_version=version, confirmed_at=first_at, confirmed_done=all_done
    )
    event = FreezeConfirmed(
        account_id=account.id,
        version=version,
        done=tuple(kind.value for kind in all_done),
        at=now,
    )
    return Change(confirmed, (event,))


def is_barred(device: Device, account: Account) -> bool:
    """Linked before the last freeze and not cleared since: reported."""
    return device.epoch < account.epoch


def allow_session(account: Account, device: Device | None) -> None:
    """A new session may begin: never while frozen, never on a reported device."""
    if account.is_frozen:
        raise AccountIsFrozen
    if device is not None and is_barred(device, account):
        raise DeviceReported
