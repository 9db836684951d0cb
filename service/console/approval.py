"""The second person's page: what approval will do, signing in again, and yes or no."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Meta, Struct

from domain.ids import ProposalId, TicketId
from domain.refusals import NotFound, Refused
from domain.tickets import ProposalKind, RejectReason
from service.console.frame import Me, language_of, me
from service.console.frame import show as show_page
from service.console.proving import shown_in
from service.console.ticket import BY, filled_in
from service.operations import agents, desk, keeping_frozen, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.ticket_page import TicketSeen
from service.operations.tickets import LONGEST_WORDS
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS
from service.wording import zone_said

_NOTHING: Final[Mapping[str, str]] = {}


class ApprovalForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID
    # What the page said that approval does.
    kind: ProposalKind = ProposalKind.RELEASE
    # The version of the ticket the page showed.
    seen: int
    # For the password store, which finds its entry by it; never read.
    username: str = ""
    password: str
    code: str
    # A passkey's answer in place of both.
    passkey: str = ""


class RejectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID
    reason: RejectReason
    words: Annotated[str, Meta(max_length=LONGEST_WORDS)] = ""


class ApprovalPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: TicketSeen
    zone: str
    act: str = ""
    refusal: str = ""
    # What a refused no held.
    typed: Mapping[str, str] = {}


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
        proved = await agents.prove_again(house, by, shown_in(request, form), to_decide=True)
        keeps = form.kind is ProposalKind.KEEP_FROZEN
        act = keeping_frozen.approve if keeps else tickets.approve_release
        await act(house, TicketId(ticket_id), ProposalId(form.proposal), by=proved, seen=form.seen)
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
    fields = await our_form(request)
    form = filled_in(fields, RejectionForm)
    if form is None:
        return await _told(request, house, TicketId(ticket_id), by, act="reject", typed=fields)
    try:
        await tickets.reject_release(
            house,
            TicketId(ticket_id),
            ProposalId(form.proposal),
            by=by,
            reason=form.reason,
            words=form.words,
        )
    except NotFound:
        raise
    except Refused as no:
        return await _told(
            request, house, TicketId(ticket_id), by, act="reject", no=no, typed=fields
        )
    return go(f"/console/tickets/{ticket_id}?done=reject")


async def _told(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    *,
    act: str,
    no: Refused | None = None,
    typed: Mapping[str, str] = _NOTHING,
) -> Response[str]:
    return await _approval(
        request,
        house,
        ticket_id,
        by,
        act=act,
        refusal="incomplete" if no is None else no.code,
        typed=typed,
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
    typed: Mapping[str, str] = _NOTHING,
    status: int = HTTP_200_OK,
) -> Response[str]:
    seen = await desk.see_ticket(house, ticket_id, by)
    language = language_of(by)
    zone = seen.wallet.time_zone
    shown = ApprovalPage(
        me=me(by),
        seen=seen,
        zone=zone_said(zone, language),
        act=act,
        refusal=refusal,
        typed=typed,
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
