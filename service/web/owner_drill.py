"""The owner rehearses with one of their people."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)
from msgspec import Struct

from domain.refusals import MayNotReport, TooSoon
from domain.wallets import Wallet
from service.operations import drills, rehearsing
from service.operations.house import House
from service.operations.rehearsing import Rehearsing
from service.pages import AnyRequest, go, our_form
from service.security.tokens import new_token
from service.storage.values import BrowserSession
from service.web.frame import owner_here, show
from service.web.notice import noticed
from service.web.owner_frame import LIST


class Choice(Struct, frozen=True, kw_only=True):
    id: str
    name: str


class DrillPage(Struct, frozen=True, kw_only=True):
    """owner/drill.html"""

    # Those who could report; nobody: there is nobody to rehearse with yet.
    choices: tuple[Choice, ...]
    chosen: str
    # The last one was lately; from when the next works.
    next_at: datetime | None
    # "nobody-chosen"
    problem: str | None
    idempotency_key: str

    @classmethod
    def of(cls, seen: Rehearsing, *, problem: str | None) -> "DrillPage":
        choices = tuple(Choice(id=str(one.contact_id), name=one.name) for one in seen.people)
        return cls(
            choices=choices,
            chosen=choices[0].id if len(choices) == 1 else "",
            next_at=seen.next_at,
            problem=problem,
            idempotency_key=new_token(),
        )


@get("/owner/drill", include_in_schema=False)
async def ask_with_whom(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    return await _form(request, house, wallet, session, status=HTTP_200_OK)


@post("/owner/drill", include_in_schema=False)
async def begin(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    seen = await rehearsing.see_rehearsing(house, wallet, session)
    wanted = fields.get("contact_id", "")
    chosen = next((one for one in seen.people if str(one.contact_id) == wanted), None)
    if chosen is None:
        return await _form(
            request,
            house,
            wallet,
            session,
            problem="nobody-chosen",
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    # The same form sent twice begins once; with somebody else on the way back it is another one.
    written = f"{fields.get('idempotency_key', '')}|{chosen.contact_id}"
    key = sha256(written.encode()).hexdigest()
    try:
        await drills.start_by_owner(house, wallet, session, chosen.contact_id, key=key)
    except (TooSoon, MayNotReport):
        # The form says from when, and with whom it can be done now.
        return await _form(request, house, wallet, session, status=HTTP_429_TOO_MANY_REQUESTS)
    return go(LIST, noticed("rehearsing", chosen.name))


async def _form(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    problem: str | None = None,
    status: int,
) -> Response[str]:
    seen = await rehearsing.see_rehearsing(house, wallet, session)
    page = DrillPage.of(seen, problem=problem)
    return show(
        request, "owner/drill.html", page, now=seen.now, time_zone=seen.time_zone, status=status
    )


ROUTES = (ask_with_whom, begin)
