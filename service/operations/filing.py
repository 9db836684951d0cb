"""The button: a contact's report freezes an account, in one transaction or not at all.

Locks in the house's order: account, contact, ticket. The clock is read once all are held.
"""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import reports
from domain.accounts import Account
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import ContactId, ReportId
from domain.refusals import ChangedMeanwhile, MayNotReport, NotFound
from domain.reports import LossKind, LossReport, OwnerSafe, Way
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import browsers, freezing, visits
from service.operations.freezing import Freeze
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.reports import contacts_here
from service.operations.visits import Draft
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession


class Filing(Struct, frozen=True, kw_only=True):
    """Everything a report is made of, read under its locks."""

    wallet: Wallet
    account: Account
    contact: Contact
    # The account's open loss ticket; None for the first report.
    ticket: Ticket | None
    draft: Draft
    kind: LossKind
    verified_by: str
    way: Way
    owner_key: DataKey
    now: datetime


async def file_report(
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    key: str,
    shown: ContactId | None = None,
) -> LossReport:
    """Report, freeze, ticket, journal and messages together. Pressed twice it is one report.

    `shown` is whom the pressed button named: another choice, made meanwhile in a second tab, must
    not be carried out in its place. Raises ChangedMeanwhile then; CodeNeeded, MayNotReport,
    PageExpired.
    """
    async with house.engine.begin() as db:
        current = await browsers.again(db, session)
        draft = await visits.read_draft(db, house, wallet, current)
        theirs = {c.id: c for c in await contacts_here(db, wallet, current)}
        chosen = None if draft.contact_id is None else theirs.get(draft.contact_id)
        if chosen is None or draft.kind is None:
            raise MayNotReport
        if shown is not None and shown != chosen.id:
            raise ChangedMeanwhile
        if current.report_id is not None:
            filed = await load.report(db, wallet.id, current.report_id)
            if filed.contact_id == chosen.id:
                return filed
        account = await load.account_for_change(db, wallet.id, chosen.account_id)
        contact = await load.contact_for_change(db, wallet.id, chosen.id)
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=wallet.id,
            caller=str(session.id),
            route="r/confirm",
            key=key,
            body=sha256(msgspec.json.encode(draft)).digest(),
        )
        if (answered := await replay(db, wallet_key, request)) is not None:
            return await load.report(db, wallet.id, ReportId(UUID(answered)))
        filing = Filing(
            wallet=wallet,
            account=account,
            contact=contact,
            ticket=ticket,
            draft=draft,
            kind=draft.kind,
            verified_by=current.verified_by or "",
            way=current.way,
            owner_key=await _owner_key(db, house, account),
            now=await clock(db),
        )
        report = await _file(db, filing)
        await put(db, current, replace(current, report_id=report.id))
        await remember(db, wallet_key, request, str(report.id))
        return report


async def _file(db: AsyncConnection, filing: Filing) -> LossReport:
    by = Actor(ActorKind.CONTACT, filing.contact.id)
    await _require_own_device(db, filing)
    reference = new_reference()
    asked = Freeze(
        wallet=filing.wallet,
        account=filing.account,
        ticket=filing.ticket,
        reference=reference,
        stolen=filing.kind is LossKind.STOLEN,
        in_danger=filing.draft.safe is OwnerSafe.NO,
        by=by,
        now=filing.now,
    )
    ticket = await freezing.freeze(db, asked)
    filed = reports.file(_report(filing, ticket, reference), by=filing.contact, now=filing.now)
    return await keep(db, filing.wallet.id, None, filed, by=by)


def _report(filing: Filing, ticket: Ticket, reference: str) -> LossReport:
    report_id = ReportId(new_id())
    draft = filing.draft

    def sealed(column: str, text: str) -> bytes | None:
        place = Place("loss_reports", column, report_id)
        return filing.owner_key.seal(place, text) if text else None

    return LossReport(
        id=report_id,
        wallet_id=filing.wallet.id,
        account_id=filing.account.id,
        contact_id=filing.contact.id,
        person_id=filing.contact.person_id,
        ticket_id=ticket.id,
        reference=reference,
        way=filing.way,
        verified_by=filing.verified_by,
        kind=filing.kind,
        device_id=draft.device_id,
        noticed_at=draft.noticed_at,
        note=sealed("note", draft.note),
        reach=sealed("reach", draft.reach),
        owner_safe=draft.safe,
        joined=filing.ticket is not None,
        filed_at=filing.now,
    )


async def _require_own_device(db: AsyncConnection, filing: Filing) -> None:
    """A device somebody typed into the form must be one of this very owner's."""
    if filing.draft.device_id is None:
        return
    devices = await load.devices_of(db, filing.wallet.id, filing.account.id)
    if all(device.id != filing.draft.device_id for device in devices):
        raise MayNotReport


async def _owner_key(db: AsyncConnection, house: House, account: Account) -> DataKey:
    person = await load.person(db, account.wallet_id, account.person_id)
    if person.data_key_id is None:
        raise NotFound
    return await find_key(db, house.keys, person.data_key_id)
