"""A contact answers an invitation: link, reading, code, own label, personal link."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.challenges import CodeResult, Purpose
from domain.refusals import NameNotAllowed, NotOpen, PageExpired
from domain.wallets import Wallet
from service.operations import invitations, visits
from service.operations.house import House
from service.operations.invitations import Accepted
from service.pages import AnyRequest, go, host_cookie, our_form
from service.storage.values import BrowserSession
from service.web.code import flaw_of as flaw_of_code
from service.web.code import send_code, show_code, typed_code
from service.web.frame import CONTACT_COOKIE, contact_here, go_on, show, spoken
from service.web.link import LinkPage, flaw_of, pasted_key


class ReadPage(Struct, frozen=True, kw_only=True):
    owner: str
    way: str
    address_masked: str
    lasts_until: datetime


class LabelPage(Struct, frozen=True, kw_only=True):
    owner: str
    label: str
    problem: str | None = None


class AcceptedPage(Struct, frozen=True, kw_only=True):
    owner: str
    link: str
    key: str
    way: str
    address_masked: str


class DeclinedPage(Struct, frozen=True, kw_only=True):
    owner: str


@get("/i", include_in_schema=False)
async def open_invitation(request: AnyRequest) -> Response[str]:
    return show(request, "invitation/open.html", LinkPage())


@post("/i", include_in_schema=False)
async def press_invitation(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    key = pasted_key(await our_form(request))
    if problem := flaw_of(key):
        page = LinkPage(problem=problem)
        return show(request, "invitation/open.html", page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    before = request.cookies.get(CONTACT_COOKIE)
    opened = await visits.open_link(house, wallet, key, Purpose.ACCEPT, cookie=before)
    return go("/i/read", host_cookie(CONTACT_COOKIE, opened.cookie))


@get("/i/read", include_in_schema=False)
async def read_invitation(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    session = await _contact(request, house, wallet)
    if session.verified_at is not None:
        return go("/i/done")
    seen = await invitations.see_invitation(house, wallet, session)
    page = ReadPage(
        owner=seen.owner_name,
        way=seen.kind.value,
        address_masked=seen.masked,
        lasts_until=seen.lapses_at,
    )
    return show(request, "invitation/read.html", page, now=seen.now)


@post("/i/code", include_in_schema=False)
async def ask_code(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Redirect:
    again = "again" in await our_form(request)
    session = await _contact(request, house, wallet)
    was_sent = await send_code(request, house, wallet, session)
    return go("/i/code?again=1" if was_sent and again else "/i/code")


@get("/i/code", include_in_schema=False)
async def type_code(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    session = await _contact(request, house, wallet)
    if session.verified_at is not None:
        return go("/i/done")
    # The invitation may have been answered or taken back meanwhile.
    await invitations.see_invitation(house, wallet, session)
    return await show_code(request, house, wallet, session, template="invitation/code.html")


@post("/i/code/check", include_in_schema=False)
async def accept(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    code = typed_code(await our_form(request))
    session = await _contact(request, house, wallet)
    if session.verified_at is not None:
        return go("/i/done")
    problem = flaw_of_code(code, wallet)
    if problem is None:
        language = spoken(request)
        match await invitations.accept(house, wallet, session, code, language=language):
            case Accepted() as accepted:
                return go("/i/label", host_cookie(CONTACT_COOKIE, accepted.cookie))
            case CodeResult() as result:
                problem = result.value
    template = "invitation/code.html"
    return await show_code(request, house, wallet, session, template=template, problem=problem)


@post("/i/decline", include_in_schema=False)
async def decline(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Redirect:
    await our_form(request)
    session = await _contact(request, house, wallet)
    # Pressed twice: the first press has answered, and the next page says what it did.
    with suppress(NotOpen):
        await invitations.decline(house, wallet, session)
    return go("/i/declined")


@get("/i/declined", include_in_schema=False)
async def declined(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    session = await _contact(request, house, wallet)
    owner, now = await invitations.see_declined(house, wallet, session)
    return show(request, "invitation/declined.html", DeclinedPage(owner=owner), now=now)


@get("/i/label", include_in_schema=False)
async def type_label(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    session = await _contact(request, house, wallet)
    seen = await invitations.see_accepted(house, wallet, session)
    page = LabelPage(owner=seen.owner_name, label=seen.label or "")
    return show(request, "invitation/label.html", page, now=seen.now)


@post("/i/label", include_in_schema=False)
async def save_label(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[Any]:
    label = (await our_form(request)).get("label", "")
    session = await _contact(request, house, wallet)
    if not label.strip():
        return go("/i/done")
    try:
        await invitations.set_label(house, wallet, session, label)
    except NameNotAllowed:
        seen = await invitations.see_accepted(house, wallet, session)
        page = LabelPage(owner=seen.owner_name, label=label, problem="bad-name")
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return show(request, "invitation/label.html", page, now=seen.now, status=status)
    return go("/i/done")


@get("/i/done", include_in_schema=False)
async def show_personal_link(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    session = await _contact(request, house, wallet)
    seen = await invitations.see_accepted(house, wallet, session)
    if seen.link_token is None:
        raise PageExpired
    page = AcceptedPage(
        owner=seen.owner_name,
        link=f"{wallet.origin}/r#{seen.link_token}",
        key=seen.link_token,
        way=seen.kind.value,
        address_masked=seen.masked,
    )
    return show(request, "invitation/accepted.html", page, now=seen.now)


@get("/i/code/check", include_in_schema=False)
async def back_to_code(request: AnyRequest) -> Redirect:
    """Where the answer to a wrong code comes to when its language is changed."""
    return go_on(request, "/i/code")


@get("/i/decline", include_in_schema=False)
async def back_to_reading(request: AnyRequest) -> Redirect:
    return go_on(request, "/i/read")


async def _contact(request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
    return await contact_here(request, house, wallet, Purpose.ACCEPT)


ROUTES = (
    open_invitation,
    press_invitation,
    read_invitation,
    ask_code,
    type_code,
    accept,
    back_to_code,
    decline,
    back_to_reading,
    declined,
    type_label,
    save_label,
    show_personal_link,
)
