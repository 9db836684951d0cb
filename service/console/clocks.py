"""A ticket waits for somebody else, goes on, and "I have it" for whoever was rung."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from domain.ids import TicketId
from domain.tickets import PauseReason
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import on_call, pausing
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, our_form


class PauseForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: PauseReason
    # Minutes; the rule says how many there may be.
    lasts: Annotated[int, Meta(ge=1, le=10_000)]
    seen: int


@post("/console/tickets/{ticket_id:uuid}/pause", include_in_schema=False, dependencies=BY)
async def pause(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, fields = TicketId(ticket_id), await our_form(request)
    form = filled_in(fields, PauseForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="pause", typed=fields)
    lasts = timedelta(minutes=form.lasts)
    work = pausing.pause(house, ticket, reason=form.reason, lasts=lasts, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="pause", typed=fields)


@post("/console/tickets/{ticket_id:uuid}/pause/end", include_in_schema=False, dependencies=BY)
async def go_on(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = pausing.go_on(house, ticket, by=by)
    return await done_or_told(request, house, ticket, by, work, act="go-on")


@post("/console/tickets/{ticket_id:uuid}/ring", include_in_schema=False, dependencies=BY)
async def answer(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = on_call.answer(house, ticket, by=by)
    return await done_or_told(request, house, ticket, by, work, act="ring")
