"""What is stored about a contact: read, taken along, erased, and never written to again."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import own_data
from service.operations.house import House
from service.operations.own_data import OwnData
from service.pages import AnyRequest, go, our_form
from service.web.frame import show
from service.web.space import here

ERASE, NEVER = "/contact/erase", "/contact/never"


class DataPage(Struct, frozen=True):
    """space/data.html, space/erase.html, space/never.html"""

    stored: OwnData


@get("/contact/data", include_in_schema=False)
async def see_data(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    return await _show(request, house, wallet, "space/data.html")


@get("/contact/data.json", include_in_schema=False)
async def take_data(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[bytes]:
    stored = await own_data.see_data(house, wallet, await here(request, house, wallet))
    day = stored.stored_at.astimezone(ZoneInfo(wallet.time_zone)).date()
    name = f'attachment; filename="my-data-{day.isoformat()}.json"'
    body = msgspec.json.format(msgspec.json.encode(stored), indent=2)
    headers = {"Content-Disposition": name}
    return Response(body, media_type="application/json", headers=headers)


@get("/contact/erase", include_in_schema=False)
async def ask_erase(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    return await _show(request, house, wallet, "space/erase.html")


@post("/contact/erase", include_in_schema=False)
async def erase(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await own_data.ask_erasure(house, wallet, await here(request, house, wallet))
    return go(ERASE)


@get("/contact/never", include_in_schema=False)
async def ask_never(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    return await _show(request, house, wallet, "space/never.html")


@post("/contact/never", include_in_schema=False)
async def never(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await own_data.never_write(house, wallet, await here(request, house, wallet))
    return go(NEVER)


async def _show(request: AnyRequest, house: House, wallet: Wallet, template: str) -> Response[Any]:
    stored = await own_data.see_data(house, wallet, await here(request, house, wallet))
    return show(request, template, DataPage(stored), now=stored.stored_at)


ROUTES = (see_data, take_data, ask_erase, erase, ask_never, never)
