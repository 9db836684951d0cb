"""A wallet's receiver: a real HTTP server on loopback that answers as a test wants it to."""

import asyncio
import hmac
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

Answering = Callable[["Heard", web.Request], Awaitable[web.StreamResponse]]


class Heard(Struct, frozen=True, kw_only=True):
    """One request, exactly as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def told(self) -> dict[str, Any]:
        return msgspec.json.decode(self.body)

    def is_signed(self, secret: str) -> bool:
        """Written after the specification's text, with nothing of the service's own."""
        content = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        mac = hmac.new(b64decode(secret.split("_", 1)[1]), content, sha256).digest()
        expected = "v1," + b64encode(mac).decode()
        given = self.headers["webhook-signature"].split(" ")
        return any(hmac.compare_digest(one, expected) for one in given)


class Receiver:
    """Keeps all that it hears; `answering` decides what it says."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []
        self.port = 0
        self.open = 0
        self.most_open = 0
        self.came = asyncio.Event()
        self.answering: Answering = ok

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def times(self) -> Counter[str]:
        """How often each was sent."""
        return Counter(one.id for one in self.heard)

    def told(self) -> list[tuple[str, int | None]]:
        """What was told, in the order in which it came."""
        return [(one.told["type"], one.told["data"].get("version")) for one in self.heard]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        heard = Heard(headers=headers, body=await request.read())
        self.heard.append(heard)
        self.came.set()
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            return await self.answering(heard, request)
        finally:
            self.open -= 1


async def ok(_: Heard, __: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


def always(status: int, **headers: str) -> Answering:
    """The same to everything."""

    async def answer(_: Heard, __: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, headers=named, text="whatever it says")

    return answer


@asynccontextmanager
async def a_receiver(answering: Answering = ok) -> AsyncGenerator[Receiver]:
    receiver = Receiver()
    receiver.answering = answering
    app = web.Application(client_max_size=2**20)
    app.router.add_route("*", "/{path:.*}", receiver.handle)
    # It is closed while some of its answers hang on purpose.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
