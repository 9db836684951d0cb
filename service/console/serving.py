"""The next ticket, passing one over, and saying that one is being looked at."""

from typing import Any, Final
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.ids import TicketId
from domain.refusals import NotFound, PageExpired, Refused
from domain.tickets import SkipReason
from service.console.frame import AGENT_COOKIE, QUEUE
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import next_ticket, presence
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.presence import Looking
from service.pages import AnyRequest, go, our_form

NEXT: Final = "/console/next"


class SkipForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: SkipReason
    words: str = ""


class PresenceForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # "1" when the page is closed.
    leaves: str = ""


@post(NEXT, include_in_schema=False, dependencies=BY)
async def take(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    """To the most urgent ticket, which is this agent's from now on; or to a page that says that
    nothing waits for them."""
    await our_form(request)
    try:
        ticket_id = await next_ticket.take(house, by)
    except Refused as refusal:
        return go(f"{QUEUE}?no={refusal.code}")
    return go(f"{QUEUE}?view=next" if ticket_id is None else f"/console/tickets/{ticket_id}")


@post("/console/tickets/{ticket_id:uuid}/skip", include_in_schema=False, dependencies=BY)
async def skip(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket, fields = TicketId(ticket_id), await our_form(request)
    form = filled_in(fields, SkipForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="skip", typed=fields)
    work = next_ticket.skip(house, ticket, reason=form.reason, words=form.words, by=by)
    told = await done_or_told(request, house, ticket, by, work, act="skip", typed=fields)
    # Passed over: there is nothing more to do on its page.
    return go(f"{QUEUE}?done=skip") if isinstance(told, Redirect) else told


@post(
    "/console/tickets/{ticket_id:uuid}/presence", include_in_schema=False, status_code=HTTP_200_OK
)
async def say_presence(
    request: AnyRequest, ticket_id: FromPath[UUID], house: NamedDependency[House]
) -> Looking:
    """A script's own request: it keeps no session alive, and hears who else is there and whether
    there is more to show."""
    fields = await our_form(request)
    form = filled_in(fields, PresenceForm)
    cookie = request.cookies.get(AGENT_COOKIE)
    if not cookie:
        raise PageExpired
    by = await presence.at_the_screen(house, cookie)
    if form is None:
        raise NotFound
    if form.leaves:
        await presence.leave(house, TicketId(ticket_id), by)
        return Looking(others=())
    return await presence.say(house, TicketId(ticket_id), by)
