"""Stopping everything at once, and giving the account back."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from domain.accounts.account import (
    ACTIVE,
    FROZEN,
    Account,
    AccountAddress,
    AddressKind,
    Device,
    Display,
    Done,
)
from domain.accounts.devices import is_barred
from domain.change import Change
from domain.events import (
    AccountClosingStopped,
    AccountFrozen,
    AccountReleased,
    ActorKind,
    ConfirmationMissed,
    DisplayTurnedNeutral,
    FreezeConfirmed,
)
from domain.ids import TicketId
from domain.policy import MessagePolicy
from domain.refusals import AccountIsClosed, AccountIsFrozen, AccountNotFrozen, VersionMismatch


def freeze(
    account: Account,
    *,
    ticket_id: TicketId,
    stolen: bool,
    in_danger: bool = False,
    asked_by: ActorKind = ActorKind.CONTACT,
    now: datetime,
) -> Change[Account]:
    """Void everything that began before, at once. A frozen account cannot be frozen again.

    Of an owner in danger the wallet's app shows nothing that whoever is with them could notice.
    A closing that was announced stops.
    """
    if account.is_frozen:
        raise AccountIsFrozen
    if account.is_closed(now):
        raise AccountIsClosed
    frozen = replace(
        account,
        state=FROZEN,
        version=account.version + 1,
        epoch=account.epoch + 1,
        display=Display.NEUTRAL if in_danger else Display.PLAIN,
        frozen_at=now,
        sessions_void_before=now,
        closes_at=None,
        closing_reason=None,
    )
    event = AccountFrozen(
        account_id=account.id,
        ticket_id=ticket_id,
        version=frozen.version,
        epoch=frozen.epoch,
        stolen=stolen,
        neutral=in_danger,
        asked_by=asked_by,
        at=now,
    )
    if account.closes_at is None:
        return Change(frozen, (event,))
    return Change(frozen, (event, AccountClosingStopped(account_id=account.id, at=now)))


def turn_neutral(account: Account, *, ticket_id: TicketId, now: datetime) -> Change[Account]:
    """A later report says that the owner is in danger. Said again, it changes nothing."""
    if not account.is_frozen:
        raise AccountNotFrozen
    if account.display is Display.NEUTRAL:
        return Change(account)
    event = DisplayTurnedNeutral(
        account_id=account.id, ticket_id=ticket_id, version=account.version, at=now
    )
    return Change(replace(account, display=Display.NEUTRAL), (event,))


def release(
    account: Account,
    *,
    ticket_id: TicketId,
    devices: Iterable[Device] = (),
    addresses: Iterable[AccountAddress] = (),
    now: datetime,
) -> Change[Account]:
    """Give the account back. Sessions stay void and devices stay barred: the epoch stays.

    Of the account's devices and addresses it is said which not to trust for recovery.
    """
    if account.frozen_at is None:
        raise AccountNotFrozen
    released = replace(
        account, state=ACTIVE, version=account.version + 1, display=Display.PLAIN, frozen_at=None
    )
    event = AccountReleased(
        account_id=account.id,
        ticket_id=ticket_id,
        version=released.version,
        barred_devices=sum(is_barred(one, account) for one in devices),
        changed_addresses=_changed(addresses, account.frozen_at),
        at=now,
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


def miss_confirmation(
    account: Account, *, ticket_id: TicketId, policy: MessagePolicy, now: datetime
) -> Change[Account]:
    """The wallet has not said in time that it obeys. Once for each freeze, however often it is
    looked at; what the wallet says later, or a release, ends it."""
    late = account.confirmation_is_late(policy.confirmation_expected_within, now)
    if not late or account.alarmed_version == account.version:
        return Change(account)
    event = ConfirmationMissed(
        account_id=account.id, ticket_id=ticket_id, version=account.version, at=now
    )
    return Change(replace(account, alarmed_version=account.version), (event,))


def _changed(addresses: Iterable[AccountAddress], since: datetime) -> tuple[str, ...]:
    """Of which kinds one came or went during the freeze."""
    kinds = {
        one.kind
        for one in addresses
        if one.added_while_frozen or (one.removed_at is not None and one.removed_at >= since)
    }
    return tuple(kind.value for kind in AddressKind if kind in kinds)
