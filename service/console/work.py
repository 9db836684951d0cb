"""Everyday work on a ticket: whose it is, moving it up, notes."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from domain.ids import AgentId, TicketId
from domain.tickets import BoostReason
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import boosting, handing_over, notes
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, our_form

_QUEUE: Final = "queue"
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


class TakingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seen: int


class HandOverForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # An agent's id, or back to the queue.
    to: Annotated[str, Meta(pattern=rf"^(?:{_QUEUE}|{_ID})$")]
    note: Annotated[str, Meta(max_length=notes.LONGEST)] = ""
    seen: int


class BoostForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: BoostReason
    seen: int


class NoteForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    words: Annotated[str, Meta(pattern=r"\S", max_length=notes.LONGEST)]
    key: UUID


@post("/console/tickets/{ticket_id:uuid}/assignment", include_in_schema=False, dependencies=BY)
async def take(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    form = filled_in(await our_form(request), TakingForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="take")
    work = handing_over.take(house, ticket, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="take")


@post("/console/tickets/{ticket_id:uuid}/hand-over", include_in_schema=False, dependencies=BY)
async def hand_over(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, HandOverForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="hand-over", typed=fields)
    to = None if form.to == _QUEUE else AgentId(UUID(form.to))
    work = handing_over.hand_over(house, ticket, to, note=form.note, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="hand-over", typed=fields)


@post("/console/tickets/{ticket_id:uuid}/boost", include_in_schema=False, dependencies=BY)
async def boost(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, BoostForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="boost", typed=fields)
    work = boosting.boost(house, ticket, form.reason, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="boost", typed=fields)


@post("/console/tickets/{ticket_id:uuid}/notes", include_in_schema=False, dependencies=BY)
async def add_note(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, NoteForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="note", typed=fields)
    work = notes.add(house, ticket, form.words, key=str(form.key), by=by)
    return await done_or_told(request, house, ticket, by, work, act="note", typed=fields)
