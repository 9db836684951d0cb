"""A contact takes a report back. The freeze stays, the ticket moves up, a person will look.

Either with a new code, until the report is decided; or, while the visit that filed it is still
verified, because another owner was meant.
"""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import reports as rules
from domain import tickets
from domain.challenges import CodeResult, Purpose
from domain.events import Actor, ActorKind
from domain.ids import ContactId, ReportId
from domain.refusals import CannotWithdraw, CodeNeeded, NotFound, PageExpired
from domain.reports import LossReport
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations import browsers, codes, visits
from service.operations.browsers import Opened
from service.operations.house import House
from service.operations.reports import contacts_here
from service.storage import load
from service.storage.rows import clock, keep, put
from service.storage.values import BrowserKind, BrowserSession


class WithdrawalSeen(Struct, frozen=True, kw_only=True):
    """The report that this browser came to take back."""

    reference: str
    filed_at: datetime
    withdrawn_at: datetime | None
    now: datetime


async def begin(house: House, wallet: Wallet, visit: BrowserSession, report_id: ReportId) -> Opened:
    """A browser session that may ask for a code to take this report back, no more.

    `visit` filed the report, or follows it after a code: knowing its reference or id is not
    enough. Raises NotFound, CannotWithdraw.
    """
    async with house.engine.begin() as db:
        report = await load.report(db, wallet.id, report_id)
        if not await _is_theirs(db, wallet, visit, report):
            raise NotFound
        ticket = await load.ticket(db, wallet.id, report.ticket_id)
        if not rules.can_be_withdrawn(report, ticket=ticket):
            raise CannotWithdraw
        now = await clock(db)
        opened = browsers.begin(
            kind=BrowserKind.CONTACT,
            purpose=Purpose.WITHDRAW.value,
            wallet_id=wallet.id,
            at=now,
            expires_at=now + wallet.policy.sessions.contact_lasts,
        )
        session = replace(
            opened.session,
            contact_id=report.contact_id,
            report_id=report.id,
            way=visit.way,
            address_kind=visit.address_kind,
            address_index=visit.address_index,
        )
        return Opened(await put(db, None, session), opened.cookie)


async def see_withdrawal(house: House, wallet: Wallet, session: BrowserSession) -> WithdrawalSeen:
    """What is about to be taken back, or was."""
    if session.report_id is None:
        raise PageExpired
    async with house.engine.connect() as db:
        report = await load.report(db, wallet.id, session.report_id)
        return WithdrawalSeen(
            reference=report.reference,
            filed_at=report.filed_at,
            withdrawn_at=report.withdrawn_at,
            now=await clock(db),
        )


async def withdraw(
    house: House, wallet: Wallet, session: BrowserSession, typed: str
) -> LossReport | CodeResult:
    """The right code takes the report back, spent with what it authorises.

    Raises CannotWithdraw when it was withdrawn or decided meanwhile; the code is not spent then.
    """
    if session.report_id is None or session.purpose != Purpose.WITHDRAW.value:
        raise PageExpired
    async with house.engine.connect() as db:
        challenge = await load.challenge_of(db, wallet.id, session.id, Purpose.WITHDRAW)
    if challenge is None:
        return CodeResult.EXPIRED
    counted = await codes.count_guess(house, wallet, challenge)
    if isinstance(counted, CodeResult):
        return counted
    if not codes.compare(house, counted, typed) or challenge.contact_id is None:
        return CodeResult.WRONG
    async with house.engine.begin() as db:
        report, ticket = await _held(db, wallet, session.report_id)
        now = await clock(db)
        if not await codes.spend(db, house, wallet, challenge):
            return CodeResult.USED_UP
        visit = replace(session, verified_address_id=counted.challenge.address_id)
        await _require_old_address(db, wallet, visit, now)
        return await _take_back(
            db, wallet, report, ticket, by=challenge.contact_id, now=now, wrong_person=False
        )


async def report_the_other(
    house: House, wallet: Wallet, session: BrowserSession, report_id: ReportId
) -> None:
    """The wrong person: this report is taken back, and the same verified visit may file another.

    Pressed twice, or from the receipt of an earlier report, it does nothing more. A report that
    was decided meanwhile stays as it is: the other owner can be reported all the same. Raises
    PageExpired, CodeNeeded.
    """
    async with house.engine.begin() as db:
        current = await browsers.again(db, session)
        if current.verified_at is None:
            raise CodeNeeded
        if current.report_id != report_id:
            return
        report, ticket = await _held(db, wallet, report_id)
        now = await clock(db)
        await _require_old_address(db, wallet, current, now)
        if rules.can_be_withdrawn(report, ticket=ticket):
            await _take_back(
                db, wallet, report, ticket, by=report.contact_id, now=now, wrong_person=True
            )
        await put(db, current, replace(current, report_id=None, draft=None))


async def _require_old_address(
    db: AsyncConnection, wallet: Wallet, visit: BrowserSession, now: datetime
) -> None:
    """A second address takes nothing back in its first week. Raises CannotWithdraw."""
    if visit.verified_address_id is None:
        return
    second = await load.address_by_id(db, wallet.id, visit.verified_address_id)
    if second is None or not visits.may_withdraw(second, now):
        raise CannotWithdraw


async def _take_back(
    db: AsyncConnection,
    wallet: Wallet,
    report: LossReport,
    ticket: Ticket,
    *,
    by: ContactId,
    now: datetime,
    wrong_person: bool,
) -> LossReport:
    actor = Actor(ActorKind.CONTACT, by)
    change = rules.withdraw(report, ticket=ticket, by=by, now=now, wrong_person=wrong_person)
    await keep(db, wallet.id, ticket, tickets.move_up(ticket), by=actor)
    return await keep(db, wallet.id, report, change, by=actor)


async def _held(
    db: AsyncConnection, wallet: Wallet, report_id: ReportId
) -> tuple[LossReport, Ticket]:
    """Report and ticket under their locks, in the house's order."""
    known = await load.report(db, wallet.id, report_id)
    await load.account_for_change(db, wallet.id, known.account_id)
    report = await load.report_for_change(db, wallet.id, report_id)
    return report, await load.ticket_for_change(db, wallet.id, report.ticket_id)


async def _is_theirs(
    db: AsyncConnection, wallet: Wallet, visit: BrowserSession, report: LossReport
) -> bool:
    if visit.report_id == report.id:
        return True
    if visit.purpose != Purpose.FOLLOW.value or visit.verified_at is None:
        return False
    theirs = await contacts_here(db, wallet, visit, Purpose.FOLLOW)
    return report.contact_id in {contact.id for contact in theirs}
