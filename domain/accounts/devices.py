"""Which devices may be signed in on, and how a reported one comes back."""

from datetime import datetime

from msgspec.structs import replace

from domain.accounts.account import Account, Device
from domain.change import Change
from domain.events import DeviceCleared
from domain.refusals import AccountIsClosed, AccountIsFrozen, DeviceReported


def is_barred(device: Device, account: Account) -> bool:
    """Linked before the last freeze and not cleared since: reported."""
    return device.epoch < account.epoch


def allow_session(account: Account, device: Device | None, *, now: datetime) -> None:
    """A new session may begin: not while frozen, once closed, or on a reported device."""
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed
    if device is not None and is_barred(device, account):
        raise DeviceReported


def clear_device(device: Device, account: Account, *, now: datetime) -> Change[Device]:
    """The verified owner has it back in hand. Its old sessions stay void all the same.

    Not while frozen: whoever holds it may be the one who asks. Said again, it changes nothing.
    """
    if account.is_frozen:
        raise AccountIsFrozen
    if not is_barred(device, account):
        return Change(device)
    event = DeviceCleared(account_id=account.id, device_id=device.id, at=now)
    return Change(replace(device, epoch=account.epoch), (event,))
