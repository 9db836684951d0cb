"""What a contact tells about the loss: typed into one form, understood here."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain.ids import DeviceId
from domain.refusals import AddressNotAllowed
from domain.reports import LossKind, OwnerSafe
from domain.wallets import Wallet
from service.operations.addresses import plain_text, reachable_phone
from service.operations.reports import Visit
from service.operations.visits import Draft

LONGEST_NOTE: Final = 500
_LONGEST_BODY: Final = 64 * 1024


class Noticed(StrEnum):
    """When the loss was noticed, as somebody remembers it who has just run after a thief."""

    JUST_NOW = "just_now"
    LAST_HOUR = "last_hour"
    TODAY = "today"
    BEFORE = "before"
    UNKNOWN = "unknown"


class Told(Struct, frozen=True, kw_only=True):
    """The form as it was typed; what was not sent is empty."""

    kind: str = ""
    safe: str = ""
    device: str = ""
    noticed: str = ""
    reach: str = ""
    note: str = ""

    @classmethod
    def of(cls, fields: dict[str, str]) -> "Told":
        return cls(**{name: fields.get(name, "") for name in cls.__struct_fields__})

    @classmethod
    def again(cls, draft: Draft) -> "Told":
        """What was understood before, as the form shows it."""
        return cls(
            kind=draft.kind.value if draft.kind else "",
            safe=draft.safe.value,
            device=str(draft.device_id or ""),
            noticed=draft.noticed or "",
            reach=draft.reach,
            note=draft.note,
        )


def understood(told: Told, visit: Visit, wallet: Wallet) -> tuple[Draft, tuple[str, ...]]:
    """The draft with everything that could be understood, and what could not: "no-kind",
    "bad-number", "long-note". What is offered as a choice and is none counts as not said."""
    problems: list[str] = []
    draft = visit.draft
    kind = LossKind(told.kind) if told.kind in set(LossKind) else None
    if kind is None:
        problems.append("no-kind")
    try:
        reach = reachable_phone(told.reach, country=wallet.country) if told.reach.strip() else ""
    except AddressNotAllowed:
        problems.append("bad-number")
        reach = draft.reach
    note = plain_text(told.note, longest=_LONGEST_BODY)
    if len(note) > LONGEST_NOTE:
        problems.append("long-note")
        note = draft.note
    noticed = told.noticed if told.noticed in set(Noticed) else None
    if noticed != draft.noticed:
        draft = replace(draft, noticed=noticed, noticed_at=_instant(noticed, visit.now, wallet))
    draft = replace(
        draft,
        contact_id=visit.chosen.contact_id if visit.chosen else None,
        kind=kind,
        safe=OwnerSafe(told.safe) if told.safe in set(OwnerSafe) else OwnerSafe.UNKNOWN,
        device_id=_device(told.device, visit),
        reach=reach,
        note=note,
    )
    return draft, tuple(problems)


def _device(typed: str, visit: Visit) -> DeviceId | None:
    """One of the devices that were offered, and no other."""
    return next((d.device_id for d in visit.devices if str(d.device_id) == typed), None)


def _instant(noticed: str | None, now: datetime, wallet: Wallet) -> datetime | None:
    """The earliest instant that the choice can mean: what changed since then is doubtful.

    "Before today" has no earliest; it stands for the day before.
    """
    today = now.astimezone(ZoneInfo(wallet.time_zone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    match noticed:
        case Noticed.JUST_NOW:
            return now
        case Noticed.LAST_HOUR:
            return now - timedelta(hours=1)
        case Noticed.TODAY:
            return today
        case Noticed.BEFORE:
            return today - timedelta(days=1)
        case _:
            return None
