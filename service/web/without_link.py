"""Someone without the personal link: whose phone was it, and what is their own address?

The answer to an address is the same whoever has it, or nobody: the page of the code.
"""

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.challenges import Purpose
from domain.refusals import AddressNotAllowed
from domain.wallets import Wallet
from service.operations import without_link
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie, our_form
from service.web.code import send_code
from service.web.frame import COOKIE_FOR, show

ADDRESS: Final = "without_link/address.html"


class StartPage(Struct, frozen=True):
    """without_link/start.html reads nothing."""


class AddressPage(Struct, frozen=True, kw_only=True):
    # Where the form goes; where "back" leads.
    action: str
    back: str
    # "report", "follow"
    purpose: str
    address: str = ""
    # "empty", "bad-address"
    problem: str | None = None


@get("/report", include_in_schema=False)
async def start(request: AnyRequest) -> Response[str]:
    return show(request, "without_link/start.html", StartPage())


@get("/report/address", include_in_schema=False)
async def ask_address(request: AnyRequest) -> Response[str]:
    return show(request, ADDRESS, _page(Purpose.REPORT))


@post("/report/address", include_in_schema=False)
async def take_address(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await _take(request, house, wallet, Purpose.REPORT)


@get("/status/address", include_in_schema=False)
async def ask_address_to_follow(request: AnyRequest) -> Response[str]:
    return show(request, ADDRESS, _page(Purpose.FOLLOW))


@post("/status/address", include_in_schema=False)
async def take_address_to_follow(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await _take(request, house, wallet, Purpose.FOLLOW)


async def _take(
    request: AnyRequest, house: House, wallet: Wallet, purpose: Purpose
) -> Response[Any]:
    typed = (await our_form(request)).get("address", "")
    try:
        address = without_link.read_address(typed, wallet)
    except AddressNotAllowed:
        problem = "bad-address" if typed.strip() else "empty"
        page = _page(purpose, typed, problem)
        return show(request, ADDRESS, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    name = COOKIE_FOR[purpose]
    opened = await without_link.open_by_address(
        house, wallet, address, purpose, cookie=request.cookies.get(name)
    )
    await send_code(request, house, wallet, opened.session)
    next_page = "/r/code" if purpose is Purpose.REPORT else "/status/code"
    return go(next_page, host_cookie(name, opened.cookie))


def _page(purpose: Purpose, address: str = "", problem: str | None = None) -> AddressPage:
    reporting = purpose is Purpose.REPORT
    return AddressPage(
        action="/report/address" if reporting else "/status/address",
        back="/report" if reporting else "/status",
        purpose=purpose.value,
        address=address,
        problem=problem,
    )


ROUTES = (start, ask_address, take_address, ask_address_to_follow, take_address_to_follow)
