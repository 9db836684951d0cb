"""A contact's second address: added with a code sent there, removed at once."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.challenges import CodeResult
from domain.refusals import AddressNotAllowed, TooSoon
from domain.wallets import Wallet
from service.operations import second_addresses, space, without_link
from service.operations.house import House
from service.pages import AnyRequest, go, network_of, our_form
from service.storage.values import BrowserSession
from service.web.code import flaw_of as flaw_of_code
from service.web.code import show_code, typed_code
from service.web.frame import go_on, show
from service.web.space import here

SECOND, CODE = "/contact/second", "/contact/second/code"
_CODE_PAGE: Final = "space/second_code.html"


class SecondPage(Struct, frozen=True, kw_only=True):
    """space/second.html"""

    second: str | None
    withdraws_from: datetime | None
    address: str = ""
    # "empty", "bad-address", "same"
    problem: str | None = None


@get("/contact/second", include_in_schema=False)
async def see_second(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    return await _show(request, house, wallet, await here(request, house, wallet))


@post("/contact/second", include_in_schema=False)
async def add_second(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    typed = (await our_form(request)).get("address", "")
    session = await here(request, house, wallet)
    try:
        address = without_link.read_address(typed, wallet)
    except AddressNotAllowed:
        problem = "bad-address" if typed.strip() else "empty"
        return await _show(request, house, wallet, session, typed=typed, problem=problem)
    network = network_of(request)
    if not await second_addresses.ask(house, wallet, session, address, network=network):
        return await _show(request, house, wallet, session, typed=typed, problem="same")
    return go(CODE)


@get("/contact/second/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await here(request, house, wallet)
    seen = await second_addresses.see_code(house, wallet, session)
    return await show_code(request, house, wallet, session, template=_CODE_PAGE, seen=seen)


@post("/contact/second/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    session = await here(request, house, wallet)
    try:
        await second_addresses.ask_again(house, wallet, session, network=network_of(request))
    except TooSoon:
        return go(CODE)
    return go(f"{CODE}?again=1")


@post("/contact/second/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    code = typed_code(await our_form(request))
    session = await here(request, house, wallet)
    problem = flaw_of_code(code, wallet, session.way)
    if problem is None:
        match await second_addresses.prove(house, wallet, session, code):
            case CodeResult() as result:
                problem = result.value
            case None:
                return go(SECOND)
    seen = await second_addresses.see_code(house, wallet, session)
    return await show_code(
        request, house, wallet, session, template=_CODE_PAGE, problem=problem, seen=seen
    )


@get("/contact/second/code/check", include_in_schema=False)
async def back_to_code(request: AnyRequest) -> Redirect:
    return go_on(request, CODE)


@post("/contact/second/remove", include_in_schema=False)
async def remove_second(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await second_addresses.remove(house, wallet, await here(request, house, wallet))
    return go(SECOND)


async def _show(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    typed: str = "",
    problem: str | None = None,
) -> Response[str]:
    seen = await space.see_space(house, wallet, session)
    page = SecondPage(
        second=seen.second,
        withdraws_from=seen.second_withdraws_from,
        address=typed,
        problem=problem,
    )
    status = HTTP_422_UNPROCESSABLE_ENTITY if problem else 200
    return show(request, "space/second.html", page, now=seen.now, status=status)


ROUTES = (
    see_second,
    add_second,
    type_code,
    ask_code_again,
    check_code,
    back_to_code,
    remove_second,
)
