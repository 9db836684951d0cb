"""Accounts, devices, and what wallets confirm."""

from datetime import datetime

from domain.events.event import ActorKind, Event
from domain.ids import AccountId, ContactId, DeviceId, TicketId


class AccountRegistered(Event, frozen=True, kw_only=True):
    account_id: AccountId


class AddressesChanged(Event, frozen=True, kw_only=True):
    account_id: AccountId
    added: int
    removed: int


class AccountFrozen(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    version: int
    epoch: int
    stolen: bool
    # The owner may be in danger: the wallet's app shows nothing unusual.
    neutral: bool = False
    # Who stopped it: a contact by reporting, the owner with a recovery card, the wallet itself.
    asked_by: ActorKind = ActorKind.CONTACT


class FreezeConfirmed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    version: int
    done: tuple[str, ...]


class ConfirmationMissed(Event, frozen=True, kw_only=True):
    """The wallet did not say in time that it obeys the freeze. Said once for each."""

    account_id: AccountId
    ticket_id: TicketId
    version: int


class DisplayTurnedNeutral(Event, frozen=True, kw_only=True):
    """Said after the freeze: from now on the wallet's app shows nothing unusual."""

    account_id: AccountId
    # Of the freeze that it is said of; None in what was recorded before they stood here.
    ticket_id: TicketId | None = None
    version: int | None = None


class AccountReleased(Event, frozen=True, kw_only=True):
    account_id: AccountId
    ticket_id: TicketId
    version: int
    # What not to trust for recovery: so many devices that were linked at the freeze, and addresses
    # of these kinds that came or went during it.
    barred_devices: int = 0
    changed_addresses: tuple[str, ...] = ()


class DeviceCleared(Event, frozen=True, kw_only=True):
    """The verified owner has it back in hand; it may be signed in on again."""

    account_id: AccountId
    device_id: DeviceId


class AccountClosingBegun(Event, frozen=True, kw_only=True):
    account_id: AccountId
    closes_at: datetime
    # `closed` or `deceased`, as the wallet says.
    reason: str


class ClosingAnnounced(Event, frozen=True, kw_only=True):
    """To a contact: this account will close."""

    account_id: AccountId
    contact_id: ContactId
    closes_at: datetime


class AccountClosingStopped(Event, frozen=True, kw_only=True):
    """A freeze came first: the account stays until it is asked for again."""

    account_id: AccountId


class AccountClosed(Event, frozen=True, kw_only=True):
    account_id: AccountId
    reason: str
