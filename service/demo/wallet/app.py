"""Norte's pages, and its one process.

Environment: NORTE_PORT, NORTE_FILE, NORTE_RESGUARDO (origin), NORTE_CLIENT, NORTE_SECRET_FILE,
NORTE_ISSUER (its own origin: who signs its access tokens).
"""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import aiohttp
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from service.demo.loopback import door, serve_until_stopped
from service.demo.wallet.identity import Identity
from service.demo.wallet.kept import Device, Screen, Store
from service.demo.wallet.norte import SUPPORT, Norte, NotSignedIn
from service.demo.wallet.resguardo import NoAnswer, Resguardo
from service.demo.wallet.words import LANGUAGES, Speech, wall_clock

_HERE: Final = Path(__file__).parent
_LANGUAGE: Final = "norte-language"


class Pages:
    def __init__(self, norte: Norte) -> None:
        self._norte = norte
        self._words = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.stage),
            web.get("/ready", self.ready),
            web.get("/.well-known/openid-configuration", self.discovery),
            web.get("/jwks", self.jwks),
            web.get("/hood", self.hood),
            web.get("/devices/{device}/screen", self.screen),
            web.post("/devices/{device}/sign-in", self.sign_in),
            web.post("/devices/{device}/sign-out", self.sign_out),
            web.post("/devices/{device}/pay", self.pay),
            web.post("/devices/{device}/people", self.people),
            web.post("/devices/{device}/dispute", self.dispute),
            web.post("/devices", self.new_phone),
            web.post("/counter", self.counter),
        ]

    async def ready(self, _: web.Request) -> web.Response:
        if not self._norte.is_ready:
            return web.Response(status=503, text="starting\n")
        return web.Response(text="ready\n")

    async def discovery(self, _: web.Request) -> web.Response:
        return web.json_response(self._norte.identity.discovery())

    async def jwks(self, _: web.Request) -> web.Response:
        """The keys that Norte's access tokens are signed with."""
        if not self._norte.is_ready:
            raise web.HTTPServiceUnavailable
        return web.json_response(self._norte.identity.jwks(self._norte.signing_key))

    async def stage(self, request: web.Request) -> web.Response:
        """All devices side by side."""
        if not self._norte.is_ready:
            return self._page(request, "starting.html", status=503)
        shown = self._shown()
        await asyncio.gather(*(self._norte.look(device) for device in shown))
        counts = await asyncio.gather(*(self._norte.people_count(device) for device in shown))
        people = dict(zip((device.id for device in shown), counts, strict=True))
        response = self._page(request, "stage.html", devices=shown, people=people)
        if (language := request.query.get("lang")) in LANGUAGES:
            response.set_cookie(_LANGUAGE, language, samesite="Strict", httponly=True)
        return response

    async def screen(self, request: web.Request) -> web.Response:
        """What one device shows now: the app asks every second."""
        device = self._device(request)
        await self._norte.look(device)
        people = {device.id: await self._norte.people_count(device)}
        return self._page(request, "screen.html", device=device, people=people)

    async def hood(self, request: web.Request) -> web.Response:
        return self._page(request, "calls.html")

    async def sign_in(self, request: web.Request) -> web.StreamResponse:
        with suppress(NoAnswer):
            await self._norte.sign_in(self._device(request))
        return _back()

    async def sign_out(self, request: web.Request) -> web.StreamResponse:
        with suppress(NoAnswer):
            await self._norte.sign_out(self._device(request))
        return _back()

    async def pay(self, request: web.Request) -> web.StreamResponse:
        # A refused payment shows as what the screen says now.
        with suppress(NotSignedIn):
            await self._norte.pay(self._device(request))
        return _back()

    async def people(self, request: web.Request) -> web.StreamResponse:
        """Signs in strongly again, and opens her people in a tab of its own, top-level."""
        try:
            await self._norte.sign_in_strongly(self._device(request))
            address = await self._norte.people_address(self._device(request))
        except (NotSignedIn, NoAnswer):
            return _back()
        return web.HTTPSeeOther(address)

    async def dispute(self, request: web.Request) -> web.StreamResponse:
        """Proves by her passkey who she is, and opens the one page that a frozen account has."""
        self._device(request)
        try:
            address = await self._norte.dispute_address()
        except (NotSignedIn, NoAnswer):
            return _back()
        return web.HTTPSeeOther(address)

    async def new_phone(self, _: web.Request) -> web.StreamResponse:
        device = await self._norte.new_phone()
        return web.HTTPSeeOther(f"/#{device.id}")

    async def counter(self, _: web.Request) -> web.StreamResponse:
        """Olga comes to the counter with her document."""
        with suppress(NoAnswer, NotSignedIn):
            await self._norte.prove_at_counter()
        return web.HTTPSeeOther("/#counter")

    def _device(self, request: web.Request) -> Device:
        found = self._norte.is_ready and self._norte.kept.device(request.match_info["device"])
        if not found:
            raise web.HTTPNotFound
        return found

    def _shown(self) -> list[Device]:
        """Phone and laptop, and the newest of the phones that came later."""
        devices = self._norte.kept.devices
        return [*devices[:2], *devices[2:][-1:]]

    def _page(
        self, request: web.Request, template: str, *, status: int = 200, **what: object
    ) -> web.Response:
        said = Speech(request.query.get("lang") or request.cookies.get(_LANGUAGE, LANGUAGES[0]))
        page = self._words.get_template(template).render(
            say=said,
            languages=LANGUAGES,
            kept=self._norte.kept if self._norte.is_ready else None,
            calls=list(reversed(self._norte.resguardo.calls)),
            wall_clock=wall_clock(),
            support=SUPPORT,
            Screen=Screen,
            **what,
        )
        return web.Response(text=page, content_type="text/html", status=status)


def _back() -> web.HTTPSeeOther:
    return web.HTTPSeeOther("/")


async def serve_norte(norte: Norte, port: int) -> None:
    """Pages and backend until asked to stop. A fault of one ends both, so that it is seen."""
    app = web.Application(middlewares=[door(port)], client_max_size=64 * 1024)
    app.router.add_routes(Pages(norte).routes())
    app.router.add_static("/static/", _HERE / "static")
    async with asyncio.TaskGroup() as both:
        work = both.create_task(norte.work())
        await serve_until_stopped(app, port)
        work.cancel()


async def _serve(environment: Mapping[str, str], secret: str) -> None:
    async with aiohttp.ClientSession() as http:
        resguardo = Resguardo(
            http, environment["NORTE_RESGUARDO"], environment["NORTE_CLIENT"], secret
        )
        # Whom its tokens are for: the service at this wallet's own origin there.
        identity = Identity(environment["NORTE_ISSUER"], environment["NORTE_RESGUARDO"])
        norte = Norte(resguardo, Store(Path(environment["NORTE_FILE"])), identity)
        await serve_norte(norte, int(environment["NORTE_PORT"]))


def serve(environment: Mapping[str, str] = os.environ) -> None:
    secret = Path(environment["NORTE_SECRET_FILE"]).read_text("ascii").strip()
    asyncio.run(_serve(environment, secret))
