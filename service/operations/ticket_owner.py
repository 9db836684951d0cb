"""Whose ticket it is, where they are reached, and which devices they have, on a ticket's page."""

from datetime import datetime

from msgspec import Struct

from domain import tickets
from domain.accounts import AccountAddress, AddressKind, Device, is_barred
from domain.ids import AddressId, DeviceId
from service.operations.addresses import masked
from service.operations.ticket_stored import Opened, Stored
from service.security.encryption import Place


class OwnerSeen(Struct, frozen=True, kw_only=True):
    name: str
    language: str
    time_zone: str


class AddressOnFile(Struct, frozen=True, kw_only=True):
    address_id: AddressId
    kind: AddressKind
    masked: str
    added_at: datetime
    verified_at: datetime | None
    removed_at: datetime | None
    # Verified, on file long enough before the loss, and not changed during the freeze.
    counts: bool


class DeviceOnFile(Struct, frozen=True, kw_only=True):
    device_id: DeviceId
    label: str
    platform: str
    linked_at: datetime
    barred: bool
    named_in_report: bool


def owner(stored: Stored, opened: Opened) -> OwnerSeen:
    account = stored.account
    name = opened.opener.text(Place("accounts", "display_name", account.id), account.display_name)
    return OwnerSeen(name=name, language=account.language, time_zone=account.time_zone)


def addresses(stored: Stored, opened: Opened) -> tuple[AddressOnFile, ...]:
    return tuple(_address(one, stored, opened) for one in stored.addresses)


def devices(stored: Stored, opened: Opened) -> tuple[DeviceOnFile, ...]:
    return tuple(_device(one, stored, opened) for one in stored.devices)


def _address(one: AccountAddress, stored: Stored, opened: Opened) -> AddressOnFile:
    doubt = tickets.doubt_of(
        one,
        lost_at=stored.lost_at,
        replaced=tickets.replaced_lines(stored.proofs),
        policy=stored.wallet.policy.tickets,
    )
    clear = opened.opener.text(Place("account_addresses", "address", one.id), one.address)
    return AddressOnFile(
        address_id=one.id,
        kind=one.kind,
        masked=masked(one.kind, clear),
        added_at=one.added_at,
        verified_at=one.verified_at,
        removed_at=one.removed_at,
        counts=doubt is None,
    )


def _device(one: Device, stored: Stored, opened: Opened) -> DeviceOnFile:
    return DeviceOnFile(
        device_id=one.id,
        label=opened.opener.text(Place("devices", "label", one.id), one.label),
        platform=one.platform,
        linked_at=one.linked_at,
        barred=is_barred(one, stored.account),
        named_in_report=any(
            report.device_id == one.id for report in (*stored.reports, *stored.wallet_reports)
        ),
    )
