"""What waits: every open ticket of the wallets the agent serves, most urgent first."""

from collections.abc import Mapping
from typing import Any

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.refusals import NotFound
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
from service.pages import AnyRequest, go
from service.problems import STATUS
from service.wording import zone_said

_LONGEST_SHOWN = 40


class QueuePage(Struct, frozen=True, kw_only=True):
    me: Me
    rows: tuple[QueueRow, ...]
    wallets: tuple[str, ...]
    # The agent's words for the codes of countries and languages.
    countries: Mapping[str, str]
    languages: Mapping[str, str]
    # The list is as old as this, to the second.
    as_of: str
    zone: str
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
    queue = await desk.see_queue(house, by)
    language = language_of(by)
    zone = zone_of(queue.wallets)
    shown = QueuePage(
        me=me(by),
        rows=queue.rows,
        wallets=tuple(wallet.name for wallet in queue.wallets),
        countries={w.country: country_said(w.country, language) for w in queue.wallets},
        languages={row.language: language_said(row.language, language) for row in queue.rows},
        as_of=to_the_second(queue.now, time_zone=zone, language=language),
        zone=zone_said(zone, language),
        searched=searched,
    )
    status = HTTP_200_OK if searched is None else STATUS[NotFound]
    return show(
        request,
        "queue.html",
        shown,
        language=language,
        time_zone=zone,
        now=queue.now,
        status=status,
    )
