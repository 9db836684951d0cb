"""Who it is: a code for the owner, a line that the carrier replaced, and the checklist."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from domain.ids import AddressId, DeviceId, TicketId
from domain.tickets import CheckAnswer
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import evidence, owner_codes
from service.operations.agents import SignedIn
from service.operations.evidence import Answers, ReplacedLine
from service.operations.house import House
from service.pages import AnyRequest, our_form

# Before the id of each device in the checklist's one form.
DEVICE: Final = "device-"


class CodeForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    address: UUID


class LineForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # No other proof can be written down by hand.
    kind: Literal["replaced-line"]
    address: UUID
    # As a clock on the wall shows it, in the wallet's zone.
    replaced_at: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$")]
    # A fact that nobody can look up is a tick, and a tick is no proof.
    source: Annotated[str, Meta(pattern=r"\S", max_length=200)]
    key: UUID


class ChecklistForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    looked_at: datetime
    changes: Literal["reviewed"] | None = None
    tries: Literal["reviewed"] | None = None
    devices: dict[UUID, Literal["in-hand", "not-back"]] = {}


@post("/console/tickets/{ticket_id:uuid}/owner-code", include_in_schema=False, dependencies=BY)
async def ask_code(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    form = filled_in(await our_form(request), CodeForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="owner-code")
    work = owner_codes.ask(house, ticket, AddressId(form.address), by=by)
    return await done_or_told(request, house, ticket, by, work, act="owner-code")


@post("/console/tickets/{ticket_id:uuid}/proofs", include_in_schema=False, dependencies=BY)
async def record_line(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, LineForm)
    line = _line(form) if form is not None else None
    if form is None or line is None:
        return await incomplete(request, house, ticket, by, act="prove", typed=fields)
    work = evidence.record_line(house, ticket, line, by=by, key=str(form.key))
    return await done_or_told(request, house, ticket, by, work, act="prove", typed=fields)


@post("/console/tickets/{ticket_id:uuid}/checklist", include_in_schema=False, dependencies=BY)
async def fill_in(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = _checklist(fields)
    if form is None:
        return await incomplete(request, house, ticket, by, act="check", typed=fields)
    answers = Answers(
        looked_at=form.looked_at,
        changes=form.changes is not None,
        tries=form.tries is not None,
        devices={DeviceId(one): CheckAnswer(said) for one, said in form.devices.items()},
    )
    work = evidence.fill_in(house, ticket, answers, by=by)
    return await done_or_told(request, house, ticket, by, work, act="check", typed=fields)


def _line(form: LineForm) -> ReplacedLine | None:
    try:
        on_the_wall = datetime.fromisoformat(form.replaced_at)
    except ValueError:
        return None
    return ReplacedLine(
        address_id=AddressId(form.address), replaced_at=on_the_wall, reference=form.source
    )


def _checklist(fields: dict[str, str]) -> ChecklistForm | None:
    """The one form with all items: as many fields as there are devices."""
    devices = {
        name.removeprefix(DEVICE): said for name, said in fields.items() if name.startswith(DEVICE)
    }
    rest = {name: said for name, said in fields.items() if not name.startswith(DEVICE)}
    rest.pop("made_at", None)
    try:
        form = msgspec.convert({**rest, "devices": devices}, ChecklistForm, strict=False)
    except msgspec.ValidationError:
        return None
    # An instant without its zone is none.
    return form if form.looked_at.tzinfo is not None else None


ROUTES: Final = (ask_code, record_line, fill_in)
