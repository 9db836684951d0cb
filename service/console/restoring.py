"""What the verified owner decides: removals that stood still, people taken back, devices found."""

from typing import Any, Literal
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from domain.contacts import StaysSuspended
from domain.ids import ContactId, DeviceId, TicketId
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import cleared_devices, reinstating, tickets
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, our_form


class RemovalForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Literal["goes-on", "stays"]


class ReinstatementForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    decision: Literal["propose", "confirm", "reject"]
    # Only with a no.
    because: StaysSuspended | None = None


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
async def reinstate(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, contact = TicketId(ticket_id), ContactId(contact_id)
    form = filled_in(await our_form(request), ReinstatementForm)
    if form is None or (form.decision == "reject" and form.because is None):
        return await incomplete(request, house, ticket, by, act="reinstate")
    if form.decision == "reject" and form.because is not None:
        work = reinstating.reject(house, ticket, contact, form.because, by=by)
    else:
        act = reinstating.propose if form.decision == "propose" else reinstating.confirm
        work = act(house, ticket, contact, by=by)
    return await done_or_told(request, house, ticket, by, work, act="reinstate")


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
