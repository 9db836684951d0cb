"""What agents do besides releasing: lay a hint aside, hear a reporter, judge a report."""

from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from domain.ids import ReportId, TicketId, VerdictId
from domain.reports import Outcome
from domain.tickets import CloseReason, TriedWay
from service.console.proving import ProvingForm
from service.console.second_person import Decision
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import outcomes, unconfirmed, verdict_seen
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, our_form


class AttemptForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    way: TriedWay


class ClosingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: CloseReason
    seen: int


class HearingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    heard: Literal["ask", "heard"]


class OutcomeForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    outcome: Outcome
    seen: int


class ConfirmationForm(ProvingForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    verdict: UUID
    # The version of the report the page showed.
    seen: int


class RejectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    verdict: UUID


@post("/console/tickets/{ticket_id:uuid}/attempts", include_in_schema=False, dependencies=BY)
async def note_attempt(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, AttemptForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="attempt", typed=fields)
    work = unconfirmed.note_attempt(house, ticket, way=form.way, by=by)
    return await done_or_told(request, house, ticket, by, work, act="attempt")


@post("/console/tickets/{ticket_id:uuid}/closing", include_in_schema=False, dependencies=BY)
async def close(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    form = filled_in(await our_form(request), ClosingForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="close")
    work = unconfirmed.close(house, ticket, reason=form.reason, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="close")


@post(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/hearing",
    include_in_schema=False,
    dependencies=BY,
)
async def hear(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, report = TicketId(ticket_id), ReportId(report_id)
    form = filled_in(await our_form(request), HearingForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="hear")
    act = outcomes.ask_reporter if form.heard == "ask" else outcomes.hear_reporter
    work = act(house, ticket, report, by=by)
    return await done_or_told(request, house, ticket, by, work, act="hear")


@post(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/outcome",
    include_in_schema=False,
    dependencies=BY,
)
async def judge(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, report = TicketId(ticket_id), ReportId(report_id)
    form = filled_in(await our_form(request), OutcomeForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="judge")
    work = outcomes.decide(house, ticket, report, form.outcome, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="judge")


@get(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/verdict/approval",
    include_in_schema=False,
    dependencies=BY,
)
async def show_verdict(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    return await _decision(request, house, TicketId(ticket_id), ReportId(report_id), by).shown()


@post(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/verdict/approval",
    include_in_schema=False,
    dependencies=BY,
)
async def confirm_verdict(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Signing in again first, as before a release: whoever it suspends can freeze no more."""
    ticket, report = TicketId(ticket_id), ReportId(report_id)
    page = _decision(request, house, ticket, report, by)
    form = filled_in(await our_form(request), ConfirmationForm)
    if form is None:
        return await page.incomplete(act="verdict")
    verdict, seen = VerdictId(form.verdict), form.seen
    work = page.after_proving(
        form,
        lambda proved: outcomes.confirm_false(house, ticket, report, verdict, by=proved, seen=seen),
    )
    return await page.done_or_told(work, act="verdict")


@post(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/verdict/rejection",
    include_in_schema=False,
    dependencies=BY,
)
async def reject_verdict(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, report = TicketId(ticket_id), ReportId(report_id)
    page = _decision(request, house, ticket, report, by)
    form = filled_in(await our_form(request), RejectionForm)
    if form is None:
        return await page.incomplete(act="verdict")
    work = outcomes.reject_false(house, ticket, report, VerdictId(form.verdict), by=by)
    return await page.done_or_told(work, act="verdict")


def _decision(
    request: AnyRequest, house: House, ticket_id: TicketId, report_id: ReportId, by: SignedIn
) -> Decision:
    return Decision(
        request=request,
        house=house,
        ticket_id=ticket_id,
        by=by,
        template="verdict.html",
        see=lambda: verdict_seen.see(house, ticket_id, report_id, by=by),
    )
