"""The viewer's pages, and its one process.

Environment: VIEWER_PORT, VIEWER_SMTP_PORT, VIEWER_FILE, VIEWER_SMS_ACCOUNT, VIEWER_SMS_TOKEN.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.demo.loopback import door, serve_until_stopped
from service.demo.messages.box import Box, Mailbox
from service.demo.messages.carrier import PATH as CARRIER_PATH
from service.demo.messages.carrier import Carrier, CarrierAccount
from service.demo.messages.post import Postman
from service.demo.messages.reading import as_document, code_in, with_links

_HERE: Final = Path(__file__).parent


def create_app(box: Box, account: CarrierAccount, *, port: int, smtp_port: int) -> web.Application:
    app = web.Application(middlewares=[door(port)], client_max_size=64 * 1024)
    pages = Pages(box)
    app.router.add_get("/", pages.show)
    app.router.add_get("/newest", pages.newest)
    app.router.add_get("/ready", _ready)
    app.router.add_post(CARRIER_PATH, Carrier(box, account).send)
    app.router.add_static("/static/", _HERE / "static")

    async def post_office(_: web.Application) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Postman(box).protocol, "127.0.0.1", smtp_port)
        yield
        server.close()

    app.cleanup_ctx.append(post_office)
    return app


class Pages:
    """One page: whose messages there are on the left, one recipient's on the right."""

    def __init__(self, box: Box) -> None:
        self._box = box
        self._words = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._words.filters.update(FILTERS)

    async def show(self, request: web.Request) -> web.Response:
        mailboxes = self._box.mailboxes()
        asked = request.query.get("to")
        shown = next((box for box in mailboxes if box.address == asked), None)
        page = self._words.get_template("page.html").render(
            mailboxes=mailboxes,
            asked=asked,
            shown=shown or (mailboxes[0] if mailboxes and asked is None else None),
            newest=self._box.newest,
        )
        return web.Response(text=page, content_type="text/html")

    async def newest(self, _: web.Request) -> web.Response:
        return web.json_response({"newest": self._box.newest})


def clock(at: datetime) -> str:
    """The time as a telephone shows it: the day only if it was another one."""
    here = at.astimezone()
    is_today = here.date() == datetime.now(UTC).astimezone().date()
    return f"{here:%H:%M}" if is_today else f"{here:%d %b, %H:%M}"


def face(box: Mailbox) -> str:
    """A letter for the round picture; a telephone has none."""
    return "" if box.address.startswith("+") else box.address[:1].upper()


FILTERS: Final[dict[str, Any]] = {
    "code": code_in,
    "with_links": with_links,
    "document": as_document,
    "clock": clock,
    "face": face,
}


async def _ready(_: web.Request) -> web.Response:
    return web.Response(text="ready\n")


def serve(environment: Mapping[str, str] = os.environ) -> None:
    port = int(environment["VIEWER_PORT"])
    account = CarrierAccount(environment["VIEWER_SMS_ACCOUNT"], environment["VIEWER_SMS_TOKEN"])
    app = create_app(
        Box(Path(environment["VIEWER_FILE"])),
        account,
        port=port,
        smtp_port=int(environment["VIEWER_SMTP_PORT"]),
    )
    asyncio.run(serve_until_stopped(app, port))
