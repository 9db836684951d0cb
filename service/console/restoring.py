"""What the verified owner decides: removals that stood still, people taken back, devices found."""

from typing import Any, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from domain.contacts import StaysSuspended
from domain.ids import ContactId, DeviceId, TicketId
from service.console.proving import ProvingForm
from service.console.second_person import Decision
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import cleared_devices, reinstatement_seen, reinstating, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, our_form


class RemovalForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Literal["goes-on", "stays"]


class ConfirmationForm(ProvingForm, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # The version of the contact the page showed.
    seen: int


class RejectionForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    because: StaysSuspended


@post(
    "/console/tickets/{ticket_id:uuid}/contacts/{contact_id:uuid}/removal",
    include_in_schema=False,
    dependencies=BY,
)
async def decide_removal(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, contact = TicketId(ticket_id), ContactId(contact_id)
    form = filled_in(await our_form(request), RemovalForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="removal")
    goes_on = form.decision == "goes-on"
    work = tickets.decide_removal(house, ticket, contact, goes_on=goes_on, by=by)
    return await done_or_told(request, house, ticket, by, work, act="removal")


@post(
    "/console/tickets/{ticket_id:uuid}/contacts/{contact_id:uuid}/reinstatement",
    include_in_schema=False,
    dependencies=BY,
)
async def propose_reinstatement(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = reinstating.propose(house, ticket, ContactId(contact_id), by=by)
    return await done_or_told(request, house, ticket, by, work, act="reinstate")


@get(
    "/console/tickets/{ticket_id:uuid}/contacts/{contact_id:uuid}/reinstatement/approval",
    include_in_schema=False,
    dependencies=BY,
)
async def show_reinstatement(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    return await _decision(request, house, TicketId(ticket_id), ContactId(contact_id), by).shown()


@post(
    "/console/tickets/{ticket_id:uuid}/contacts/{contact_id:uuid}/reinstatement/approval",
    include_in_schema=False,
    dependencies=BY,
)
async def confirm_reinstatement(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Signing in again first, as before a release: whoever is taken back can freeze again."""
    ticket, contact = TicketId(ticket_id), ContactId(contact_id)
    page = _decision(request, house, ticket, contact, by)
    form = filled_in(await our_form(request), ConfirmationForm)
    if form is None:
        return await page.incomplete(act="reinstate")
    seen = form.seen
    work = page.after_proving(
        form, lambda proved: reinstating.confirm(house, ticket, contact, by=proved, seen=seen)
    )
    return await page.done_or_told(work, act="reinstate")


@post(
    "/console/tickets/{ticket_id:uuid}/contacts/{contact_id:uuid}/reinstatement/rejection",
    include_in_schema=False,
    dependencies=BY,
)
async def reject_reinstatement(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, contact = TicketId(ticket_id), ContactId(contact_id)
    page = _decision(request, house, ticket, contact, by)
    fields = await our_form(request)
    form = filled_in(fields, RejectionForm)
    if form is None:
        return await page.incomplete(act="reject", typed=fields)
    work = reinstating.reject(house, ticket, contact, form.because, by=by)
    return await page.done_or_told(work, act="reinstate", typed=fields)


@post(
    "/console/tickets/{ticket_id:uuid}/devices/{device_id:uuid}/clearing",
    include_in_schema=False,
    dependencies=BY,
)
async def clear_device(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    device_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = cleared_devices.clear(house, ticket, DeviceId(device_id), by=by)
    return await done_or_told(request, house, ticket, by, work, act="clear")


def _decision(
    request: AnyRequest, house: House, ticket_id: TicketId, contact_id: ContactId, by: SignedIn
) -> Decision:
    return Decision(
        request=request,
        house=house,
        ticket_id=ticket_id,
        by=by,
        template="reinstatement.html",
        see=lambda: reinstatement_seen.see(house, ticket_id, contact_id, by=by),
    )
