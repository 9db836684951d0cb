"""The owner answers a notice: "this was not me". No sign-in, one button."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.refusals import LinkNotValid, NoRemovalPending
from domain.wallets import Wallet
from service.operations import objections
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.web.frame import show
from service.web.link import pasted_key

DONE: Final = "/not-mine/done"


class ObjectionPage(Struct, frozen=True, kw_only=True):
    """objection/open.html."""

    # "no-key", "over"
    problem: str | None = None


class StaysPage(Struct, frozen=True):
    """objection/done.html."""


@get("/not-mine", include_in_schema=False)
async def open_notice(request: AnyRequest) -> Response[str]:
    """Looking changes nothing: scanners of mail run real browsers."""
    return show(request, "objection/open.html", ObjectionPage())


@post("/not-mine", include_in_schema=False)
async def object_to_it(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    key = pasted_key(await our_form(request))
    problem = None if key else "no-key"
    if key:
        try:
            await objections.object_to_removal(house, wallet, key)
        # Used, too late or never ours: which of these it is tells strangers something.
        except (LinkNotValid, NoRemovalPending):
            problem = "over"
        else:
            return go(DONE)
    page = ObjectionPage(problem=problem)
    return show(request, "objection/open.html", page, status=HTTP_422_UNPROCESSABLE_ENTITY)


@get(DONE, include_in_schema=False)
async def see_done(request: AnyRequest) -> Response[str]:
    return show(request, "objection/done.html", StaysPage())


ROUTES = (open_notice, object_to_it, see_done)
