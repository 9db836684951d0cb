"""The supervisor's board, and giving tickets to somebody else right there."""

import re
from collections.abc import Collection, Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_409_CONFLICT,
    HTTP_422_UNPROCESSABLE_ENTITY,
)
from msgspec import Meta, Struct

from domain.ids import AgentId, TicketId
from domain.refusals import NotFound, Refused
from domain.tickets import Stage
from service.console.frame import (
    Me,
    language_of,
    language_said,
    me,
    show,
    to_the_second,
    zone_of,
)
from service.console.meanwhile import happened_since
from service.console.ticket import BY, filled_in
from service.operations import board, desk, reassigning
from service.operations.agents import SignedIn
from service.operations.board import OPEN_STAGES, Board
from service.operations.house import House
from service.operations.reassigning import LONGEST_REASON, NotGiven
from service.operations.ticket_page import TicketSeen
from service.operations.timeline import Happened
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS
from service.wording import zone_said

PATH: Final = "/console/board"
_QUEUE: Final = "queue"
_ALL: Final = "all"
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ROW: Final = re.compile(rf"ticket-({_ID})=([0-9]{{1,9}})")

_To = Annotated[str, Meta(pattern=rf"^(?:{_QUEUE}|{_ID})$")]
_Reason = Annotated[str, Meta(pattern=r"\S", max_length=LONGEST_REASON)]


class ReassigningForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # An agent's id, or back to the queue.
    to: _To
    reason: _Reason
    seen: int
    # What the row said, so that a refusal can say it beside what is so now: the stage's place among
    # the board's, and who had it.
    stage: Annotated[int, Meta(ge=0, lt=len(OPEN_STAGES))]
    level: Annotated[int, Meta(ge=1, le=4)]
    had: Annotated[str, Meta(pattern=rf"^(?:{_ID})?$")]


class ReassigningAllForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Beside them a field for each chosen ticket: its id, and the version that was seen."""

    to: _To
    reason: _Reason


class Saw(Struct, frozen=True, kw_only=True):
    """A ticket as its row showed it."""

    stage: Stage
    level: int
    # Empty: nobody; None: somebody who does not work there any more.
    had: str | None
    # Who was to get it, in the same words.
    to: str | None


class Told(Struct, frozen=True, kw_only=True):
    """What came of the last press."""

    # The ticket that was given, or "all"; believed only where the ticket agrees.
    given: str = ""
    # Whose form was refused (a ticket's or an agent's id), with which code, and what it held.
    about: str = ""
    refusal: str = ""
    typed: Mapping[str, str] = {}
    # Of a single ticket: as the row showed it, as it is, and what happened in between.
    saw: Saw | None = None
    ticket: TicketSeen | None = None
    since: tuple[Happened, ...] = ()
    # Of several: those that stay.
    left: tuple[NotGiven, ...] = ()


class BoardPage(Struct, frozen=True, kw_only=True):
    me: Me
    board: Board
    # How many tickets stand at a stage and level, by "stage/level"; a stage's sum by "stage".
    counts: Mapping[str, int]
    # The agent's words for languages, by code.
    languages: Mapping[str, str]
    as_of: str
    zone: str
    told: Told

    @property
    def refusal(self) -> str:
        return self.told.refusal


@get(PATH, include_in_schema=False, dependencies=BY)
async def show_board(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    given = request.query_params.get("given", "")
    asked = (TicketId(UUID(given)),) if re.fullmatch(_ID, given) else ()
    return await _board(request, house, by, Told(given=given), asked=asked)


@post(f"{PATH}/tickets/{{ticket_id:uuid}}/reassignment", include_in_schema=False, dependencies=BY)
async def reassign(
    request: AnyRequest,
    ticket_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    fields = await our_form(request)
    form = filled_in(fields, ReassigningForm)
    if form is None:
        return await _incomplete(request, house, by, about=ticket_id, typed=fields)
    ticket = TicketId(ticket_id)
    to = _taker(form.to)
    try:
        await reassigning.reassign(house, ticket, to, reason=form.reason, by=by, seen=form.seen)
    except NotFound:
        raise
    except Refused as refusal:
        told = await _refused(request, house, by, ticket_id=ticket, form=form, code=refusal.code)
        return await _board(request, house, by, told, status=STATUS[type(refusal)])
    return go(f"{PATH}?given={ticket}")


@post(f"{PATH}/agents/{{agent_id:uuid}}/reassignment", include_in_schema=False, dependencies=BY)
async def reassign_all(
    request: AnyRequest,
    agent_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    fields = await our_form(request)
    chosen, others = _chosen(fields)
    form = filled_in(others, ReassigningAllForm)
    if form is None or not chosen:
        return await _incomplete(request, house, by, about=agent_id, typed=fields)
    to = _taker(form.to)
    left = await reassigning.reassign_all(house, chosen, to, reason=form.reason, by=by)
    if not left:
        return go(f"{PATH}?given={_ALL}")
    told = Told(about=str(agent_id), refusal=left[0].code, typed=fields, left=left)
    asked = tuple(one.ticket_id for one in left)
    return await _board(request, house, by, told, asked=asked, status=HTTP_409_CONFLICT)


def _chosen(fields: Mapping[str, str]) -> tuple[dict[TicketId, int], dict[str, str]]:
    """The tickets that were ticked, each with the version that was seen; and the other fields."""
    chosen: dict[TicketId, int] = {}
    others: dict[str, str] = {}
    for name, value in fields.items():
        found = _ROW.fullmatch(f"{name}={value}")
        if found is None:
            others[name] = value
        else:
            chosen[TicketId(UUID(found[1]))] = int(found[2])
    return chosen, others


def _taker(to: str) -> AgentId | None:
    return None if to == _QUEUE else AgentId(UUID(to))


async def _refused(
    request: AnyRequest,
    house: House,
    by: SignedIn,
    *,
    ticket_id: TicketId,
    form: ReassigningForm,
    code: str,
) -> Told:
    """Both versions: what the supervisor had before their eyes, and what somebody made of it."""
    seen = await desk.see_ticket(house, ticket_id, by)

    async def named(agent_id: AgentId | None) -> str | None:
        if agent_id is None:
            return ""
        return await reassigning.name_at_the_desk(house, seen.wallet.id, agent_id)

    had = await named(AgentId(UUID(form.had)) if form.had else None)
    to = await named(_taker(form.to))
    return Told(
        about=str(ticket_id),
        refusal=code,
        typed={"to": form.to, "reason": form.reason},
        saw=Saw(stage=OPEN_STAGES[form.stage], level=form.level, had=had, to=to),
        ticket=seen,
        since=await happened_since(request, seen),
    )


async def _incomplete(
    request: AnyRequest, house: House, by: SignedIn, *, about: UUID, typed: Mapping[str, str]
) -> Response[Any]:
    told = Told(about=str(about), refusal="incomplete", typed=typed)
    return await _board(request, house, by, told, status=HTTP_422_UNPROCESSABLE_ENTITY)


async def _board(
    request: AnyRequest,
    house: House,
    by: SignedIn,
    told: Told,
    *,
    asked: Collection[TicketId] = (),
    status: int = HTTP_200_OK,
) -> Response[Any]:
    seen = await board.see_board(house, by, asked)
    language, zone = language_of(by), zone_of(tuple(seen.wallets.values()))
    codes = {code for one in seen.on_shift for code in one.speaks}
    shown = BoardPage(
        me=me(by),
        board=seen,
        counts=_counts(seen),
        languages={code: language_said(code, language) for code in codes},
        as_of=to_the_second(seen.now, time_zone=zone, language=language),
        zone=zone_said(zone, language),
        told=told,
    )
    return show(
        request,
        "board.html",
        shown,
        language=language,
        time_zone=zone,
        now=seen.now,
        status=status,
    )


def _counts(seen: Board) -> dict[str, int]:
    counted: dict[str, int] = {}
    for one in seen.counts:
        counted[f"{one.stage}/{one.level}"] = one.tickets
        counted[one.stage] = counted.get(one.stage, 0) + one.tickets
    return counted
