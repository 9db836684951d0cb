"""Writing to the owner or to a reporter: fixed messages, read in both languages before one goes."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Meta, Struct

from domain.ids import ContactId, TicketId
from domain.refusals import NotFound, Refused
from domain.tickets import LONGEST_OWN_LINE, ContactReply, OwnerReply
from service.console.frame import Me, language_of, language_said, me, show
from service.console.ticket import BY, filled_in
from service.operations import composing, desk_messages
from service.operations.agents import SignedIn
from service.operations.composing import Composing
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS

_OWNER: Final = "owner"


class ToOwnerForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reply: OwnerReply
    # Longer than allowed: the rule counts what is left once spaces are folded.
    own_line: Annotated[str, Meta(max_length=4 * LONGEST_OWN_LINE)] = ""
    key: UUID


class ToContactForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reply: ContactReply
    key: UUID


class Told(Struct, frozen=True, kw_only=True):
    """To whom, and what came of the last press."""

    # None: the owner.
    to: ContactId | None
    refusal: str = ""
    typed: Mapping[str, str] = {}
    status: int = HTTP_200_OK


class MessagesPage(Struct, frozen=True, kw_only=True):
    """console/messages.html"""

    me: Me
    seen: Composing
    # In the agent's words.
    language: str
    to: str
    refusal: str
    typed: Mapping[str, str]
    key: str


@get("/console/tickets/{ticket_id:uuid}/messages", include_in_schema=False, dependencies=BY)
async def compose(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    return await _page(request, house, TicketId(ticket_id), by, Told(to=_recipient(request)))


@post("/console/tickets/{ticket_id:uuid}/messages", include_in_schema=False, dependencies=BY)
async def write(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, to = TicketId(ticket_id), _recipient(request)
    fields = await our_form(request)
    form = filled_in(fields, ToOwnerForm if to is None else ToContactForm)
    if form is None:
        told = Told(to=to, refusal="incomplete", typed=fields, status=HTTP_422_UNPROCESSABLE_ENTITY)
        return await _page(request, house, ticket, by, told)
    line = form.own_line if isinstance(form, ToOwnerForm) else ""
    try:
        await desk_messages.write(
            house, ticket, to, form.reply, own_line=line, key=str(form.key), by=by
        )
    except NotFound:
        raise
    except Refused as refusal:
        told = Told(to=to, refusal=refusal.code, typed=fields, status=STATUS[type(refusal)])
        return await _page(request, house, ticket, by, told)
    return go(f"/console/tickets/{ticket}?done=write")


def _recipient(request: AnyRequest) -> ContactId | None:
    """Whom the address names: the owner, or a contact by their id. NotFound for anything else."""
    named = request.query_params.get("to", _OWNER)
    if named == _OWNER:
        return None
    try:
        return ContactId(UUID(named))
    except ValueError:
        raise NotFound from None


async def _page(
    request: AnyRequest,
    house: House,
    ticket: TicketId,
    by: SignedIn,
    told: Told,
) -> Response[Any]:
    seen = await composing.compose(house, ticket, told.to, by=by)
    language = language_of(by)
    shown = MessagesPage(
        me=me(by),
        seen=seen,
        language=language_said(seen.language, language),
        to=_OWNER if told.to is None else str(told.to),
        refusal=told.refusal,
        typed=told.typed,
        key=str(uuid4()),
    )
    return show(
        request,
        "messages.html",
        shown,
        language=language,
        time_zone=seen.wallet.time_zone,
        now=seen.now,
        status=told.status,
    )
