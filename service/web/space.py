"""A contact's own space: link or address, code, who trusts me, own words for them, leaving."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.challenges import Purpose
from domain.ids import ContactId
from domain.refusals import AddressNotAllowed, NameNotAllowed, NotFound
from domain.wallets import Wallet
from service.operations import space, without_link
from service.operations.house import House
from service.operations.space import OwnerSeen, SpaceSeen
from service.pages import AnyRequest, go, host_cookie, our_form
from service.storage.values import BrowserSession
from service.web.code import send_code
from service.web.code_step import CodeStep
from service.web.frame import SPACE_COOKIE, contact_here, go_on, show
from service.web.link import Door, LinkPage, press
from service.web.without_link import ADDRESS, AddressPage

CODE, HOME = "/contact/code", "/contact/home"
DOOR: Final = Door(
    purpose=Purpose.SPACE, cookie=SPACE_COOKIE, template="space/open.html", code_page=CODE
)
STEP: Final = CodeStep(purpose=Purpose.SPACE, template="space/code.html", path=CODE, leads_to=HOME)


class OwnerShown(Struct, frozen=True, kw_only=True):
    id: str
    owner: str
    label: str | None
    # "active", "leaving", "suspended", "paused"
    state: str
    until: datetime | None
    has_link: bool

    @classmethod
    def of(cls, seen: OwnerSeen) -> "OwnerShown":
        paused = seen.paused_until is not None
        return cls(
            id=str(seen.contact_id),
            owner=seen.owner_name,
            label=seen.label,
            state="paused" if paused else seen.status.value,
            until=seen.paused_until or seen.leaves_at,
            has_link=seen.has_link,
        )


class HomePage(Struct, frozen=True, kw_only=True):
    """space/home.html"""

    owners: tuple[OwnerShown, ...]
    second: str | None
    app: bool
    erased_by: datetime | None
    open_until: datetime


class OwnerPage(Struct, frozen=True, kw_only=True):
    """space/label.html, space/leave.html; without an owner: all of them."""

    owner: OwnerShown | None
    label: str = ""
    # "bad-name"
    problem: str | None = None


@get("/contact", include_in_schema=False)
async def open_link(request: AnyRequest) -> Response[str]:
    return show(request, DOOR.template, LinkPage())


@post("/contact", include_in_schema=False)
async def press_link(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await press(request, house, wallet, DOOR)


@get("/contact/address", include_in_schema=False)
async def ask_address(request: AnyRequest) -> Response[str]:
    return show(request, ADDRESS, _address_page())


@post("/contact/address", include_in_schema=False)
async def take_address(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    typed = (await our_form(request)).get("address", "")
    try:
        address = without_link.read_address(typed, wallet)
    except AddressNotAllowed:
        page = _address_page(typed, "bad-address" if typed.strip() else "empty")
        return show(request, ADDRESS, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    before = request.cookies.get(SPACE_COOKIE)
    opened = await without_link.open_by_address(
        house, wallet, address, Purpose.SPACE, cookie=before
    )
    await send_code(request, house, wallet, opened.session)
    return go(CODE, host_cookie(SPACE_COOKIE, opened.cookie))


@get("/contact/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.see(request, house, wallet)


@post("/contact/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    return await STEP.ask_again(request, house, wallet)


@post("/contact/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.check(request, house, wallet)


@get("/contact/code/check", include_in_schema=False)
async def back_to_code(request: AnyRequest) -> Redirect:
    """Where the answer to a wrong code comes to when its language is changed."""
    return go_on(request, CODE)


@get("/contact/home", include_in_schema=False)
async def see_home(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await here(request, house, wallet)
    seen = await space.see_space(house, wallet, session)
    page = HomePage(
        owners=tuple(OwnerShown.of(owner) for owner in seen.owners),
        second=seen.second,
        app=seen.app_since is not None,
        erased_by=seen.erased_by,
        open_until=session.expires_at,
    )
    return show(request, "space/home.html", page, now=seen.now)


@get("/contact/people/{contact_id:uuid}/label", include_in_schema=False)
async def ask_label(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    owner = one_of(seen, contact_id)
    page = OwnerPage(owner=owner, label=owner.label or "")
    return show(request, "space/label.html", page, now=seen.now)


@post("/contact/people/{contact_id:uuid}/label", include_in_schema=False)
async def set_label(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    label = (await our_form(request)).get("label", "")
    session = await here(request, house, wallet)
    try:
        await space.set_label(house, wallet, session, ContactId(contact_id), label)
    except NameNotAllowed:
        seen = await space.see_space(house, wallet, session)
        page = OwnerPage(owner=one_of(seen, contact_id), label=label, problem="bad-name")
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return show(request, "space/label.html", page, now=seen.now, status=status)
    return go(HOME)


@get("/contact/people/{contact_id:uuid}/leave", include_in_schema=False)
async def ask_leave(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    page = OwnerPage(owner=one_of(seen, contact_id))
    return show(request, "space/leave.html", page, now=seen.now)


@post("/contact/people/{contact_id:uuid}/leave", include_in_schema=False)
async def leave(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Redirect:
    await our_form(request)
    session = await here(request, house, wallet)
    await space.leave(house, wallet, session, ContactId(contact_id))
    return go(HOME)


@get("/contact/leave", include_in_schema=False)
async def ask_leave_all(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    return show(request, "space/leave.html", OwnerPage(owner=None), now=seen.now)


@post("/contact/leave", include_in_schema=False)
async def leave_all(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await space.leave(house, wallet, await here(request, house, wallet))
    return go(HOME)


async def here(request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
    """The contact at this browser, in their own space. Raises PageExpired."""
    return await contact_here(request, house, wallet, Purpose.SPACE)


def one_of(seen: SpaceSeen, contact_id: UUID) -> OwnerShown:
    """Raises NotFound for whoever does not trust this person, or not any more."""
    for owner in seen.owners:
        if owner.contact_id == contact_id:
            return OwnerShown.of(owner)
    raise NotFound


def _address_page(address: str = "", problem: str | None = None) -> AddressPage:
    return AddressPage(
        action="/contact/address",
        back="/contact",
        purpose="space",
        address=address,
        problem=problem,
    )


ROUTES = (
    open_link,
    press_link,
    ask_address,
    take_address,
    type_code,
    ask_code_again,
    check_code,
    back_to_code,
    see_home,
    ask_label,
    set_label,
    ask_leave,
    leave,
    ask_leave_all,
    leave_all,
)
