"""A contact's authenticator app: its QR code, the first code that proves it, its end."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import apps
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.storage.values import BrowserSession
from service.web.code import typed_code
from service.web.frame import go_on, show
from service.web.qr import drawn
from service.web.space import here

APP = "/contact/app"


class AppPage(Struct, frozen=True, kw_only=True):
    """space/app.html"""

    since: datetime | None
    # An SVG of our own making: the QR code of the address that apps read; none before it is begun.
    qr: str | None
    # The same to type by hand, in groups of four.
    secret: str
    setup: str
    # "empty", "wrong"
    problem: str | None = None


@get("/contact/app", include_in_schema=False)
async def see_app(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    return await _show(request, house, wallet, await here(request, house, wallet))


@post("/contact/app", include_in_schema=False)
async def begin(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await apps.begin(house, wallet, await here(request, house, wallet))
    return go(APP)


@post("/contact/app/confirm", include_in_schema=False)
async def confirm(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    code = typed_code(await our_form(request))
    session = await here(request, house, wallet)
    if code and await apps.confirm(house, wallet, session, code):
        return go(APP)
    problem = "wrong" if code else "empty"
    return await _show(request, house, wallet, session, problem=problem)


@get("/contact/app/confirm", include_in_schema=False)
async def back_to_app(request: AnyRequest) -> Redirect:
    return go_on(request, APP)


@post("/contact/app/remove", include_in_schema=False)
async def remove(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await apps.remove(house, wallet, await here(request, house, wallet))
    return go(APP)


async def _show(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    problem: str | None = None,
) -> Response[str]:
    seen = await apps.see_app(house, wallet, session)
    secret = seen.secret or ""
    page = AppPage(
        since=seen.since,
        qr=drawn(seen.setup) if seen.setup else None,
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        setup=seen.setup or "",
        problem=problem,
    )
    status = HTTP_422_UNPROCESSABLE_ENTITY if problem else HTTP_200_OK
    return show(request, "space/app.html", page, now=seen.now, status=status)


ROUTES = (see_app, begin, confirm, back_to_app, remove)
