"""What an owner may see of their own account: devices, reports, and what happened.

Everything here is for someone whose sign-in is later than the last freeze. What belongs to a
ticket that is still open is left out all the same: whether it is the owner has not been proved.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts
from domain.accounts import Account
from domain.contacts import Contact
from domain.ids import ContactId, ReportId, WalletId
from domain.reports import LossReport, Outcome
from domain.wallets import Wallet
from service.operations import people
from service.operations.house import House
from service.operations.owners import OwnerAsking
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.load.own import Line

# What is said of each event. Whatever is not here is none of a history: a decline looks like no
# answer, what is done for somebody's safety leaves no line, and how agents work is their own.
SAID: Final[Mapping[str, str]] = {
    "account-registered": "account-registered",
    "addresses-changed": "addresses-changed",
    "account-frozen": "account-frozen",
    "account-released": "account-released",
    "device-cleared": "device-cleared",
    "account-closing-begun": "account-closing-begun",
    "account-closing-stopped": "account-closing-stopped",
    "contact-invited": "contact-invited",
    "invitation-sent-again": "invitation-sent-again",
    "contact-accepted": "contact-accepted",
    "invitation-lapsed": "invitation-lapsed",
    "invitation-taken-back": "invitation-taken-back",
    "removal-begun": "removal-begun",
    "removal-cancelled": "removal-cancelled",
    "removal-disowned": "removal-disowned",
    "removal-resumed": "removal-resumed",
    "contact-removed": "contact-removed",
    "contact-left": "contact-left",
    "contact-paused": "contact-paused",
    "contact-suspended": "contact-suspended",
    "contact-reinstated": "contact-reinstated",
    # Whether a report froze the account or joined it is for those who work on it.
    "loss-reported": "loss-reported",
    "unconfirmed-loss-reported": "loss-reported",
    "report-withdrawn": "report-withdrawn",
    "reports-disputed": "reports-disputed",
    "recovery-card-made": "recovery-card-made",
    "recovery-code-used": "recovery-code-used",
    "drill-begun": "drill-begun",
    "drill-done": "drill-done",
}


class DeviceSeen(Struct, frozen=True, kw_only=True):
    # The wallet's own id of it.
    name: str
    label: str
    platform: str
    linked_at: datetime
    reported: bool


class WhoSeen(Struct, frozen=True, kw_only=True):
    """A contact as the owner calls them; empty once they have been erased."""

    id: ContactId
    name: str


class ReportSeen(Struct, frozen=True, kw_only=True):
    report: LossReport
    by: WhoSeen
    # What became of it, once two agents or one have decided; for the verified owner alone.
    outcome: Outcome | None


class ReportPage(Struct, frozen=True, kw_only=True):
    items: tuple[ReportSeen, ...]
    next: ReportId | None


class ActivitySeen(Struct, frozen=True, kw_only=True):
    id: UUID
    at: datetime
    what: str
    contact: WhoSeen | None


class ActivityPage(Struct, frozen=True, kw_only=True):
    items: tuple[ActivitySeen, ...]
    next: UUID | None


async def see_devices(house: House, wallet: Wallet, owner: OwnerAsking) -> tuple[DeviceSeen, ...]:
    """In the order they were linked, and which of them a freeze barred."""
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        stored = await load.devices_of(db, wallet.id, account.id)
        opener = await Opener.for_values(db, house.keys, (one.label for one in stored))
    return tuple(
        DeviceSeen(
            name=one.name,
            label=opener.text(Place("devices", "label", one.id), one.label),
            platform=one.platform,
            linked_at=one.linked_at,
            reported=accounts.is_barred(one, account),
        )
        for one in stored
    )


async def see_reports(
    house: House, wallet: Wallet, owner: OwnerAsking, *, before: ReportId | None, limit: int
) -> ReportPage:
    """Who reported a loss, the newest first; once the ticket is closed.

    What was decided of it is for whoever the wallet has just authenticated strongly.
    """
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        found = await load.settled_reports_of(
            db, wallet.id, account.id, before=before, limit=limit + 1
        )
        shown = found[:limit]
        names = await _names(db, house, account, {one.contact_id for one in shown})
    items = tuple(
        ReportSeen(
            report=one,
            by=names[one.contact_id],
            outcome=one.outcome if owner.may_manage else None,
        )
        for one in shown
    )
    return ReportPage(items=items, next=shown[-1].id if len(found) > limit else None)


async def see_activity(
    house: House, wallet: Wallet, owner: OwnerAsking, *, before: UUID | None, limit: int
) -> ActivityPage:
    """What happened to the account and when, the newest first."""
    async with house.engine.connect() as db:
        account = await people.owned(db, wallet, owner, for_change=False)
        found = await load.history_of(
            db, wallet.id, account.id, SAID, before=before, limit=limit + 1
        )
        shown = found[:limit]
        ids = {line.contact_id for line in shown if line.contact_id is not None}
        names = await _names(db, house, account, ids)
    items = tuple(_activity(line, names) for line in shown)
    return ActivityPage(items=items, next=shown[-1].id if len(found) > limit else None)


def _activity(line: Line, names: Mapping[ContactId, WhoSeen]) -> ActivitySeen:
    contact = names.get(line.contact_id) if line.contact_id is not None else None
    return ActivitySeen(id=line.id, at=line.at, what=SAID[line.event], contact=contact)


async def _names(
    db: AsyncConnection, house: House, account: Account, ids: Collection[ContactId]
) -> dict[ContactId, WhoSeen]:
    wallet_id: WalletId = account.wallet_id
    stored: tuple[Contact, ...] = await load.contacts_with(db, wallet_id, ids) if ids else ()
    opener = await Opener.for_values(db, house.keys, (one.name for one in stored))
    return {
        one.id: WhoSeen(id=one.id, name=opener.text(Place("contacts", "name", one.id), one.name))
        for one in stored
    }
