"""An address shown in clear: the form behind each masked one, and the page that shows it once."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Meta, Struct

from domain.ids import TicketId
from domain.refusals import NotFound, Refused, TooMany
from domain.revealing import RevealReason, Whose
from service.console.frame import Me, language_of, me
from service.console.frame import show as show_page
from service.console.ticket import BY, Typed, filled_in
from service.operations import desk, revealing
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.revealing import Asked, Shown
from service.pages import AnyRequest, our_form
from service.problems import STATUS


class RevealForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    whose: Whose
    reason: RevealReason
    words: Annotated[str, Meta(max_length=200)] = ""
    key: UUID


class RevealPage(Struct, frozen=True, kw_only=True):
    me: Me
    here: str
    reference: str
    address_id: UUID
    # None where it was refused, with which code, and for too many from when it is possible again.
    shown: Shown | None = None
    act: str = "reveal"
    refusal: str = ""
    retry_at: datetime | None = None
    danger: bool = False
    typed: Typed = {}
    key: str = ""


@post(
    "/console/tickets/{ticket_id:uuid}/addresses/{address_id:uuid}/reveal",
    include_in_schema=False,
    dependencies=BY,
    status_code=HTTP_200_OK,
)
async def reveal(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    address_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Nothing of it is in the address of the page, and no copy of the page is kept anywhere."""
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, RevealForm)
    if form is None:
        return await _not_shown(request, house, ticket, address_id, by, typed=fields)
    asked = Asked(whose=form.whose, address_id=address_id, reason=form.reason, words=form.words)
    try:
        shown = await revealing.reveal(house, ticket, asked, by=by, key=f"{form.key}/{address_id}")
    except NotFound:
        raise
    except Refused as refusal:
        return await _not_shown(
            request, house, ticket, address_id, by, typed=fields, refusal=refusal
        )
    page = RevealPage(
        me=me(by),
        here=f"/console/tickets/{ticket}",
        reference=shown.reference,
        address_id=address_id,
        shown=shown,
        danger=shown.danger,
    )
    return show_page(
        request,
        "revealed.html",
        page,
        language=language_of(by),
        time_zone=shown.time_zone,
        now=shown.now,
    )


async def _not_shown(
    request: AnyRequest,
    house: House,
    ticket_id: TicketId,
    address_id: UUID,
    by: SignedIn,
    *,
    typed: Typed,
    refusal: Refused | None = None,
) -> Response[Any]:
    """Why not, with what was typed, to be tried again."""
    seen = await desk.see_ticket(house, ticket_id, by)
    page = RevealPage(
        me=me(by),
        here=f"/console/tickets/{ticket_id}",
        reference=seen.ticket.reference,
        address_id=address_id,
        refusal="incomplete" if refusal is None else refusal.code,
        retry_at=refusal.retry_at if isinstance(refusal, TooMany) else None,
        danger=seen.ticket.danger,
        typed=typed,
        key=str(uuid4()),
    )
    return show_page(
        request,
        "revealed.html",
        page,
        language=language_of(by),
        time_zone=seen.wallet.time_zone,
        now=seen.now,
        status=HTTP_422_UNPROCESSABLE_ENTITY if refusal is None else STATUS[type(refusal)],
    )
