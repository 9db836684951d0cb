"""What agents do besides releasing: lay a hint aside, hear a reporter, judge a report."""

from collections.abc import Awaitable
from typing import Any, Literal
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from domain.ids import ReportId, TicketId, VerdictId
from domain.reports import Outcome
from domain.tickets import CloseReason, TriedWay
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import outcomes, unconfirmed
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


class VerdictForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    verdict: UUID
    decision: Literal["confirm", "reject"]
    seen: int


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


@post(
    "/console/tickets/{ticket_id:uuid}/reports/{report_id:uuid}/verdict",
    include_in_schema=False,
    dependencies=BY,
)
async def decide_verdict(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    report_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, report = TicketId(ticket_id), ReportId(report_id)
    form = filled_in(await our_form(request), VerdictForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="verdict")
    verdict = VerdictId(form.verdict)
    work: Awaitable[object]
    if form.decision == "confirm":
        work = outcomes.confirm_false(house, ticket, report, verdict, by=by, seen=form.seen)
    else:
        work = outcomes.reject_false(house, ticket, report, verdict, by=by)
    return await done_or_told(request, house, ticket, by, work, act="verdict")
