"""That a report is false, as a second person reads it before they confirm it."""

from msgspec import Struct

from domain import outcomes
from domain.ids import AgentId, ReportId, TicketId
from domain.outcomes import Consequence, Verdict
from domain.refusals import NotFound, OwnProposal
from service.operations import ticket_page
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.outcomes import changed_by
from service.operations.ticket_page import TicketSeen
from service.operations.ticket_reports import ReportSeen
from service.operations.why_not import refusal_of
from service.storage import load


class VerdictSeen(Struct, frozen=True, kw_only=True):
    ticket: TicketSeen
    report: ReportSeen
    follows: Consequence
    # Of this address for this owner, with this one.
    counted: int
    # Whether that changes anything: not for whoever is suspended, gone or paused for as long.
    changes: bool
    # A refusal's code, or None where the agent may.
    cannot_confirm: str | None
    cannot_reject: str | None


async def see(
    house: House, ticket_id: TicketId, report_id: ReportId, *, by: SignedIn
) -> VerdictSeen:
    """What `outcomes.confirm_false` would do, found out by the rules that it asks.

    Raises NotFound for what the agent may not see, and for a report of another ticket.
    """
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        report = await load.report(db, ticket.wallet_id, report_id)
        if report.ticket_id != ticket_id:
            raise NotFound
        contact = await load.contact(db, ticket.wallet_id, report.contact_id)
        account = await load.account(db, ticket.wallet_id, ticket.account_id)
        pending = await load.pending_verdict(db, ticket.wallet_id, report_id)
        dates = await load.false_report_dates(
            db, ticket.wallet_id, account.id, contact.address_index
        )
        selves = await load.selves_of(db, by.agent.id)
        seen = await ticket_page.see(db, house, ticket, by.agent)
    policy, now = seen.wallet.policy.reports, seen.now
    with_this = (*dates, now)
    follows = outcomes.consequence(with_this, policy=policy, now=now)
    changed = changed_by(follows, contact, account=account, policy=policy, now=now)

    def confirm() -> None:
        _require_another(pending, selves)
        outcomes.confirm_false(pending, report, ticket=ticket, by=by.agent, now=now)

    def reject() -> None:
        _require_another(pending, selves)
        outcomes.reject_false(pending, by=by.agent, now=now)

    return VerdictSeen(
        ticket=seen,
        report=next(one for one in seen.reports if one.report_id == report_id),
        follows=follows,
        counted=sum(now < at + policy.false_count_for for at in with_this),
        changes=bool(changed.events),
        cannot_confirm=refusal_of(confirm),
        cannot_reject=refusal_of(reject),
    )


def _require_another(pending: Verdict | None, selves: frozenset[AgentId]) -> None:
    if pending is not None and pending.proposed_by in selves:
        raise OwnProposal
