""" "I am not this person": one button behind the link of a message. Looking changes nothing."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.refusals import LinkNotValid
from domain.wallets import Wallet
from service.operations import not_me
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.web.frame import show
from service.web.link import LinkPage, pasted_key

TEMPLATE: Final = "not_me/open.html"


class SaidPage(Struct, frozen=True):
    """not_me/done.html reads nothing."""


@get("/not-me", include_in_schema=False)
async def open_link(request: AnyRequest) -> Response[str]:
    return show(request, TEMPLATE, LinkPage())


@post("/not-me", include_in_schema=False)
async def say(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    key = pasted_key(await our_form(request))
    try:
        await not_me.say(house, wallet, key)
    except LinkNotValid:
        page = LinkPage(problem="bad-key" if key else "no-key")
        return show(request, TEMPLATE, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    return go("/not-me/done")


@get("/not-me/done", include_in_schema=False)
async def said(request: AnyRequest) -> Response[str]:
    """The same for whoever opens it: it says nothing about anybody."""
    return show(request, "not_me/done.html", SaidPage())


ROUTES = (open_link, say, said)
