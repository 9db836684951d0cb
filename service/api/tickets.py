"""Tickets for the wallet's own help desk: read, add notes, say what it did. Nothing decides."""

import re
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from litestar import Request, Response, Router, get, post, put
from litestar.datastructures import ResponseHeader
from litestar.di import NamedDependency, Provide
from litestar.exceptions import ValidationException
from litestar.params import FromPath, JSONBody, QueryParameter

from domain.ids import TicketId, TicketNoteId
from domain.tickets import Stage
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.repeating import repeatable
from service.api.shapes import NeededIdempotencyKey, in_utc, plausible
from service.api.ticket_shapes import (
    CURSOR,
    IfMatch,
    NewExternalStage,
    NewNote,
    NoteAnswer,
    NoteList,
    TicketAnswer,
    TicketList,
    place_in,
)
from service.operations import tickets_for_programs
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.tickets_for_programs import Asked, TicketTold
from service.storage.values import Scope

_DAY: Final = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME: Final = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_RFC_3339: Final = re.compile(rf"{_DAY}[Tt]{_TIME}(?:[Zz]|[+-][0-9]{{2}}:[0-9]{{2}})")
_ETAG: Final = ResponseHeader(
    name="ETag",
    value='"5a1c…"',
    description="Strong; for `If-Match`. Another one as soon as anything of the ticket is.",
    documentation_only=True,
)


@get("/v1/tickets", responses=openapi.problems_at(400, 401, 403, 429))
async def see_tickets(
    *,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    stage: Annotated[
        Stage | None, QueryParameter(description="How far our own agents are.")
    ] = None,
    is_open: Annotated[
        Literal["true", "false"] | None,
        QueryParameter(name="open", description="Only those that are, or are not, closed."),
    ] = None,
    updated_since: Annotated[
        str | None,
        QueryParameter(
            max_length=40,
            pattern="^2[01]",
            format="date-time",
            description="RFC 3339 with a zone. Ask again from a minute before your last question.",
        ),
    ] = None,
    cursor: Annotated[
        str | None, QueryParameter(pattern=CURSOR, description="`next` of the page before.")
    ] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> TicketList:
    """Loss tickets of this wallet; what was changed longest ago comes first.

    A ticket that changes while the pages are read comes again on a later one, so that nothing is
    missed.
    """
    asked = Asked(
        stage=stage,
        is_open=None if is_open is None else is_open == "true",
        since=None if updated_since is None else _instant(updated_since),
    )
    page = await tickets_for_programs.see_tickets(
        house, wallet, asked, after=place_in(cursor), limit=limit
    )
    return TicketList.of(page)


@get(
    "/v1/tickets/{ticket_id:uuid}",
    responses=openapi.problems_at(400, 401, 403, 404, 429),
    response_headers=[_ETAG],
)
async def see_ticket(
    ticket_id: FromPath[UUID], house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[TicketAnswer]:
    """How far it is, until when what is due, and what became of its reports."""
    return _told(await tickets_for_programs.see_ticket(house, wallet, TicketId(ticket_id)))


@put(
    "/v1/tickets/{ticket_id:uuid}/external-stage",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 412, 413, 415, 428, 429),
    response_headers=[_ETAG],
)
async def tell_stage(
    *,
    ticket_id: FromPath[UUID],
    data: JSONBody[NewExternalStage],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    if_match: IfMatch = None,
) -> Response[TicketAnswer]:
    """Say what your help desk did. It stands in the ticket's history, and moves no stage of ours.

    Said again it changes nothing, and needs no `If-Match`. 409 `ticket-closed`.
    """
    told = await tickets_for_programs.tell_stage(
        house, wallet, caller, TicketId(ticket_id), data.stage, if_match=if_match
    )
    return _told(told)


@get("/v1/tickets/{ticket_id:uuid}/notes", responses=openapi.problems_at(400, 401, 403, 404, 429))
async def see_notes(
    *,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> NoteList:
    """The notes that this program left. Those of agents and of other programs are private."""
    page = await tickets_for_programs.see_notes(
        house,
        wallet,
        caller,
        TicketId(ticket_id),
        after=None if cursor is None else TicketNoteId(cursor),
        limit=limit,
    )
    return NoteList.of(page)


@post(
    "/v1/tickets/{ticket_id:uuid}/notes",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 412, 413, 415, 422, 428, 429),
)
async def add_note(
    *,
    request: Request[Any, Any, Any],
    ticket_id: FromPath[UUID],
    data: JSONBody[NewNote],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: NeededIdempotencyKey,
    if_match: IfMatch = None,
) -> NoteAnswer:
    """Leave a note for the agents. 409 `ticket-closed`, or `account-closed` for an erased owner."""
    told = await tickets_for_programs.add_note(
        house,
        wallet,
        caller,
        TicketId(ticket_id),
        data.text,
        if_match=if_match,
        request=repeatable(request, wallet, caller, idempotency_key, await request.body()),
    )
    return NoteAnswer.of(told)


def _told(told: TicketTold) -> Response[TicketAnswer]:
    headers = {"ETag": told.etag, "Cache-Control": "private, no-cache"}
    return Response(TicketAnswer.of(told), headers=headers)


def _instant(said: str) -> datetime:
    """Strictly: the framework would take a number for an instant."""
    with suppress(ValueError):
        if _RFC_3339.fullmatch(said):
            instant = datetime.fromisoformat(said.upper())
            plausible(instant)
            return in_utc(instant)
    problem = {"key": "updated_since", "message": "Expected RFC 3339 with a zone, 2000 to 2199"}
    raise ValidationException(extra=[problem])


TICKETS = Router(
    path="/",
    route_handlers=[see_tickets, see_ticket, tell_stage, see_notes, add_note],
    guards=[needs(Scope.TICKETS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.TICKETS]}],
    tags=["tickets"],
)
