"""The owner shows who they are: the key that an agent reads out, and the code from a message.

No account, no link, no script. A key that nobody has shows the same page as a wrong code.
"""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)
from msgspec import Struct

from domain.ids import read_check_key
from domain.refusals import TooMany
from domain.tickets import DIGITS
from domain.wallets import Wallet
from service.operations import owner_codes
from service.operations.house import House
from service.operations.owner_codes import Entered, Typed
from service.pages import AnyRequest, go, network_of, our_form
from service.security.forms import SEED_COOKIE
from service.web.frame import show

_FORM: Final = "prove/open.html"


class ProvePage(Struct, frozen=True, kw_only=True):
    """prove/open.html: the form as it was typed; a code is not shown again."""

    key: str = ""
    # "no-key", "bad-key", "no-code", "not-right", "no-longer", "too-many"
    problems: tuple[str, ...] = ()
    # With "too-many": from when it may be tried again.
    retry_at: datetime | None = None


class ProvedPage(Struct, frozen=True):
    """prove/done.html reads nothing."""


@get("/prove", include_in_schema=False)
async def ask(request: AnyRequest) -> Response[str]:
    return show(request, _FORM, ProvePage())


@post("/prove", include_in_schema=False)
async def prove(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await our_form(request)
    written, code = fields.get("key", ""), fields.get("code", "")
    key, problems = read_check_key(written), _problems(written, code)
    if key is None or problems:
        return _again(request, written, *problems, status=HTTP_422_UNPROCESSABLE_ENTITY)
    typed = Typed(
        key=key, code=code, browser=request.cookies[SEED_COOKIE], network=network_of(request)
    )
    try:
        entered = await owner_codes.enter(house, wallet, typed)
    except TooMany as waits:
        page = ProvePage(key=written, problems=("too-many",), retry_at=waits.retry_at)
        return show(request, _FORM, page, status=HTTP_429_TOO_MANY_REQUESTS)
    match entered:
        case Entered.PROVED:
            return go("/prove/done")
        case Entered.NOT_RIGHT | Entered.NO_LONGER:
            return _again(request, written, entered.value, status=HTTP_422_UNPROCESSABLE_ENTITY)


@get("/prove/done", include_in_schema=False)
async def done(request: AnyRequest) -> Response[str]:
    return show(request, "prove/done.html", ProvedPage())


def _problems(key: str, code: str) -> tuple[str, ...]:
    """What the form itself shows to be wrong."""
    found: list[str] = []
    if read_check_key(key) is None:
        found.append("bad-key" if key.strip() else "no-key")
    if sum(character.isdecimal() for character in code) != DIGITS:
        found.append("no-code")
    return tuple(found)


def _again(
    request: AnyRequest, key: str, *problems: str, status: int = HTTP_200_OK
) -> Response[str]:
    return show(request, _FORM, ProvePage(key=key, problems=problems), status=status)


ROUTES = (ask, prove, done)
