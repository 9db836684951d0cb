"""Serving a small web application to this machine alone, until asked to stop."""

import asyncio
import logging
import signal
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Content-Security-Policy": (
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
            "img-src 'self' data:; connect-src 'self'; base-uri 'self'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)


def door(port: int) -> Middleware:
    """Middleware: only this machine's own names, and forms only from our own pages.

    A page elsewhere may point its name at this machine (DNS rebinding) or post forms here.
    """
    hosts = {f"localhost:{port}", f"127.0.0.1:{port}"}

    @web.middleware
    async def at_the_door(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        ours = origin is None or origin.removeprefix("http://") in hosts
        if request.host not in hosts or not (ours or request.method in {"GET", "HEAD"}):
            raise web.HTTPForbidden(text="This demo answers its own pages only.\n")
        response = await handler(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return at_the_door


async def serve_until_stopped(app: web.Application, port: int) -> None:
    """Listen on the loopback address until SIGTERM or SIGINT, or leave if that cannot be."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    try:
        try:
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", port).start()
        except OSError as taken:
            raise SystemExit(f"ERROR {taken.strerror}") from None
        await asked.wait()
    finally:
        await runner.cleanup()
