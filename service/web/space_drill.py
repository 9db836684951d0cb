"""A contact's own space: a rehearsal, asked for by whoever would report."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from domain.ids import ContactId
from domain.wallets import Wallet
from service.operations import drills, space
from service.operations.house import House
from service.pages import AnyRequest, go, our_form
from service.security.tokens import new_token
from service.web.frame import show
from service.web.space import OwnerShown, here, one_of


class DrillPage(Struct, frozen=True, kw_only=True):
    """space/drill.html"""

    owner: OwnerShown
    # The link is on its way.
    asked: bool
    idempotency_key: str


@get("/contact/people/{contact_id:uuid}/drill", include_in_schema=False)
async def ask(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    return await _page(request, house, wallet, contact_id, asked=False)


@post("/contact/people/{contact_id:uuid}/drill", include_in_schema=False)
async def begin(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Redirect:
    key = (await our_form(request)).get("idempotency_key", "")
    session = await here(request, house, wallet)
    await drills.start_by_contact(house, wallet, session, ContactId(contact_id), key=key)
    return go(f"/contact/people/{contact_id}/drill/asked")


@get("/contact/people/{contact_id:uuid}/drill/asked", include_in_schema=False)
async def see_asked(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    return await _page(request, house, wallet, contact_id, asked=True)


async def _page(
    request: AnyRequest, house: House, wallet: Wallet, contact_id: UUID, *, asked: bool
) -> Response[str]:
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    page = DrillPage(owner=one_of(seen, contact_id), asked=asked, idempotency_key=new_token())
    return show(request, "space/drill.html", page, now=seen.now)


ROUTES = (ask, begin, see_asked)
