"""A rehearsal: a contact goes the whole way once, and nothing is stopped by it.

BEGUN ──finish──▶ DONE
   └── until ───▶ (over; the link opens nothing any more)
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import Account
from domain.change import Change
from domain.contacts import Contact
from domain.events import DrillBegun, DrillDone
from domain.ids import AccountId, ContactId, DrillId, WalletId
from domain.policy import DrillPolicy
from domain.refusals import AccountIsFrozen, LinkNotValid, MayNotReport, TooSoon


class DrillStatus(StrEnum):
    BEGUN = "begun"
    DONE = "done"


BEGUN, DONE = DrillStatus.BEGUN, DrillStatus.DONE
END: Final[frozenset[DrillStatus]] = frozenset()
LEADS_TO: Final = {BEGUN: frozenset({DONE}), DONE: END}


class Drill(Struct, frozen=True, kw_only=True):
    id: DrillId
    wallet_id: WalletId
    account_id: AccountId
    contact_id: ContactId
    # Of the rehearsal's own link: only its SHA-256.
    link_sha256: bytes
    status: DrillStatus = BEGUN
    begun_at: datetime
    until: datetime
    done_at: datetime | None = None
    # Begins with TEST.
    reference: str | None = None
    row_version: int = 1

    def is_open(self, now: datetime) -> bool:
        return self.status is BEGUN and now < self.until


def begin(
    drill: Drill,
    *,
    account: Account,
    contact: Contact,
    last_begun_at: datetime | None,
    policy: DrillPolicy,
    now: datetime,
) -> Change[Drill]:
    """By the owner or the contact, once in 30 days over all contacts of an owner."""
    if account.is_frozen:
        raise AccountIsFrozen
    if contact.account_id != account.id or not contact.can_report(account, now):
        raise MayNotReport
    if last_begun_at is not None and now < last_begun_at + policy.again_after:
        raise TooSoon(last_begun_at + policy.again_after, now=now)
    event = DrillBegun(
        account_id=account.id,
        contact_id=contact.id,
        drill_id=drill.id,
        until=drill.until,
        at=now,
    )
    return Change(drill, (event,))


def finish(drill: Drill, *, reference: str, now: datetime) -> Change[Drill]:
    """The rehearsed button. Pressed again it changes nothing."""
    if drill.status is DONE:
        return Change(drill)
    if not drill.is_open(now):
        raise LinkNotValid
    event = DrillDone(
        account_id=drill.account_id,
        contact_id=drill.contact_id,
        drill_id=drill.id,
        reference=reference,
        at=now,
    )
    return Change(replace(drill, status=DONE, done_at=now, reference=reference), (event,))
