"""The first page of a link: its token comes from the fragment, or is pasted as a key."""

import re
from typing import Any, Final

from litestar import Response
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.challenges import Purpose
from domain.refusals import LinkNotValid
from domain.wallets import Wallet
from service.operations import visits
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie, our_form
from service.web.code import send_code
from service.web.frame import show

# 24 random bytes in the URL's own letters: what every token of ours looks like.
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32}")


class LinkPage(Struct, frozen=True, kw_only=True):
    """invitation/open.html, report/open.html and status/open.html."""

    # "no-key", "bad-key"
    problem: str | None = None


def pasted_key(fields: dict[str, str]) -> str:
    """The key, without what came along when it was copied: blanks, or the link around it."""
    return "".join(fields.get("token", "").rpartition("#")[2].split())


def flaw_of(key: str) -> str | None:
    """What anyone can see is wrong with a key, without asking whether it opens anything."""
    if not key:
        return "no-key"
    return None if _TOKEN.fullmatch(key) else "bad-key"


class Door(Struct, frozen=True, kw_only=True):
    """What a personal link's first page opens, and where it leads."""

    purpose: Purpose
    cookie: str
    template: str
    code_page: str


async def press(request: AnyRequest, house: House, wallet: Wallet, door: Door) -> Response[Any]:
    """The one button of a personal link's page: a visit begins and a code is on its way."""
    key = pasted_key(await our_form(request))
    before = request.cookies.get(door.cookie)
    problem = flaw_of(key)
    if problem is None:
        try:
            opened = await visits.open_link(house, wallet, key, door.purpose, cookie=before)
        except LinkNotValid:
            problem = "bad-key"
        else:
            await send_code(request, house, wallet, opened.session)
            return go(door.code_page, host_cookie(door.cookie, opened.cookie))
    page = LinkPage(problem=problem)
    return show(request, door.template, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
