"""A contact's way to a report: the code, whose phone, what was said, and the receipt."""

from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import accounts, reports, tickets
from domain.accounts import Account
from domain.challenges import CodeResult, Purpose
from domain.contacts import Contact
from domain.ids import ContactId, DeviceId, ReportId
from domain.refusals import CodeNeeded, NotFound, PageExpired
from domain.reports import Way
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import apps, codes, visits
from service.operations.house import House
from service.operations.obeying import Obeyed, obeyed
from service.operations.visits import Draft
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock
from service.storage.values import BrowserSession

_VERIFIES: Final = frozenset({Purpose.REPORT, Purpose.FOLLOW, Purpose.DRILL, Purpose.SPACE})


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
    # By a contact whose reports do not freeze just now: nothing was stopped by it.
    unconfirmed: bool
    filed_at: datetime
    # What the wallet says of the freeze; None where nothing is stopped, or not any more.
    obeyed: Obeyed | None
    progress: str
    report_id: ReportId
    withdrawn_at: datetime | None
    may_be_withdrawn: bool
    # Whether this verified visit could report another owner in its place.
    may_be_corrected: bool
    now: datetime


async def spend_code(
    house: House, wallet: Wallet, session: BrowserSession, typed: str
) -> str | CodeResult:
    """The right code verifies this browser for what it came for: one report, a rehearsal, or
    following what was reported. Answers its new cookie."""
    purpose = Purpose(session.purpose)
    async with house.engine.connect() as db:
        challenge = await load.challenge_of(db, wallet.id, session.id, purpose)
    if challenge is None or purpose not in _VERIFIES:
        return CodeResult.EXPIRED
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    if not codes.compare(house, counted, typed) or challenge.contact_id is None:
        return CodeResult.WRONG
    async with house.engine.begin() as db:
        contact = await load.contact_for_change(db, wallet.id, challenge.contact_id)
        now = await clock(db)
        if not await codes.spend(db, house, wallet, challenge):
            return CodeResult.USED_UP
        second = None
        if counted.challenge.address_id is not None:
            second = await load.address_by_id(db, wallet.id, counted.challenge.address_id)
            if second is None:
                # It was removed while its code was under way.
                return CodeResult.EXPIRED
        key = await find_key(db, house.keys, wallet.data_key_id)
        return await visits.verify(
            db,
            key,
            session,
            contact,
            now=now,
            until=now + wallet.policy.sessions.contact_lasts,
            draft=await visits.read_draft(db, house, wallet, session),
            through=second,
        )


async def use_app_code(
    house: House, wallet: Wallet, session: BrowserSession, typed: str
) -> str | CodeResult:
    """A code of the contact's authenticator app verifies this browser to report; answers its new
    cookie. Counts only with the personal link; each code once, also when two come at once.

    Its guesses are those of the code that was sent: five, and twenty in a day. Raises TooMany,
    TooManyWrongCodes.
    """
    if session.way is not Way.LINK or session.purpose != Purpose.REPORT.value:
        raise PageExpired
    async with house.engine.begin() as db:
        contact = await visits.contact_of(db, wallet, session, Purpose.REPORT, for_change=True)
        app = await load.authenticator(db, wallet.id, contact.person_id, confirmed=True)
        if app is None:
            return CodeResult.WRONG
        policy = wallet.policy.codes
        challenge = await load.challenge_of(db, wallet.id, session.id, Purpose.REPORT)
        if challenge is None or not challenge.is_live(policy, await clock(db)):
            challenge = await codes.begin_unsent(db, house, wallet, session, contact)
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    async with house.engine.begin() as db:
        contact = await load.contact_for_change(db, wallet.id, contact.id)
        now = await clock(db)
        if not await apps.take_code(db, house, app, typed, now=now):
            return CodeResult.WRONG
        if not await codes.spend(db, house, wallet, challenge):
            return CodeResult.USED_UP
        key = await find_key(db, house.keys, wallet.data_key_id)
        return await visits.verify(
            db,
            key,
            session,
            contact,
            now=now,
            until=now + wallet.policy.sessions.contact_lasts,
            draft=await visits.read_draft(db, house, wallet, session),
            through=apps.VERIFIED_BY,
        )


async def see_visit(house: House, wallet: Wallet, session: BrowserSession) -> Visit:
    """Whose phone, and what was said so far. Raises CodeNeeded before the code."""
    async with house.engine.connect() as db:
        theirs = await contacts_here(db, wallet, session)
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
            if visits.contact_fits(wallet, c, owned[c.id], Purpose.REPORT, now)
        )
        # Where there is only one answer, nobody is asked.
        only = choices[0] if len(choices) == 1 else None
        chosen = next((c for c in choices if c.contact_id == draft.contact_id), only)
        devices = () if chosen is None else await _devices(db, house, owned[chosen.contact_id])
        return Visit(choices=choices, chosen=chosen, devices=devices, draft=draft, now=now)


async def save(house: House, wallet: Wallet, session: BrowserSession, draft: Draft) -> bool:
    """Keep what was typed; nothing is asked twice. Answers whether the visit goes on."""
    if session.verified_at is None:
        raise CodeNeeded
    async with house.engine.begin() as db:
        return await visits.save_draft(db, house, wallet, session, draft)


async def see_receipt(house: House, wallet: Wallet, session: BrowserSession) -> Receipt:
    """The receipt of what this browser filed."""
    if session.report_id is None:
        raise NotFound
    async with house.engine.connect() as db:
        report = await load.report(db, wallet.id, session.report_id)
        ticket = await load.ticket(db, wallet.id, report.ticket_id)
        account = await load.account(db, wallet.id, report.account_id)
        now = await clock(db)
        others = await _could_report(db, wallet, session, now)
    return Receipt(
        reference=report.reference,
        unconfirmed=report.unconfirmed,
        filed_at=report.filed_at,
        obeyed=obeyed(account, ticket, wallet, now),
        progress=progress_of(ticket),
        report_id=report.id,
        withdrawn_at=report.withdrawn_at,
        may_be_withdrawn=reports.can_be_withdrawn(report, ticket=ticket),
        may_be_corrected=len(others) > 1,
        now=now,
    )


async def _could_report(
    db: AsyncConnection, wallet: Wallet, session: BrowserSession, now: datetime
) -> tuple[Contact, ...]:
    """Whom this visit could still report for; nobody once its time is over."""
    if session.verified_at is None or now >= session.expires_at:
        return ()
    theirs = await contacts_here(db, wallet, session)
    owned = {c.id: await load.account(db, wallet.id, c.account_id) for c in theirs}
    return tuple(c for c in theirs if c.can_report(owned[c.id], now))


async def contacts_here(
    db: AsyncConnection,
    wallet: Wallet,
    session: BrowserSession,
    purpose: Purpose = Purpose.REPORT,
) -> tuple[Contact, ...]:
    """Whom the spent code may speak for: contacts enrolled under the address it went to."""
    if session.purpose != purpose.value:
        raise PageExpired
    # Without a link nobody knows before the code whose browser it is.
    if session.verified_at is None:
        raise CodeNeeded
    contact = await visits.contact_of(db, wallet, session, purpose)
    # Without a link the address that was typed, which may be the second of several.
    index = session.address_index or contact.address_index
    return await load.contacts_of_address(db, wallet.id, contact.person_id, index)


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


def progress_of(ticket: Ticket) -> str:
    """All a contact may follow: received, being handled, closed."""
    if not ticket.is_open:
        return "closed"
    return "received" if ticket.stage is tickets.OPENED else "being-handled"
