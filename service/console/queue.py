"""The queue's page: views and filters in the address, and a page of rows."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.access import Role
from domain.refusals import NotFound
from domain.tickets import Stage
from service.console.choices import Choices, read
from service.console.frame import (
    QUEUE,
    Me,
    country_said,
    language_of,
    language_said,
    me,
    show,
    signed_in,
    to_the_second,
    zone_of,
)
from service.operations import desk
from service.operations.agents import SignedIn
from service.operations.desk import QueueRow
from service.operations.house import House
from service.operations.queue import Queue
from service.pages import AnyRequest, go
from service.problems import STATUS
from service.storage.queue import View
from service.wording import zone_said

_LONGEST_SHOWN: Final = 40
_DONE: Final = frozenset({"skip"})
_NO: Final = frozenset({"level-too-low"})


class ViewLink(Struct, frozen=True, kw_only=True):
    """A view, and how many tickets stand in it: None where nobody counts them."""

    view: View
    href: str
    count: int | None
    current: bool


class QueuePage(Struct, frozen=True, kw_only=True):
    me: Me
    rows: tuple[QueueRow, ...]
    views: tuple[ViewLink, ...]
    view: View
    late: int
    wallets: tuple[str, ...]
    choices: Choices
    # What there is to choose from: value and the agent's word for it.
    wallet_options: tuple[tuple[str, str], ...]
    country_options: tuple[tuple[str, str], ...]
    language_options: tuple[tuple[str, str], ...]
    stage_options: tuple[str, ...]
    assignee_options: tuple[tuple[str, str], ...]
    # The agent's words for the codes of countries and languages.
    countries: Mapping[str, str]
    languages: Mapping[str, str]
    # The list is as old as this, to the second; changes after `snapshot` are news.
    as_of: str
    zone: str
    snapshot: str
    # The same list anew, from its first page; the next page, or None.
    here: str
    next_page: str | None
    may_work: bool
    done: str
    no: str
    # A pasted reference that no ticket was found for.
    searched: str | None = None


@get(QUEUE, include_in_schema=False, dependencies={"by": Provide(signed_in)})
async def show_queue(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    return await _queue(request, house, by)


@get("/console/find", include_in_schema=False, dependencies={"by": Provide(signed_in)})
async def find(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    """A pasted reference finds its ticket; one that is misread or foreign finds the queue."""
    typed = request.query_params.get("reference", "")
    try:
        ticket_id = await desk.find_ticket(house, typed, by)
    except NotFound:
        return await _queue(request, house, by, searched=typed.strip()[:_LONGEST_SHOWN])
    return go(f"/console/tickets/{ticket_id}")


async def _queue(
    request: AnyRequest, house: House, by: SignedIn, searched: str | None = None
) -> Response[str]:
    typed: dict[str, str] = dict(request.query_params) if searched is None else {}
    wallets = await desk.wallets_of(house, by)
    choices, asked = read(typed, by.agent, wallets)
    queue = await desk.see_queue(house, by, asked)
    language = language_of(by)
    shown = _page(queue, choices, by, language=language, typed=typed, searched=searched)
    return show(
        request,
        "queue.html",
        shown,
        language=language,
        time_zone=zone_of(queue.wallets),
        now=queue.now,
        status=HTTP_200_OK if searched is None else STATUS[NotFound],
    )


def _page(
    queue: Queue,
    choices: Choices,
    by: SignedIn,
    *,
    language: str,
    typed: Mapping[str, str],
    searched: str | None,
) -> QueuePage:
    zone = zone_of(queue.wallets)
    countries = {w.country: country_said(w.country, language) for w in queue.wallets}
    spoken = {code for w in queue.wallets for code in w.languages}
    spoken |= {row.language for row in queue.rows}
    languages = {code: language_said(code, language) for code in sorted(spoken)}
    names = sorted((name, str(one)) for one, name in queue.assignees.items())
    return QueuePage(
        me=me(by),
        rows=queue.rows,
        views=tuple(_links(queue, choices)),
        view=choices.view,
        late=queue.late,
        wallets=tuple(wallet.name for wallet in queue.wallets),
        choices=choices,
        wallet_options=tuple((str(w.id), w.name) for w in queue.wallets),
        country_options=tuple(countries.items()),
        language_options=tuple(languages.items()),
        stage_options=tuple(stage.value for stage in Stage),
        assignee_options=tuple((value, name) for name, value in names),
        countries=countries,
        languages=languages,
        as_of=to_the_second(queue.now, time_zone=zone, language=language),
        zone=zone_said(zone, language),
        snapshot=queue.snapshot,
        here=choices.path(),
        next_page=choices.path(after=queue.after) if queue.after is not None else None,
        may_work=by.agent.role is Role.AGENT,
        done=typed.get("done", "") if typed.get("done") in _DONE else "",
        no=typed.get("no", "") if typed.get("no") in _NO else "",
        searched=searched,
    )


def _links(queue: Queue, choices: Choices) -> list[ViewLink]:
    """Filters go along from one view to the next."""
    shown = [view for view in View if view in queue.counts or view in (View.NEXT, View.CLOSED)]
    return [
        ViewLink(
            view=view,
            href=choices.path(view=view),
            count=queue.counts.get(view),
            current=view is choices.view,
        )
        for view in shown
    ]
