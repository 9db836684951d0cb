"""An owner who does not feel safe: pages for trained agents. To anyone else they do not exist."""

from collections.abc import Awaitable, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Meta, Struct

from domain.ids import AgentId, ContactId, TicketId
from domain.refusals import NotFound, Refused
from service.console.frame import QUEUE, Me, language_of, language_said, me
from service.console.frame import show as show_page
from service.console.serving import SkipForm
from service.console.ticket import BY, filled_in
from service.console.work import HandOverForm
from service.operations import next_ticket, safety
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.safety import SafetySeen
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS
from service.wording import zone_said

# To nobody: back to those who are trained.
_QUEUE: Final = "queue"
# Nothing was typed.
_NOTHING: Final[Mapping[str, str]] = {}


class NoteForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    words: Annotated[str, Meta(pattern=r"\S", max_length=2000)]


class Told(Struct, frozen=True, kw_only=True):
    """What came of the last press."""

    # What was just done: "note", "hand-over", "remove", "close" or "".
    done: str = ""
    # What was refused, with which code, and what the form held.
    act: str = ""
    refusal: str = ""
    words: str = ""
    typed: Mapping[str, str] = {}


class SafetyPage(Told, frozen=True, kw_only=True):
    """console/safety.html"""

    me: Me
    seen: SafetySeen
    language: str
    zone: str


@get("/console/safety/{ticket_id:uuid}", include_in_schema=False, dependencies=BY)
async def show(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    told = Told(done=request.query_params.get("done", ""))
    return await _page(request, house, TicketId(ticket_id), by, told)


@post("/console/safety/{ticket_id:uuid}/notes", include_in_schema=False, dependencies=BY)
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
        told = Told(act="note", refusal="incomplete", words=fields.get("words", ""))
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return await _page(request, house, ticket, by, told, status=status)
    work = safety.add_note(house, ticket, form.words, by=by)
    held = form.words
    return await _done_or_told(request, house, ticket, by, work, act="note", words=held)


@post("/console/safety/{ticket_id:uuid}/hand-over", include_in_schema=False, dependencies=BY)
async def hand_over(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """To a colleague who is trained too, or back to the queue."""
    ticket, fields = TicketId(ticket_id), await our_form(request)
    form = filled_in(fields, HandOverForm)
    if form is None:
        told = Told(act="hand-over", refusal="incomplete", typed=fields)
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return await _page(request, house, ticket, by, told, status=status)
    to = None if form.to == _QUEUE else AgentId(UUID(form.to))
    work = safety.hand_over(house, ticket, to, note=form.note, by=by, seen=form.seen)
    return await _done_or_told(request, house, ticket, by, work, act="hand-over", typed=fields)


@post(
    "/console/safety/{ticket_id:uuid}/contacts/{contact_id:uuid}/removal",
    include_in_schema=False,
    dependencies=BY,
)
async def remove_contact(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """At once and silent."""
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = safety.remove_contact(house, ticket, ContactId(contact_id), by=by)
    return await _done_or_told(request, house, ticket, by, work, act="remove")


@post("/console/safety/{ticket_id:uuid}/closing", include_in_schema=False, dependencies=BY)
async def close(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    ticket = TicketId(ticket_id)
    work = safety.close(house, ticket, by=by)
    return await _done_or_told(request, house, ticket, by, work, act="close")


@post("/console/safety/{ticket_id:uuid}/skip", include_in_schema=False, dependencies=BY)
async def skip(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Somebody else who is trained goes on with it."""
    ticket, fields = TicketId(ticket_id), await our_form(request)
    form = filled_in(fields, SkipForm)
    if form is None:
        told = Told(act="skip", refusal="incomplete", typed=fields)
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return await _page(request, house, ticket, by, told, status=status)
    work = next_ticket.skip(house, ticket, reason=form.reason, words=form.words, by=by)
    told = await _done_or_told(request, house, ticket, by, work, act="skip", typed=fields)
    return go(f"{QUEUE}?done=skip") if isinstance(told, Redirect) else told


@get(
    [
        "/console/safety/{ticket_id:uuid}/skip",
        "/console/safety/{ticket_id:uuid}/hand-over",
        "/console/safety/{ticket_id:uuid}/notes",
        "/console/safety/{ticket_id:uuid}/closing",
    ],
    include_in_schema=False,
    dependencies=BY,
)
async def back(ticket_id: FromPath[UUID], by: NamedDependency[SignedIn]) -> Redirect:
    """Where a reloaded answer to a refused form comes to."""
    if not by.agent.trained_for_safety:
        raise NotFound
    return go(path_of(TicketId(ticket_id)))


def path_of(ticket_id: TicketId) -> str:
    return f"/console/safety/{ticket_id}"


async def _done_or_told(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    work: Awaitable[object],
    *,
    act: str,
    words: str = "",
    typed: Mapping[str, str] = _NOTHING,
) -> Response[Any]:
    try:
        await work
    except NotFound:
        raise
    except Refused as refusal:
        told = Told(act=act, refusal=refusal.code, words=words, typed=typed)
        return await _page(request, house, ticket_id, by, told, status=STATUS[type(refusal)])
    return go(f"{path_of(ticket_id)}?done={act}")


async def _page(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    by: SignedIn,
    told: Told,
    *,
    status: int = HTTP_200_OK,
) -> Response[str]:
    seen = await safety.see(house, ticket_id, by=by)
    language, zone = language_of(by), seen.wallet.time_zone
    shown = SafetyPage(
        me=me(by),
        seen=seen,
        language=language_said(seen.language, language),
        zone=zone_said(zone, language),
        done=told.done,
        act=told.act,
        refusal=told.refusal,
        words=told.words,
        typed=told.typed,
    )
    return show_page(
        request,
        "safety.html",
        shown,
        language=language,
        time_zone=zone,
        now=seen.now,
        status=status,
    )
