"""The owner says that nothing was lost, while the wallet is frozen.

What the page says is the same in danger, when saying so has no effect.
"""

from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.wallets import Wallet
from service.operations import disputes, frozen_page
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.security.tokens import new_token
from service.storage.values import BrowserSession
from service.web.frame import owner_here, show

_LONGEST_NOTE: Final = 500


class DisputePage(Struct, frozen=True, kw_only=True):
    """owner/dispute.html"""

    # None: the wallet is not frozen.
    frozen_at: datetime | None
    # The wallet has not said in time that it obeys: call there, too.
    is_silent: bool
    note: str
    # "long-note"
    problem: str | None
    idempotency_key: str


class DisputedPage(Struct, frozen=True, kw_only=True):
    """owner/disputed.html"""

    frozen_at: datetime | None


@get("/owner/dispute", include_in_schema=False)
async def ask(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    return await _form(request, house, wallet, session)


@post("/owner/dispute", include_in_schema=False)
async def dispute(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    note = fields.get("note", "")
    if len(note) > _LONGEST_NOTE:
        return await _form(request, house, wallet, session, note=note, problem="long-note")
    # The same form sent twice objects once; with another note it is another objection.
    key = sha256(f"{fields.get('idempotency_key', '')}|{note}".encode()).hexdigest()
    await disputes.dispute_on_page(house, wallet, session, note=note, key=key)
    return go("/owner/dispute/done")


@get("/owner/dispute/done", include_in_schema=False)
async def done(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    seen = await frozen_page.see_frozen(house, wallet, session)
    page = DisputedPage(frozen_at=seen.frozen_at)
    return show(request, "owner/disputed.html", page, now=seen.now, time_zone=seen.time_zone)


async def _form(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    *,
    note: str = "",
    problem: str | None = None,
) -> Response[str]:
    seen = await frozen_page.see_frozen(house, wallet, session)
    page = DisputePage(
        frozen_at=seen.frozen_at,
        is_silent=seen.confirmation_is_late,
        note=note,
        problem=problem,
        idempotency_key=new_token(),
    )
    return show(
        request,
        "owner/dispute.html",
        page,
        now=seen.now,
        time_zone=seen.time_zone,
        status=HTTP_422_UNPROCESSABLE_ENTITY if problem else HTTP_200_OK,
    )


ROUTES = (ask, dispute, done)
