"""What changes in the queue, as it happens: server-sent events that hold ids, kinds, and
the names of colleagues who look at a ticket."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec
from litestar import get
from litestar.di import NamedDependency
from litestar.response import Stream

from domain.refusals import PageExpired
from service.console.frame import AGENT_COOKIE
from service.operations import presence
from service.operations.house import House
from service.operations.watching import Told, Watching
from service.pages import AnyRequest

LIVE: Final = "/console/live"
# Every snapshot has the same beginning as one of ours, or is answered as too old.
_ENDED: Final = Told(since="", tickets={}, ended=True)


@get(LIVE, include_in_schema=False)
async def live(request: AnyRequest, house: NamedDependency[House]) -> Stream:
    """Events from `since` on, which a page was made with, or from the last one this browser had.

    Keeps no session alive, and ends with it. Raises TooManyWatch.
    """
    cookie = request.cookies.get(AGENT_COOKIE, "")
    try:
        by = await presence.at_the_screen(house, cookie)
    except PageExpired:
        # A redirect would look like a broken line to the script, which would try for ever.
        return _stream(_once(_ENDED))
    since = request.headers.get("last-event-id") or request.query_params.get("since", "")
    watching: Watching = request.app.state.watching
    told = watching.watch(by, since)
    # Here, where a refusal can still be said with its status.
    first = await anext(told, None)
    return _stream(_after(first, told))


def _stream(events: AsyncGenerator[bytes]) -> Stream:
    # Some proxies collect what is small; this header asks nginx not to.
    return Stream(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _once(told: Told) -> AsyncGenerator[bytes]:
    yield _event(told)


async def _after(first: Told | None, told: AsyncGenerator[Told]) -> AsyncGenerator[bytes]:
    try:
        if first is not None:
            yield _event(first)
            async for one in told:
                yield _event(one)
    finally:
        await told.aclose()


def _event(told: Told) -> bytes:
    lines = [f"event: {_name(told)}", f"data: {_body(told)}", "", ""]
    if told.since:
        lines.insert(0, f"id: {told.since}")
    return "\n".join(lines).encode()


def _name(told: Told) -> str:
    if told.ended:
        return "ended"
    return "changed" if told.tickets or told.looking or told.too_much else "beat"


def _body(told: Told) -> str:
    body: dict[str, Any] = {"tickets": {str(one): what for one, what in told.tickets.items()}}
    if told.looking or told.looking_is_all:
        body["looking"] = {str(one): names for one, names in told.looking.items()}
    if told.looking_is_all:
        body["looking_is_all"] = True
    if told.too_much:
        body["too_much"] = True
    return msgspec.json.encode(body).decode()
