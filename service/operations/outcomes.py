"""Agents judge a report. Only `false` counts: it takes two of them, and what follows is computed
from the dates alone."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts, outcomes
from domain.accounts import Account
from domain.change import Change
from domain.contacts import Contact
from domain.ids import FalseReportId, ReportId, TicketId, VerdictId
from domain.outcomes import Consequence, FalseReport, Verdict
from domain.policy import ReportPolicy
from domain.refusals import ChangedMeanwhile, NotFound, OwnProposal
from domain.reports import LossReport, Outcome
from domain.tickets import Ticket
from domain.wallets import Wallet
from service.operations.agents import SignedIn
from service.operations.house import House
from service.security.tokens import new_id
from service.storage import load
from service.storage.rows import clock, keep, put


class Judging(Struct, frozen=True, kw_only=True):
    """A report under its locks, with all that is asked about it."""

    db: AsyncConnection
    wallet: Wallet
    account: Account
    contact: Contact
    report: LossReport
    ticket: Ticket
    pending: Verdict | None
    # As they stand now, and until the end: a level may have been lowered meanwhile.
    by: SignedIn
    now: datetime


async def ask_reporter(
    house: House, ticket_id: TicketId, report_id: ReportId, *, by: SignedIn
) -> None:
    """Write to the reporter that somebody wants to hear them, and until when."""
    async with _judging(house, ticket_id, report_id, by) as case:
        policy = case.wallet.policy.reports
        change = outcomes.ask_reporter(case.report, policy=policy, by=case.by.agent, now=case.now)
        await keep(case.db, case.wallet.id, case.report, change, by=by.actor)


async def hear_reporter(
    house: House, ticket_id: TicketId, report_id: ReportId, *, by: SignedIn
) -> None:
    """The agent has spoken with the reporter."""
    async with _judging(house, ticket_id, report_id, by) as case:
        change = outcomes.hear_reporter(case.report, by=case.by.agent, now=case.now)
        await keep(case.db, case.wallet.id, case.report, change, by=by.actor)


async def decide(
    house: House,
    ticket_id: TicketId,
    report_id: ReportId,
    outcome: Outcome,
    *,
    by: SignedIn,
    seen: int | None = None,
) -> None:
    """Real, found or mistake at once; `false` is proposed, for a second person to confirm.

    `seen` is the version of the report that the agent had before their eyes. Raises
    AlreadyDecided, AlreadyProposed, LevelTooLow, OwnerNotVerified, DuressNotAsked, OwnerNotFree,
    ReporterNotHeard, ChangedMeanwhile.
    """
    async with _judging(house, ticket_id, report_id, by) as case:
        if outcome is Outcome.FALSE:
            await _propose_false(case, by=by, seen=seen)
            return
        change = outcomes.decide(
            case.report,
            outcome,
            ticket=case.ticket,
            pending=case.pending,
            by=case.by.agent,
            now=case.now,
        )
        _require_seen(case, seen)
        await keep(case.db, case.wallet.id, case.report, change, by=by.actor)


async def confirm_false(
    house: House,
    ticket_id: TicketId,
    report_id: ReportId,
    verdict_id: VerdictId,
    *,
    by: SignedIn,
    seen: int | None = None,
) -> Consequence:
    """The second of two people. The date is stored and its consequence carried out, together.

    Raises NothingPending, OwnProposal, LevelTooLow, TooNewToApprove and what `decide` raises.
    """
    async with _judging(house, ticket_id, report_id, by) as case:
        pending = await _named(case, verdict_id, by)
        confirmed, decided = outcomes.confirm_false(
            pending, case.report, ticket=case.ticket, by=case.by.agent, now=case.now
        )
        _require_seen(case, seen)
        follows = await _follows(case, by)
        await keep(case.db, case.wallet.id, pending, confirmed, by=by.actor)
        await keep(case.db, case.wallet.id, case.report, decided, by=by.actor)
        return follows


async def reject_false(
    house: House,
    ticket_id: TicketId,
    report_id: ReportId,
    verdict_id: VerdictId,
    *,
    by: SignedIn,
) -> None:
    """The second person says no."""
    async with _judging(house, ticket_id, report_id, by) as case:
        pending = await _named(case, verdict_id, by)
        rejected = outcomes.reject_false(pending, by=case.by.agent, now=case.now)
        await keep(case.db, case.wallet.id, pending, rejected, by=by.actor)


async def _propose_false(case: Judging, *, by: SignedIn, seen: int | None) -> None:
    verdict = Verdict(
        id=VerdictId(new_id()),
        wallet_id=case.wallet.id,
        account_id=case.account.id,
        ticket_id=case.ticket.id,
        report_id=case.report.id,
        proposed_by=case.by.agent.id,
        proposed_at=case.now,
    )
    change = outcomes.propose_false(
        case.report,
        verdict,
        ticket=case.ticket,
        pending=case.pending,
        by=case.by.agent,
        now=case.now,
    )
    _require_seen(case, seen)
    await keep(case.db, case.wallet.id, None, change, by=by.actor)


async def _follows(case: Judging, by: SignedIn) -> Consequence:
    """What this and earlier false reports from the same address mean for the contact."""
    contact, policy, now = case.contact, case.wallet.policy.reports, case.now
    counted = FalseReport(
        id=FalseReportId(new_id()),
        wallet_id=case.wallet.id,
        account_id=case.account.id,
        address_index=contact.address_index,
        decided_at=now,
    )
    await put(case.db, None, counted)
    dates = await load.false_report_dates(
        case.db, case.wallet.id, case.account.id, contact.address_index
    )
    follows = outcomes.consequence(dates, policy=policy, now=now)
    change = changed_by(follows, contact, account=case.account, policy=policy, now=now)
    await keep(case.db, case.wallet.id, contact, change, by=by.actor)
    return follows


def changed_by(
    follows: Consequence, contact: Contact, *, account: Account, policy: ReportPolicy, now: datetime
) -> Change[Contact]:
    """What a false report does to whoever made it; also for those who read it before it is done."""
    match follows:
        case Consequence.NOTHING:
            return Change(contact)
        case Consequence.PAUSE:
            return contacts.pause(contact, account=account, policy=policy, now=now)
        case Consequence.SUSPEND:
            return contacts.suspend(contact, account=account, now=now)


async def _named(case: Judging, verdict_id: VerdictId, by: SignedIn) -> Verdict | None:
    """The proposal that the agent read, or none: nobody confirms what they did not see.

    Raises OwnProposal where the same human made it under another name.
    """
    waits = case.pending
    if waits is None or waits.id != verdict_id:
        return None
    if waits.proposed_by in await load.selves_of(case.db, by.agent.id):
        raise OwnProposal
    return waits


def _require_seen(case: Judging, seen: int | None) -> None:
    if seen is not None and case.report.row_version != seen:
        raise ChangedMeanwhile


@asynccontextmanager
async def _judging(
    house: House, ticket_id: TicketId, report_id: ReportId, by: SignedIn
) -> AsyncGenerator[Judging]:
    """Transaction and locks in the house's order: account, contact, report, ticket."""
    async with house.engine.begin() as db:
        shown = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        wallet = await load.wallet(db, shown.wallet_id)
        known = await load.report(db, wallet.id, report_id)
        if known.ticket_id != ticket_id:
            raise NotFound
        account = await load.account_for_change(db, wallet.id, shown.account_id)
        contact = await load.contact_for_change(db, wallet.id, known.contact_id)
        report = await load.report_for_change(db, wallet.id, report_id)
        ticket = await load.ticket_for_change(db, wallet.id, ticket_id)
        yield Judging(
            db=db,
            wallet=wallet,
            account=account,
            contact=contact,
            report=report,
            ticket=ticket,
            pending=await load.pending_verdict(db, wallet.id, report_id),
            by=replace(by, agent=await load.agent_held(db, by.agent.id)),
            now=await clock(db),
        )
