"""An account that stays frozen for now: proposed, looked at again. A release, looked at again."""

from typing import Annotated, Any, Literal
from uuid import UUID

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Meta, Struct

from domain.ids import ReleaseReviewId, TicketId
from domain.tickets import Finding, KeepReason, ToBring
from service.console.ticket import BY, done_or_told, filled_in, incomplete
from service.operations import keeping_frozen, release_reviews
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.release_reviews import LONGEST
from service.pages import AnyRequest, our_form

_Ticked = Literal["yes"] | None


class KeepingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: KeepReason
    seen: int
    identity_document: _Ticked = None
    recovery_card: _Ticked = None
    replaced_line: _Ticked = None
    police_report: _Ticked = None

    @property
    def to_bring(self) -> tuple[ToBring, ...]:
        return tuple(one for one in ToBring if getattr(self, one.value.replace("-", "_")))


class ReviewForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    keeps: bool
    seen: int


class FindingForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    review: UUID
    finding: Finding
    words: Annotated[str, Meta(max_length=LONGEST)] = ""


@post("/console/tickets/{ticket_id:uuid}/keeping", include_in_schema=False, dependencies=BY)
async def propose_keeping(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, KeepingForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="keep", typed=fields)
    work = keeping_frozen.propose(
        house, ticket, reason=form.reason, to_bring=form.to_bring, by=by, seen=form.seen
    )
    return await done_or_told(request, house, ticket, by, work, act="keep", typed=fields)


@post("/console/tickets/{ticket_id:uuid}/keeping-review", include_in_schema=False, dependencies=BY)
async def review_keeping(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    form = filled_in(await our_form(request), ReviewForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="review")
    work = keeping_frozen.review(house, ticket, keeps=form.keeps, by=by, seen=form.seen)
    return await done_or_told(request, house, ticket, by, work, act="review")


@post("/console/tickets/{ticket_id:uuid}/release-review", include_in_schema=False, dependencies=BY)
async def review_release(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    ticket = TicketId(ticket_id)
    fields = await our_form(request)
    form = filled_in(fields, FindingForm)
    if form is None:
        return await incomplete(request, house, ticket, by, act="finding", typed=fields)
    work = release_reviews.find(
        house, ticket, ReleaseReviewId(form.review), form.finding, form.words, by=by
    )
    return await done_or_told(request, house, ticket, by, work, act="finding", typed=fields)
