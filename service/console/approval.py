"""The second person's page: what approval will do, signing in again, and yes or no."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.ids import ProposalId, TicketId
from domain.refusals import NotFound, Refused
from service.console.frame import Me, language_of, me
from service.console.frame import show as show_page
from service.console.ticket import BY, filled_in
from service.operations import agents, desk, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.ticket_page import TicketSeen
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS
from service.wording import zone_said


class ApprovalForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID
    # The version of the ticket the page showed.
    seen: int
    # For the password store, which finds its entry by it; never read.
    username: str = ""
    password: str
    code: str


class RejectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID


class ApprovalPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: TicketSeen
    zone: str
    act: str = ""
    refusal: str = ""


@get("/console/tickets/{ticket_id:uuid}/approval", include_in_schema=False, dependencies=BY)
async def show(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    return await _approval(request, house, TicketId(ticket_id), by)


@post("/console/tickets/{ticket_id:uuid}/approval", include_in_schema=False, dependencies=BY)
async def approve(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Password and code again first: an unlocked console must not be enough to release."""
    form = filled_in(await our_form(request), ApprovalForm)
    if form is None:
        return await _told(request, house, TicketId(ticket_id), by, act="approve")
    try:
        proved = await agents.prove_again(house, by, password=form.password, code=form.code)
        await tickets.approve_release(
            house, TicketId(ticket_id), ProposalId(form.proposal), by=proved, seen=form.seen
        )
    except NotFound:
        raise
    except Refused as refusal:
        return await _told(request, house, TicketId(ticket_id), by, act="approve", no=refusal)
    return go(f"/console/tickets/{ticket_id}?done=approve")


@post("/console/tickets/{ticket_id:uuid}/rejection", include_in_schema=False, dependencies=BY)
async def reject(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    form = filled_in(await our_form(request), RejectionForm)
    if form is None:
        return await _told(request, house, TicketId(ticket_id), by, act="reject")
    try:
        await tickets.reject_release(house, TicketId(ticket_id), ProposalId(form.proposal), by=by)
    except NotFound:
        raise
    except Refused as refusal:
        return await _told(request, house, TicketId(ticket_id), by, act="reject", no=refusal)
    return go(f"/console/tickets/{ticket_id}?done=reject")


async def _told(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    *,
    act: str,
    no: Refused | None = None,
) -> Response[str]:
    return await _approval(
        request,
        house,
        ticket_id,
        by,
        act=act,
        refusal="incomplete" if no is None else no.code,
        status=HTTP_422_UNPROCESSABLE_ENTITY if no is None else STATUS[type(no)],
    )


async def _approval(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    *,
    act: str = "",
    refusal: str = "",
    status: int = HTTP_200_OK,
) -> Response[str]:
    seen = await desk.see_ticket(house, ticket_id, by)
    language = language_of(by)
    zone = seen.wallet.time_zone
    shown = ApprovalPage(
        me=me(by), seen=seen, zone=zone_said(zone, language), act=act, refusal=refusal
    )
    return show_page(
        request,
        "approval.html",
        shown,
        language=language,
        time_zone=zone,
        now=seen.now,
        status=status,
    )
