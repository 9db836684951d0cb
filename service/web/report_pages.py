"""What the pages of a report show; the templates under templates/report say how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from msgspec import Struct

from service.operations.obeying import Obeyed
from service.operations.reports import Choice, DeviceSeen, Receipt, Visit
from service.web.spelling import spelled
from service.web.telling import Told


class ChoiceShown(Struct, frozen=True, kw_only=True):
    id: str
    first_name: str
    label: str


class WhosePage(Struct, frozen=True, kw_only=True):
    choices: tuple[ChoiceShown, ...]
    open_until: datetime

    @classmethod
    def of(cls, visit: Visit, until: datetime) -> "WhosePage":
        choices = tuple(
            ChoiceShown(id=str(c.contact_id), first_name=c.owner_name, label=c.label or "")
            for c in visit.choices
        )
        return cls(choices=choices, open_until=until)


class DeviceShown(Struct, frozen=True, kw_only=True):
    id: str
    name: str


class WhatPage(Struct, frozen=True, kw_only=True):
    contact_id: str
    owner: str
    several: bool
    kind: str
    # "yes", "no", "unknown"; "" as typed the first time.
    safe: str
    devices: tuple[DeviceShown, ...]
    device: str
    noticed: str
    reach: str
    note: str
    problems: tuple[str, ...]
    open_until: datetime

    @classmethod
    def of(
        cls,
        visit: Visit,
        chosen: Choice,
        told: Told,
        until: datetime,
        problems: tuple[str, ...] = (),
    ) -> "WhatPage":
        return cls(
            contact_id=str(chosen.contact_id),
            owner=chosen.label or chosen.owner_name,
            several=len(visit.choices) > 1,
            kind=told.kind,
            safe=told.safe,
            devices=_devices(visit),
            device=told.device,
            noticed=told.noticed,
            reach=told.reach,
            note=told.note,
            problems=problems,
            open_until=until,
        )


class CheckPage(Struct, frozen=True, kw_only=True):
    contact_id: str
    owner: str
    label: str
    several: bool
    kind: str
    safe: str
    device: str
    noticed: str
    reach: str
    note: str
    idempotency_key: str
    open_until: datetime

    @classmethod
    def of(cls, visit: Visit, chosen: Choice, until: datetime, *, key: str) -> "CheckPage":
        told = Told.again(visit.draft)
        return cls(
            contact_id=str(chosen.contact_id),
            owner=chosen.owner_name,
            label=chosen.label or "",
            several=len(visit.choices) > 1,
            kind=told.kind,
            safe=told.safe,
            device=next((d.name for d in _devices(visit) if d.id == told.device), ""),
            noticed=told.noticed,
            reach=told.reach,
            note=told.note,
            idempotency_key=key,
            open_until=until,
        )


class ReceiptPage(Struct, frozen=True, kw_only=True):
    stopped_at: datetime
    # "waiting", "confirmed", "silent"; None once it is over.
    confirmation: str | None
    confirmed_at: datetime | None
    reference: str
    spelled: tuple[str, ...]
    # "received", "handled", "closed"
    state: str
    report_id: str
    withdrawn_at: datetime | None
    may_withdraw: bool
    may_correct: bool

    @classmethod
    def of(cls, receipt: Receipt, language: str) -> "ReceiptPage":
        told = receipt.obeyed
        return cls(
            stopped_at=told.frozen_at if told is not None else receipt.filed_at,
            confirmation=said_obeyed(told),
            confirmed_at=told.confirmed_at if told is not None else None,
            reference=receipt.reference,
            spelled=spelled(receipt.reference, language),
            state=STATES[receipt.progress],
            report_id=str(receipt.report_id),
            withdrawn_at=receipt.withdrawn_at,
            may_withdraw=receipt.may_be_withdrawn,
            may_correct=receipt.may_be_corrected,
        )


STATES: Final[Mapping[str, str]] = {
    "received": "received",
    "being-handled": "handled",
    "closed": "closed",
}


# As people call them, where the wallet named one that is known.
_PLATFORMS: Final[Mapping[str, str]] = {"android": "Android", "ios": "iPhone", "web": "Web"}


def said_obeyed(told: Obeyed | None) -> str | None:
    """ "waiting", "confirmed", "silent"; None where nothing is stopped, or not any more."""
    if told is None:
        return None
    if told.confirmed_at is not None:
        return "confirmed"
    return "silent" if told.is_late else "waiting"


def _devices(visit: Visit) -> tuple[DeviceShown, ...]:
    return tuple(DeviceShown(id=str(d.device_id), name=_named(d)) for d in visit.devices)


def _named(device: DeviceSeen) -> str:
    """Enough to tell a phone from a computer, too little to tell a stranger the model."""
    platform = _PLATFORMS.get(device.platform)
    return f"{device.masked} ({platform})" if platform else device.masked
