"""What a release is proposed on: proofs, and the checklist beside them, as a ticket's page shows
them, and as a decision asks for them.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from domain import tickets
from domain.accounts import AccountAddress, AddressKind, Device
from domain.ids import AddressId, AgentId, DeviceId
from domain.tickets import (
    Check,
    CheckAnswer,
    CheckKind,
    Doubt,
    Item,
    OwnerCode,
)
from service.operations import agents, evidence_on_file
from service.operations.addresses import masked
from service.operations.at_work import AtWork
from service.operations.evidence_on_file import Changed, Evidence
from service.operations.house import House
from service.operations.looking import Looking
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener


class Missing(StrEnum):
    """What stands between a ticket and its proposal, in the order in which it is got."""

    DURESS = "duress"
    OUT_OF_REACH = "out-of-reach"
    SECOND_KIND = "second-kind"
    CHANGES = "changes"
    TRIES = "tries"
    DEVICES = "devices"


class AddressSeen(Struct, frozen=True, kw_only=True):
    address_id: AddressId
    kind: AddressKind
    masked: str
    added_at: datetime
    # None: it counts.
    doubt: Doubt | None
    # Whether a line that the carrier replaced can be recorded for it.
    may_be_replaced: bool


class CodeSeen(Struct, frozen=True, kw_only=True):
    """The check that is under way."""

    # Read aloud to the owner.
    key: str
    masked: str
    asked_at: datetime
    expires_at: datetime
    guesses_left: int
    is_live: bool
    used_at: datetime | None


class DeviceSeen(Struct, frozen=True, kw_only=True):
    device_id: DeviceId
    label: str
    platform: str
    answer: CheckAnswer | None


class Answered(Struct, frozen=True, kw_only=True):
    """Who looked last, and when."""

    by: str
    at: datetime


class EvidenceSeen(Struct, frozen=True, kw_only=True):
    missing: tuple[Missing, ...]
    lost_at: datetime
    addresses: tuple[AddressSeen, ...]
    # Where a code was entered from, or whose line was replaced: what the proofs rest on.
    by_way_of: tuple[str, ...]
    code: CodeSeen | None
    changes: tuple[Changed, ...]
    last_try_at: datetime | None
    devices: tuple[DeviceSeen, ...]
    answered: dict[str, Answered]
    # Why nothing can be sent to the owner now: a refusal's code, or None.
    cannot_write: str | None

    @property
    def is_ready(self) -> bool:
        return not self.missing


async def require_ready(work: AtWork, house: House) -> None:
    """Whether a release may be proposed, or approved, now. Raises ProofsMissing, ChecklistOpen."""
    del house
    wallet = await load.wallet(work.db, work.wallet_id)
    evidence = await evidence_on_file.read(work.db, wallet, work.account, work.ticket)
    tickets.require_ready(
        proofs=evidence.proofs,
        lost_at=evidence.lost_at,
        items=evidence.items,
        checks=evidence.checks,
        policy=wallet.policy.tickets,
    )


async def see(looking: Looking) -> EvidenceSeen:
    """As a ticket's page shows it."""
    evidence = await evidence_on_file.read(
        looking.db, looking.wallet, looking.account, looking.ticket
    )
    code = await load.last_owner_code(looking.db, looking.wallet.id, looking.ticket.id)
    sealed = [*(one.address for one in evidence.addresses), *(d.label for d in evidence.devices)]
    opener = await Opener.for_values(
        looking.db, looking.house.keys, [*sealed, *([code.key] if code else [])]
    )
    names = await agents.names_of(
        looking.db, looking.house, {one.answered_by for one in evidence.checks}
    )
    shown = {one.id: _masked(one, opener) for one in evidence.addresses}
    return EvidenceSeen(
        missing=_missing(evidence),
        lost_at=evidence.lost_at,
        addresses=tuple(_address(one, shown[one.id], evidence) for one in evidence.addresses),
        by_way_of=tuple(
            shown[one.address_id]
            for one in evidence.proofs
            if one.address_id is not None and one.address_id in shown
        ),
        code=code and _code(code, shown.get(code.address_id, ""), opener, looking),
        changes=evidence.changes,
        last_try_at=evidence.last_try_at,
        devices=tuple(_device(one, evidence.checks, opener) for one in evidence.devices),
        answered=_answered(evidence.checks, names),
        cannot_write="notices-held" if looking.ticket.holds_notices else None,
    )


def _missing(evidence: Evidence) -> tuple[Missing, ...]:
    ticket, kinds = evidence.ticket, evidence.counted_kinds
    left = {item.kind for item in evidence.open_items}
    found = {
        Missing.DURESS: ticket.danger and ticket.duress is not tickets.Duress.FREE,
        Missing.OUT_OF_REACH: not kinds & tickets.OUT_OF_REACH,
        Missing.SECOND_KIND: len(kinds) < evidence.wallet.policy.tickets.proofs_for_release,
        Missing.CHANGES: CheckKind.CHANGES in left,
        Missing.TRIES: CheckKind.TRIES in left,
        Missing.DEVICES: CheckKind.DEVICE in left,
    }
    return tuple(one for one, is_missing in found.items() if is_missing)


def _address(one: AccountAddress, shown: str, evidence: Evidence) -> AddressSeen:
    policy = evidence.wallet.policy.tickets
    line = tickets.line_doubt(one, lost_at=evidence.lost_at, policy=policy)
    return AddressSeen(
        address_id=one.id,
        kind=one.kind,
        masked=shown,
        added_at=one.added_at,
        doubt=evidence.doubt_of(one),
        may_be_replaced=one.kind is AddressKind.PHONE and line is None,
    )


def _code(code: OwnerCode, shown: str, opener: Opener, looking: Looking) -> CodeSeen:
    policy = looking.wallet.policy.codes
    return CodeSeen(
        key=opener.text(Place("owner_codes", "key", code.id), code.key),
        masked=shown,
        asked_at=code.asked_at,
        expires_at=code.expires_at,
        guesses_left=code.guesses_left(policy),
        is_live=code.is_live(policy, looking.now),
        used_at=code.used_at,
    )


def _device(one: Device, checks: Iterable[Check], opener: Opener) -> DeviceSeen:
    check = tickets.find_check(Item(kind=CheckKind.DEVICE, about=one.id), checks)
    return DeviceSeen(
        device_id=one.id,
        label=opener.text(Place("devices", "label", one.id), one.label),
        platform=one.platform,
        answer=check.answer if check is not None else None,
    )


def _answered(checks: Iterable[Check], names: dict[AgentId, str]) -> dict[str, Answered]:
    """By kind; of devices the last one."""
    last: dict[str, Answered] = {}
    for one in sorted(checks, key=lambda check: check.answered_at):
        last[one.kind.value] = Answered(by=names.get(one.answered_by, ""), at=one.answered_at)
    return last


def _masked(one: AccountAddress, opener: Opener) -> str:
    place = Place("account_addresses", "address", one.id)
    return masked(one.kind, opener.text(place, one.address))
