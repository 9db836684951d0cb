"""A contact reports a loss: the one act that freezes an account.

Everything happens in one transaction or nothing does: report, freeze, ticket, journal,
messages. Locks in the house's order: account, contact, ticket.
"""

from datetime import datetime
from hashlib import sha256

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, reports, tickets
from domain.accounts import Account
from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.events import Actor, ActorKind
from domain.ids import ContactId, DeviceId, ReportId, TicketId
from domain.refusals import CodeNeeded, MayNotReport, NotFound
from domain.reports import LossKind, LossReport, Way
from domain.tickets import Ticket, TicketKind
from domain.wallets import Wallet
from service.operations import browsers, codes, visits
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.operations.visits import Draft
from service.security.encryption import DataKey, Place
from service.security.tokens import new_id, new_reference
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserSession


class Choice(Struct, frozen=True, kw_only=True):
    """One owner whose phone it may be, in the contact's own words."""

    contact_id: ContactId
    owner_name: str
    label: str | None


class DeviceSeen(Struct, frozen=True, kw_only=True):
    device_id: DeviceId
    masked: str
    platform: str


class Visit(Struct, frozen=True, kw_only=True):
    """A verified visit: the owners to choose from and what was said so far."""

    choices: tuple[Choice, ...]
    chosen: Choice | None
    devices: tuple[DeviceSeen, ...]
    draft: Draft
    now: datetime


class Receipt(Struct, frozen=True, kw_only=True):
    """What a reporter may know afterwards; it names nobody."""

    reference: str
    frozen_at: datetime | None
    filed_at: datetime
    confirmed_at: datetime | None
    confirmation_is_late: bool
    progress: str
    now: datetime


async def spend_code(
    house: House, wallet: Wallet, session: BrowserSession, typed: str
) -> str | CodeResult:
    """The right code verifies this browser for one report; answers its new cookie."""
    async with house.engine.connect() as db:
        challenge = await load.challenge_of(db, wallet.id, session.id)
    if challenge is None or challenge.purpose is not Purpose.REPORT:
        return CodeResult.EXPIRED
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    if not codes.compare(house, counted, typed):
        return CodeResult.WRONG
    async with house.engine.begin() as db:
        contact = await load.contact_for_change(db, wallet.id, challenge.contact_id)
        now = await clock(db)
        if not await codes.spend(db, wallet.id, challenge):
            return CodeResult.USED_UP
        key = await find_key(db, house.keys, wallet.data_key_id)
        return await visits.verify(db, key, session, contact, now=now, draft=Draft())


async def see_visit(house: House, wallet: Wallet, session: BrowserSession) -> Visit:
    """Whose phone, and what was said so far. Raises CodeNeeded before the code."""
    async with house.engine.connect() as db:
        theirs = await _contacts_here(db, wallet, session)
        now = await clock(db)
        owned = {c.id: await load.account(db, wallet.id, c.account_id) for c in theirs}
        draft = await visits.read_draft(db, house, wallet, session)
        opener = await Opener.for_values(
            db,
            house.keys,
            [v for c in theirs for v in (c.label, owned[c.id].first_name)],
        )
        choices = tuple(
            Choice(
                contact_id=c.id,
                owner_name=opener.text(
                    Place("accounts", "first_name", c.account_id), owned[c.id].first_name
                ),
                label=opener.open(Place("contacts", "label", c.id), c.label),
            )
            for c in theirs
            if c.can_report(now)
        )
        chosen = next((c for c in choices if c.contact_id == draft.contact_id), None)
        devices = () if chosen is None else await _devices(db, house, owned[chosen.contact_id])
        return Visit(choices=choices, chosen=chosen, devices=devices, draft=draft, now=now)


async def save(house: House, wallet: Wallet, session: BrowserSession, draft: Draft) -> None:
    """Keep what was typed; nothing is asked twice."""
    if session.verified_at is None:
        raise CodeNeeded
    async with house.engine.begin() as db:
        await visits.save_draft(db, house, wallet, session, draft)


async def file_report(
    house: House, wallet: Wallet, session: BrowserSession, *, key: str
) -> LossReport:
    """The button: everything in one transaction, or nothing. Pressed twice it is one report.

    Raises CodeNeeded, MayNotReport, PageExpired.
    """
    async with house.engine.begin() as db:
        draft = await visits.read_draft(db, house, wallet, session)
        theirs = {c.id: c for c in await _contacts_here(db, wallet, session)}
        if draft.contact_id is None or draft.kind is None or draft.contact_id not in theirs:
            raise MayNotReport
        account = await load.account_for_change(db, wallet.id, theirs[draft.contact_id].account_id)
        contact = await load.contact_for_change(db, wallet.id, draft.contact_id)
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
            return await load.report(db, wallet.id, msgspec.convert(answered, ReportId))
        now = await clock(db)
        report = await _file(
            db,
            house,
            wallet,
            account,
            contact,
            ticket,
            draft,
            way=Way.LINK,
            session=session,
            now=now,
        )
        current = await browsers.again(db, session)
        await put(db, current, replace(current, report_id=report.id))
        await remember(db, wallet_key, request, str(report.id))
        return report


async def see_receipt(house: House, wallet: Wallet, session: BrowserSession) -> Receipt:
    """The receipt of what this browser filed."""
    if session.report_id is None:
        raise NotFound
    async with house.engine.connect() as db:
        report = await load.report(db, wallet.id, session.report_id)
        ticket = await load.ticket(db, wallet.id, report.ticket_id)
        account = await load.account(db, wallet.id, report.account_id)
        now = await clock(db)
    expected = wallet.policy.messages.confirmation_expected_within
    confirmed_at = account.freeze_confirmed_at if account.is_frozen else None
    since = account.frozen_at if ticket.is_open else None
    return Receipt(
        reference=report.reference,
        frozen_at=since,
        filed_at=report.filed_at,
        confirmed_at=confirmed_at,
        confirmation_is_late=(
            confirmed_at is None and since is not None and now >= since + expected
        ),
        progress=_progress(ticket),
        now=now,
    )


async def _file(
    db: AsyncConnection,
    house: House,
    wallet: Wallet,
    account: Account,
    contact: Contact,
    ticket: Ticket | None,
    draft: Draft,
    *,
    way: Way,
    session: BrowserSession,
    now: datetime,
) -> LossReport:
    by = Actor(ActorKind.CONTACT, contact.id)
    reference = new_reference()
    stolen = draft.kind is LossKind.STOLEN
    opened = ticket or _new_ticket(wallet, account, reference, now)
    owner_key = await _owner_key(db, house, account)
    report = _report(
        contact,
        opened,
        draft,
        reference,
        owner_key,
        joined=ticket is not None,
        way=way,
        verified_by=session.verified_by or "",
        now=now,
    )
    filed = reports.file(report, by=contact, now=now)
    if draft.device_id is not None and draft.device_id not in {
        device.id for device in await load.devices_of(db, wallet.id, account.id)
    }:
        raise MayNotReport
    if ticket is None:
        await keep(db, wallet.id, None, tickets.open_ticket(opened, now=now), by=by)
    else:
        await keep(db, wallet.id, ticket, tickets.join(ticket, now=now), by=by)
    if not account.is_frozen:
        frozen = accounts.freeze(account, ticket_id=opened.id, stolen=stolen, now=now)
        await keep(db, wallet.id, account, frozen, by=by)
    return await keep(db, wallet.id, None, filed, by=by)


def _new_ticket(wallet: Wallet, account: Account, reference: str, now: datetime) -> Ticket:
    policy = wallet.policy.tickets
    return Ticket(
        id=TicketId(new_id()),
        wallet_id=wallet.id,
        account_id=account.id,
        kind=TicketKind.LOSS,
        reference=reference,
        opened_at=now,
        first_attempt_until=now + policy.first_attempt_within,
        decision_until=now + policy.decided_within,
    )


def _report(
    contact: Contact,
    ticket: Ticket,
    draft: Draft,
    reference: str,
    owner_key: DataKey,
    *,
    joined: bool,
    way: Way,
    verified_by: str,
    now: datetime,
) -> LossReport:
    report_id = ReportId(new_id())

    def sealed(column: str, text: str) -> bytes | None:
        return owner_key.seal(Place("loss_reports", column, report_id), text) if text else None

    return LossReport(
        id=report_id,
        wallet_id=contact.wallet_id,
        account_id=contact.account_id,
        contact_id=contact.id,
        person_id=contact.person_id,
        ticket_id=ticket.id,
        reference=reference,
        way=way,
        verified_by=verified_by,
        kind=draft.kind or LossKind.LOST,
        device_id=draft.device_id,
        noticed_at=draft.noticed_at,
        note=sealed("note", draft.note),
        reach=sealed("reach", draft.reach),
        joined=joined,
        filed_at=now,
    )


async def _contacts_here(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession
) -> tuple[Contact, ...]:
    """Whom the spent code may speak for: contacts enrolled under the address it went to."""
    contact = await visits.contact_of(db, wallet, session, Purpose.REPORT)
    if session.verified_at is None:
        raise CodeNeeded
    return await load.contacts_of_address(db, wallet.id, contact.person_id, contact.address_index)


async def _owner_key(db: AsyncConnection, house: House, account: Account) -> DataKey:
    person = await load.person(db, account.wallet_id, account.person_id)
    if person.data_key_id is None:
        raise NotFound
    return await find_key(db, house.keys, person.data_key_id)


async def _devices(db: AsyncConnection, house: House, account: Account) -> tuple[DeviceSeen, ...]:
    stored = await load.devices_of(db, account.wallet_id, account.id)
    opener = await Opener.for_values(db, house.keys, (device.label for device in stored))
    return tuple(
        DeviceSeen(
            device_id=device.id,
            masked=f"{opener.text(Place('devices', 'label', device.id), device.label)[:3]}…",
            platform=device.platform,
        )
        for device in stored
        if not accounts.is_barred(device, account)
    )


def _progress(ticket: Ticket) -> str:
    """All a contact may follow: received, being handled, closed."""
    if not ticket.is_open:
        return "closed"
    return "received" if ticket.stage is tickets.OPENED else "being-handled"
