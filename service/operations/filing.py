"""The button: a contact's report freezes an account, in one transaction or not at all.

Three statements: one takes the locks in the house's order (session, account, contact), one reads
clock, ticket and whatever else is needed once they are held, and one writes what the rules made
of it. Round trips cost more than the disk.
"""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from domain import reports
from domain.challenges import Purpose
from domain.events import Actor, ActorKind
from domain.ids import ContactId, ReportId
from domain.refusals import (
    ChangedMeanwhile,
    CodeNeeded,
    MayNotReport,
    NotFound,
    PageExpired,
    Refused,
)
from domain.reports import LossKind, LossReport, OwnerSafe
from domain.tickets import Proposal, Ticket
from domain.wallets import Wallet
from service.operations import browsers, freezing, visits, weighing
from service.operations.browsers import Cookie
from service.operations.freezing import Freeze
from service.operations.house import House
from service.operations.idempotency import (
    KEPT,
    Request,
    answered,
    first_answer,
    forget_past,
)
from service.operations.visits import Draft
from service.security.encryption import DataKey, Place
from service.security.networks import network_hash
from service.security.tokens import new_id, new_reference
from service.storage import direct, load, reporting
from service.storage.direct import Direct
from service.storage.keychain import opened
from service.storage.reporting import Asked, Held, Known
from service.storage.together import Step, keep_all, saving
from service.storage.values import BrowserKind, BrowserSession


class Filing(Struct, frozen=True, kw_only=True):
    """Everything a report is made of, read under its locks."""

    held: Held
    known: Known
    draft: Draft
    kind: LossKind
    # What waits for approval on the open ticket; asked for only where there is danger.
    pending: Proposal | None
    owner_key: DataKey
    # A keyed hash of the source network; None where none is known.
    network: bytes | None


class _Filed(Struct, frozen=True):
    report: LossReport
    ticket: Ticket
    steps: tuple[Step[Any], ...]


async def file_report(
    house: House,
    wallet: Wallet,
    visit: BrowserSession | Cookie,
    *,
    key: str,
    shown: ContactId | None = None,
    network: str | None = None,
) -> LossReport:
    """Report, freeze, ticket, journal and messages together. Pressed twice it is one report.

    A visit that has reported answers with that report, also when its time is over.
    `shown` is whom the pressed button named: another choice, made meanwhile in a second tab, must
    not be carried out in its place. Raises ChangedMeanwhile then; CodeNeeded, MayNotReport,
    PageExpired.
    """
    async with direct.transaction(house.engine) as line:
        contact_id = shown or await _chosen(line, house, wallet, visit)
        held = await reporting.hold(line, wallet.id, visit.token_sha256, contact_id)
        if held is None:
            raise await _why_not(line, house, wallet, visit, contact_id)
        if (filed_here := await _filed_here(line, wallet, held)) is not None:
            return filed_here
        asked = Asked(
            wallet_key_id=wallet.data_key_id,
            caller=str(held.session.id),
            route="r/confirm",
            key=key,
        )
        known = await reporting.know(line, held, asked)
        wallet_key = opened(known.wallet_key, house.keys)
        draft = _draft(held, known, wallet_key)
        request = _request(wallet, asked, draft)
        if (before := await _filed_before(line, known, wallet_key, request)) is not None:
            return before
        filing = await _filing(line, house, held, known, draft, network=network)
        filed = _file(filing, wallet)
        weighed = await _weighed(line, wallet, filing, filed)
        answer = answered(wallet_key, request, str(filed.report.id), at=known.now)
        by = Actor(ActorKind.CONTACT, held.contact.id)
        await keep_all(line, wallet.id, (*filed.steps, *weighed, saving(None, answer)), by=by)
        return filed.report


async def _filed_here(line: Direct, wallet: Wallet, held: Held) -> LossReport | None:
    """What this visit filed for the same owner; for another one it has filed nothing."""
    if held.session.report_id is None:
        return None
    report = await load.report(await line.slowly(), wallet.id, held.session.report_id)
    return report if report.contact_id == held.contact.id else None


async def _chosen(
    line: Direct, house: House, wallet: Wallet, visit: BrowserSession | Cookie
) -> ContactId:
    """Whom the visit chose last."""
    db = await line.slowly()
    live = await browsers.live(db, BrowserKind.CONTACT, wallet.id, visit.token_sha256)
    if live is None or live.purpose != Purpose.REPORT.value:
        raise PageExpired
    if live.verified_at is None:
        raise CodeNeeded
    draft = await visits.read_draft(db, house, wallet, live)
    if draft.contact_id is None:
        raise MayNotReport
    return draft.contact_id


async def _why_not(
    line: Direct,
    house: House,
    wallet: Wallet,
    visit: BrowserSession | Cookie,
    contact_id: ContactId,
) -> Refused:
    """Why there was nothing to lock."""
    if await _chosen(line, house, wallet, visit) != contact_id:
        return ChangedMeanwhile()
    return MayNotReport()


def _draft(held: Held, known: Known, wallet_key: DataKey) -> Draft:
    """What the visit says, as it is now, of the contact that is locked."""
    session = held.session
    if session.purpose != Purpose.REPORT.value or session.expires_at <= known.now:
        raise PageExpired
    draft = visits.draft_in(wallet_key, session)
    if draft.contact_id is None or draft.kind is None:
        raise MayNotReport
    if draft.contact_id != held.contact.id:
        raise ChangedMeanwhile
    return draft


def _request(wallet: Wallet, asked: Asked, draft: Draft) -> Request:
    return Request(
        wallet_id=wallet.id,
        caller=asked.caller,
        route=asked.route,
        key=asked.key,
        body=sha256(msgspec.json.encode(draft)).digest(),
    )


async def _filed_before(
    line: Direct, known: Known, wallet_key: DataKey, request: Request
) -> LossReport | None:
    """What the same press filed before."""
    if known.answered is None:
        return None
    db = await line.slowly()
    if known.answered.created_at <= known.now - KEPT:
        await forget_past(db, request)
        return None
    answer = first_answer(known.answered, wallet_key, request)
    return await load.report(db, request.wallet_id, ReportId(UUID(answer)))


async def _filing(
    line: Direct, house: House, held: Held, known: Known, draft: Draft, *, network: str | None
) -> Filing:
    # A device somebody typed into the form must be one of this very owner's.
    foreign = draft.device_id is not None and draft.device_id not in known.devices
    if draft.kind is None or foreign:
        raise MayNotReport
    if known.owner_key is None:
        raise NotFound
    ticket, pending = known.ticket, None
    if draft.safe is OwnerSafe.NO and ticket is not None:
        db = await line.slowly()
        pending = await load.pending_proposal(db, ticket.wallet_id, ticket.id)
    return Filing(
        held=held,
        known=known,
        draft=draft,
        kind=draft.kind,
        pending=pending,
        owner_key=opened(known.owner_key, house.keys),
        network=network_hash(house.keys, held.account.wallet_id, network),
    )


def _file(filing: Filing, wallet: Wallet) -> _Filed:
    """What the rules make of it: freeze and report, and the visit that has filed it."""
    held, known = filing.held, filing.known
    reference = new_reference()
    frozen = freezing.freeze(
        Freeze(
            wallet=wallet,
            account=held.account,
            ticket=known.ticket,
            pending=filing.pending,
            reference=reference,
            stolen=filing.kind is LossKind.STOLEN,
            in_danger=filing.draft.safe is OwnerSafe.NO,
            now=known.now,
        )
    )
    report = _report(filing, frozen.ticket, reference)
    filed = reports.file(report, by=held.contact, account=held.account, now=known.now)
    visit = replace(held.session, report_id=report.id)
    return _Filed(
        report, frozen.ticket, (*frozen.steps, Step(None, filed), saving(held.session, visit))
    )


async def _weighed(
    line: Direct, wallet: Wallet, filing: Filing, filed: _Filed
) -> tuple[Step[Any], ...]:
    """Asked only where something was proved already: nearly every report opens its ticket."""
    if filing.draft.noticed_at is None or not filed.ticket.owner_is_verified:
        return ()
    return await weighing.weigh(
        await line.slowly(),
        wallet,
        filed.ticket,
        noticed_at=filing.draft.noticed_at,
        is_voided=filing.draft.safe is OwnerSafe.NO,
        now=filing.known.now,
    )


def _report(filing: Filing, ticket: Ticket, reference: str) -> LossReport:
    report_id = ReportId(new_id())
    draft, contact, session = filing.draft, filing.held.contact, filing.held.session

    def sealed(column: str, text: str) -> bytes | None:
        place = Place("loss_reports", column, report_id)
        return filing.owner_key.seal(place, text) if text else None

    return LossReport(
        id=report_id,
        wallet_id=contact.wallet_id,
        account_id=contact.account_id,
        contact_id=contact.id,
        person_id=contact.person_id,
        ticket_id=ticket.id,
        reference=reference,
        way=session.way,
        verified_by=session.verified_by or "",
        kind=filing.kind,
        device_id=draft.device_id,
        noticed_at=draft.noticed_at,
        note=sealed("note", draft.note),
        reach=sealed("reach", draft.reach),
        owner_safe=draft.safe,
        joined=filing.known.ticket is not None,
        filed_at=filing.known.now,
        network=filing.network,
    )
