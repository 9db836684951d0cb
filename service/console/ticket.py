"""One ticket: the timeline, the facts, and what this agent may do on it now."""

from collections.abc import Awaitable, Mapping
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.ids import TicketId
from domain.refusals import NotFound, Refused
from domain.tickets import Duress, ReleaseReason, TicketKind
from service.console.frame import (
    Me,
    country_said,
    language_of,
    language_said,
    me,
    signed_in,
)
from service.console.frame import show as show_page
from service.console.meanwhile import chosen_or_typed, happened_since
from service.operations import danger, desk, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.ticket_page import TicketSeen
from service.operations.timeline import Happened
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS
from service.wording import said, zone_said

BY: Final = {"by": Provide(signed_in)}
F = TypeVar("F", bound=Struct)


class ProposalForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: ReleaseReason
    seen: int


class DuressForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    answer: Duress
    seen: int


class NoticesForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    seen: int


# What a refused form held: shown again, so that nothing is typed twice.
Typed = Mapping[str, str]
_NOTHING: Final[Typed] = {}


class TicketPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: TicketSeen
    country: str
    language: str
    owner_time: str
    zone: str
    # What was just done: a word of the address, believed only where the ticket agrees.
    done: str
    # What was refused, and with which code.
    act: str = ""
    refusal: str = ""
    typed: Typed = {}
    # What happened after the refused form's page was made, and what that form held.
    since: tuple[Happened, ...] = ()
    sent: Typed = {}
    key: str


@get("/console/tickets/{ticket_id:uuid}", include_in_schema=False, dependencies=BY)
async def show(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    return await _ticket(request, house, TicketId(ticket_id), by)


@post("/console/tickets/{ticket_id:uuid}/owner-reached", include_in_schema=False, dependencies=BY)
async def reach_owner(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    work = tickets.reach_owner(house, TicketId(ticket_id), by=by)
    return await done_or_told(request, house, TicketId(ticket_id), by, work, act="reach")


@post("/console/tickets/{ticket_id:uuid}/proposal", include_in_schema=False, dependencies=BY)
async def propose_release(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    fields = await our_form(request)
    form = filled_in(fields, ProposalForm)
    if form is None:
        return await incomplete(
            request, house, TicketId(ticket_id), by, act="propose", typed=fields
        )
    work = tickets.propose_release(
        house, TicketId(ticket_id), reason=form.reason, by=by, seen=form.seen
    )
    return await done_or_told(
        request, house, TicketId(ticket_id), by, work, act="propose", typed=fields
    )


@post("/console/tickets/{ticket_id:uuid}/duress", include_in_schema=False, dependencies=BY)
async def answer_duress(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    form = filled_in(await our_form(request), DuressForm)
    if form is None:
        return await incomplete(
            request, house, TicketId(ticket_id), by, act="duress", typed=_NOTHING
        )
    work = danger.answer_duress(house, TicketId(ticket_id), form.answer, by=by, seen=form.seen)
    return await done_or_told(request, house, TicketId(ticket_id), by, work, act="duress")


@post("/console/tickets/{ticket_id:uuid}/notices", include_in_schema=False, dependencies=BY)
async def let_notices_go(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    form = filled_in(await our_form(request), NoticesForm)
    if form is None:
        return await incomplete(
            request, house, TicketId(ticket_id), by, act="notices", typed=_NOTHING
        )
    work = danger.let_notices_go(house, TicketId(ticket_id), by=by, seen=form.seen)
    return await done_or_told(request, house, TicketId(ticket_id), by, work, act="notices")


def filled_in(fields: dict[str, str], shape: type[F]) -> F | None:
    """The form as its closed shape; None where something is missing or is not of it."""
    try:
        return msgspec.convert(fields, shape, strict=False)
    except msgspec.ValidationError:
        return None


async def done_or_told(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    work: Awaitable[object],
    *,
    act: str,
    typed: Typed = _NOTHING,
) -> Response[Any]:
    try:
        await work
    except NotFound:
        raise
    except Refused as refusal:
        return await _ticket(
            request,
            house,
            ticket_id,
            by,
            act=act,
            refusal=refusal.code,
            typed=typed,
            status=STATUS[type(refusal)],
        )
    return go(f"/console/tickets/{ticket_id}?done={act}")


async def incomplete(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    *,
    act: str,
    typed: Typed = _NOTHING,
) -> Response[Any]:
    return await _ticket(
        request,
        house,
        ticket_id,
        by,
        act=act,
        refusal="incomplete",
        typed=typed,
        status=HTTP_422_UNPROCESSABLE_ENTITY,
    )


async def _ticket(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    *,
    act: str = "",
    refusal: str = "",
    typed: Typed = _NOTHING,
    status: int = HTTP_200_OK,
) -> Response[Any]:
    seen = await desk.see_ticket(house, ticket_id, by)
    since = await happened_since(request, seen) if refusal else ()
    if seen.ticket.kind is TicketKind.SAFETY:
        # An owner who does not feel safe has a page of their own, with less on it.
        return go(f"/console/safety/{ticket_id}")
    language = language_of(by)
    shown = TicketPage(
        me=me(by),
        seen=seen,
        country=country_said(seen.wallet.country, language),
        language=language_said(seen.owner.language, language),
        owner_time=said(seen.now, language=language, time_zone=seen.owner.time_zone, now=seen.now),
        zone=zone_said(seen.wallet.time_zone, language),
        done="" if refusal else request.query_params.get("done", ""),
        act=act,
        refusal=refusal,
        typed=typed,
        since=since,
        sent=await chosen_or_typed(request) if since else _NOTHING,
        key=str(uuid4()),
    )
    return show_page(
        request,
        "ticket.html",
        shown,
        language=language,
        time_zone=seen.wallet.time_zone,
        now=seen.now,
        status=status,
    )
