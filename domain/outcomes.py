"""What became of a report: real, found, mistake or false.

    (none) ──decide──▶ real, found, mistake                    one agent
    (none) ──propose──▶ PENDING ──confirm──▶ CONFIRMED: false  two agents
                           └─────reject────▶ REJECTED

Only `false` counts. It needs a verified owner, and a reporter who was heard or had their time.
What counts are the dates alone: of one reporter's address, for one owner. They outlive the
contact's erasure.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from domain import access
from domain.access import Agent
from domain.change import Change
from domain.events import (
    OutcomeDecided,
    OutcomeProposed,
    OutcomeRejected,
    ReporterAsked,
    ReporterHeard,
)
from domain.ids import AccountId, AgentId, FalseReportId, ReportId, TicketId, VerdictId, WalletId
from domain.policy import ReportPolicy
from domain.refusals import (
    AlreadyDecided,
    AlreadyProposed,
    NothingPending,
    OwnerNotVerified,
    OwnProposal,
    ReporterNotHeard,
)
from domain.reports import DECIDED, LossReport, Outcome
from domain.tickets import Ticket, require_free


class VerdictStatus(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Verdict(Struct, frozen=True, kw_only=True):
    """That a report is false, said by one agent and waiting for another."""

    id: VerdictId
    wallet_id: WalletId
    account_id: AccountId
    ticket_id: TicketId
    report_id: ReportId
    proposed_by: AgentId
    proposed_at: datetime
    status: VerdictStatus = VerdictStatus.PENDING
    decided_by: AgentId | None = None
    decided_at: datetime | None = None
    row_version: int = 1


class FalseReport(Struct, frozen=True, kw_only=True):
    """The date of a false report, under a keyed hash of the reporter's address: it names nobody,
    and finds whoever is named again under the same address."""

    id: FalseReportId
    wallet_id: WalletId
    account_id: AccountId
    address_index: bytes
    decided_at: datetime
    row_version: int = 1


class Consequence(StrEnum):
    NOTHING = "nothing"
    PAUSE = "pause"
    SUSPEND = "suspend"


def ask_reporter(
    report: LossReport, *, policy: ReportPolicy, by: Agent, now: datetime
) -> Change[LossReport]:
    """The reporter is asked what they saw, and has 48 hours. Asked again, the time stays."""
    access.require_level(by, access.REACHES_OWNER)
    _require_undecided(report)
    if report.answer_until is not None:
        return Change(report)
    asked = replace(report, answer_until=now + policy.reporter_has)
    event = ReporterAsked(
        account_id=report.account_id,
        contact_id=report.contact_id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        reference=report.reference,
        answer_until=now + policy.reporter_has,
        at=now,
    )
    return Change(asked, (event,))


def hear_reporter(report: LossReport, *, by: Agent, now: datetime) -> Change[LossReport]:
    """An agent has spoken with the reporter. Said again, it changes nothing."""
    access.require_level(by, access.REACHES_OWNER)
    _require_undecided(report)
    if report.heard_at is not None:
        return Change(report)
    event = ReporterHeard(
        account_id=report.account_id, report_id=report.id, ticket_id=report.ticket_id, at=now
    )
    return Change(replace(report, heard_at=now), (event,))


def decide(
    report: LossReport,
    outcome: Outcome,
    *,
    ticket: Ticket,
    pending: Verdict | None,
    by: Agent,
    now: datetime,
) -> Change[LossReport]:
    """Real, found or mistake: one agent of level 2 or above. `false` is proposed instead.

    In danger nothing but "real" is recorded before the owner, asked alone, has answered that they
    are free: somebody may make them say that all is well.
    """
    access.require_level(by, access.PROPOSES)
    _require_undecided(report)
    if outcome is Outcome.FALSE:
        raise ValueError("that a report is false is proposed, and confirmed by another")
    if pending is not None:
        raise AlreadyProposed
    if outcome is not Outcome.REAL:
        require_free(ticket)
    return _decided(report, outcome, now)


def propose_false(
    report: LossReport,
    verdict: Verdict,
    *,
    ticket: Ticket,
    pending: Verdict | None,
    by: Agent,
    now: datetime,
) -> Change[Verdict]:
    """The first of two people, level 2 or above."""
    access.require_level(by, access.PROPOSES)
    _require_undecided(report)
    if pending is not None:
        raise AlreadyProposed
    _require_fair(report, ticket, now)
    event = OutcomeProposed(
        account_id=report.account_id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        verdict_id=verdict.id,
        proposed_by=by.id,
        outcome=Outcome.FALSE.value,
        at=now,
    )
    return Change(verdict, (event,))


def confirm_false(
    verdict: Verdict | None, report: LossReport, *, ticket: Ticket, by: Agent, now: datetime
) -> tuple[Change[Verdict], Change[LossReport]]:
    """The second of two people, level 3 or above or officer: from now on it counts."""
    pending = _require_second(verdict, by, now)
    _require_undecided(report)
    # The owner may have turned out not to be free since it was proposed.
    _require_fair(report, ticket, now)
    confirmed = replace(pending, status=VerdictStatus.CONFIRMED, decided_by=by.id, decided_at=now)
    return Change(confirmed), _decided(report, Outcome.FALSE, now)


def reject_false(verdict: Verdict | None, *, by: Agent, now: datetime) -> Change[Verdict]:
    """The second person says no: the report waits for an outcome as before."""
    pending = _require_second(verdict, by, now)
    event = OutcomeRejected(
        account_id=pending.account_id,
        report_id=pending.report_id,
        ticket_id=pending.ticket_id,
        verdict_id=pending.id,
        rejected_by=by.id,
        at=now,
    )
    rejected = replace(pending, status=VerdictStatus.REJECTED, decided_by=by.id, decided_at=now)
    return Change(rejected, (event,))


def consequence(decided: Iterable[datetime], *, policy: ReportPolicy, now: datetime) -> Consequence:
    """From nothing but the dates of the false reports of one address for one owner."""
    counted = sum(at <= now < at + policy.false_count_for for at in decided)
    if counted == 0:
        return Consequence.NOTHING
    return Consequence.SUSPEND if counted >= policy.false_to_suspend else Consequence.PAUSE


def _decided(report: LossReport, outcome: Outcome, now: datetime) -> Change[LossReport]:
    decided = replace(report, status=DECIDED, outcome=outcome, decided_at=now)
    event = OutcomeDecided(
        account_id=report.account_id,
        contact_id=report.contact_id,
        report_id=report.id,
        ticket_id=report.ticket_id,
        reference=report.reference,
        outcome=outcome.value,
        at=now,
    )
    return Change(decided, (event,))


def _require_undecided(report: LossReport) -> None:
    if report.status is DECIDED:
        raise AlreadyDecided


def _require_fair(report: LossReport, ticket: Ticket, now: datetime) -> None:
    """The owner is certain and free, and the reporter was heard or has had their time."""
    if not ticket.owner_is_verified:
        raise OwnerNotVerified
    require_free(ticket)
    had_time = report.answer_until is not None and now >= report.answer_until
    if report.heard_at is None and not had_time:
        raise ReporterNotHeard


def _require_second(verdict: Verdict | None, by: Agent, now: datetime) -> Verdict:
    access.require_approver(by, now)
    if verdict is None or verdict.status is not VerdictStatus.PENDING:
        raise NothingPending
    if verdict.proposed_by == by.id:
        raise OwnProposal
    return verdict
