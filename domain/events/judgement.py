"""Disputes and outcomes."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AccountId, AgentId, ContactId, DisputeId, ReportId, TicketId, VerdictId


class ReportsDisputed(Event, frozen=True, kw_only=True):
    """The owner, signed in strongly since the freeze, says that nothing was lost."""

    account_id: AccountId
    ticket_id: TicketId
    dispute_id: DisputeId
    # Said while the owner was in danger: whoever threatens them may hold the phone.
    without_effect: bool


class UnconfirmedLossReported(Event, frozen=True, kw_only=True):
    """By a contact whose reports do not freeze just now: somebody has to look."""

    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    stolen: bool
    joined: bool


class ReporterAsked(Event, frozen=True, kw_only=True):
    """Agents want to hear the reporter before they judge the report, until then."""

    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    answer_until: datetime


class ReporterHeard(Event, frozen=True, kw_only=True):
    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId


class OutcomeProposed(Event, frozen=True, kw_only=True):
    """`false` takes a second person."""

    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId
    verdict_id: VerdictId
    proposed_by: AgentId
    outcome: str


class OutcomeRejected(Event, frozen=True, kw_only=True):
    account_id: AccountId
    report_id: ReportId
    ticket_id: TicketId
    verdict_id: VerdictId
    rejected_by: AgentId


class OutcomeDecided(Event, frozen=True, kw_only=True):
    account_id: AccountId
    contact_id: ContactId
    report_id: ReportId
    ticket_id: TicketId
    reference: str
    outcome: str


class ReachAttempted(Event, frozen=True, kw_only=True):
    """An agent tried to reach the owner, in vain."""

    account_id: AccountId
    ticket_id: TicketId
    attempts: int
    # By which of the owner's ways; empty in what was recorded before anybody asked.
    way: str = ""


class UnconfirmedTicketClosed(Event, frozen=True, kw_only=True):
    """Nobody confirmed what was only a hint; nothing was ever frozen."""

    account_id: AccountId
    ticket_id: TicketId
    reason: str
