"""The second person's page: what approval will do, signing in again, and yes or no."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from domain.ids import ProposalId, TicketId
from domain.tickets import ProposalKind, RejectReason
from service.console.proving import ProvingForm
from service.console.second_person import Decision
from service.console.ticket import BY, filled_in
from service.operations import desk, keeping_frozen, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.tickets import LONGEST_WORDS
from service.pages import AnyRequest, our_form


class ApprovalForm(ProvingForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID
    # What the page said that approval does.
    kind: ProposalKind = ProposalKind.RELEASE
    # The version of the ticket the page showed.
    seen: int


class RejectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    proposal: UUID
    reason: RejectReason
    words: Annotated[str, Meta(max_length=LONGEST_WORDS)] = ""


@get("/console/tickets/{ticket_id:uuid}/approval", include_in_schema=False, dependencies=BY)
async def show(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    return await _decision(request, house, TicketId(ticket_id), by).shown()


@post("/console/tickets/{ticket_id:uuid}/approval", include_in_schema=False, dependencies=BY)
async def approve(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Password and code again first: an unlocked console must not be enough to release."""
    ticket = TicketId(ticket_id)
    page = _decision(request, house, ticket, by)
    form = filled_in(await our_form(request), ApprovalForm)
    if form is None:
        return await page.incomplete(act="approve")
    keeps = form.kind is ProposalKind.KEEP_FROZEN
    act = keeping_frozen.approve if keeps else tickets.approve_release
    proposal, seen = ProposalId(form.proposal), form.seen
    work = page.after_proving(
        form, lambda proved: act(house, ticket, proposal, by=proved, seen=seen)
    )
    return await page.done_or_told(work, act="approve")


@post("/console/tickets/{ticket_id:uuid}/rejection", include_in_schema=False, dependencies=BY)
async def reject(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    page = _decision(request, house, ticket, by)
    fields = await our_form(request)
    form = filled_in(fields, RejectionForm)
    if form is None:
        return await page.incomplete(act="reject", typed=fields)
    work = tickets.reject_release(
        house,
        ticket,
        ProposalId(form.proposal),
        by=by,
        reason=form.reason,
        words=form.words,
    )
    return await page.done_or_told(work, act="reject", typed=fields)


def _decision(request: AnyRequest, house: House, ticket_id: TicketId, by: SignedIn) -> Decision:
    return Decision(
        request=request,
        house=house,
        ticket_id=ticket_id,
        by=by,
        template="approval.html",
        see=lambda: desk.see_ticket(house, ticket_id, by),
    )
