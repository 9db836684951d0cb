"""The owner's trusted people: opened from the wallet's app, listed, invited, taken back."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.ids import ContactId
from domain.refusals import (
    AddressNotAllowed,
    AlreadyInvited,
    CannotTakeBack,
    LinkNotValid,
    NameNotAllowed,
    NotFound,
    OwnAddress,
    StrongSignInNeeded,
)
from domain.wallets import Wallet
from service.operations import page_links, people
from service.operations.house import House
from service.operations.people import NewContact, PersonSeen
from service.pages import AnyRequest, go, host_cookie, no_cookie
from service.security.tokens import new_token
from service.storage.values import BrowserSession
from service.web.countries import countries
from service.web.frame import OWNER_COOKIE, form_of, owner_here, show, spoken
from service.web.notice import NOTICE_COOKIE, notice_here, noticed
from service.web.owner_pages import EnterPage, InvitePage, PeoplePage, TakeBackPage

# A list changed here shows what was done.
LIST: Final = "/owner"


@get("/owner/enter", include_in_schema=False)
async def arrive(request: AnyRequest, once: FromQuery[str] = "") -> Response[str]:
    """Looking spends nothing: the app, or a scanner before it, may load this page many times."""
    if not once:
        raise LinkNotValid
    return show(request, "owner/enter.html", EnterPage(once=once))


@post("/owner/enter", include_in_schema=False)
async def enter(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    once = (await form_of(request)).get("once", "")
    opened = await page_links.enter(house, wallet, once)
    return go(LIST, host_cookie(OWNER_COOKIE, opened.cookie))


@get("/owner", include_in_schema=False)
async def see_people(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    seen = await people.see_people(house, wallet, session)
    notice = notice_here(request)
    page = PeoplePage.of(seen, notice, session.expires_at)
    shown = show(request, "owner/people.html", page, now=seen.now, time_zone=seen.time_zone)
    if notice is not None:
        shown.cookies.append(no_cookie(NOTICE_COOKIE))
    return shown


@get("/owner/invite", include_in_schema=False)
async def ask_whom(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    if not session.may_manage:
        raise StrongSignInNeeded
    return show(request, "owner/invite.html", _empty(request, wallet))


@post("/owner/invite", include_in_schema=False)
async def invite(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await form_of(request)
    session = await owner_here(request, house, wallet)
    page = _empty(request, wallet).typed(fields)
    new = NewContact(
        name=page.name,
        kind=AddressKind(page.way),
        address=page.email if page.way == AddressKind.EMAIL else page.phone,
        country=page.country,
    )
    # The same form sent twice invites once; changed on the way back, it is another invitation.
    written = "|".join((fields.get("idempotency_key", ""), new.name, new.kind, new.address))
    key = sha256(written.encode()).hexdigest()
    try:
        contact_id = await people.invite(house, wallet, session, new, key=key)
    except NameNotAllowed:
        problem = "bad-name" if page.name.strip() else "no-name"
    except AddressNotAllowed:
        problem = f"bad-{page.way}"
    except OwnAddress:
        problem = "own-address"
    except AlreadyInvited:
        problem = "already-there"
    else:
        person = await _person(house, wallet, session, contact_id)
        return go(LIST, noticed("invited", person.name))
    again = replace(page, problems=(problem,))
    return show(request, "owner/invite.html", again, status=HTTP_422_UNPROCESSABLE_ENTITY)


@get("/owner/people/{contact_id:uuid}/take-back", include_in_schema=False)
async def ask_to_take_back(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    if not session.may_manage:
        raise StrongSignInNeeded
    person = await _person(house, wallet, session, ContactId(contact_id))
    if not person.may_be_taken_back:
        raise CannotTakeBack
    page = TakeBackPage(id=str(contact_id), name=person.name, state=person.status.value)
    return show(request, "owner/take_back.html", page)


@post("/owner/people/{contact_id:uuid}/take-back", include_in_schema=False)
async def take_back(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    await form_of(request)
    session = await owner_here(request, house, wallet)
    person = await _person(house, wallet, session, ContactId(contact_id))
    await people.take_back(house, wallet, session, person.contact_id)
    return go(LIST, noticed("taken-back", person.name))


async def _person(
    house: House, wallet: Wallet, session: BrowserSession, contact_id: ContactId
) -> PersonSeen:
    """One on this owner's list. Raises NotFound for anybody else's."""
    seen = await people.see_people(house, wallet, session)
    found = next((one for one in seen.people if one.contact_id == contact_id), None)
    if found is None:
        raise NotFound
    return found


def _empty(request: AnyRequest, wallet: Wallet) -> InvitePage:
    return InvitePage(
        country=wallet.country,
        countries=countries(wallet.dialling_codes, spoken(request)),
        idempotency_key=new_token(),
    )


ROUTES = (arrive, enter, see_people, ask_whom, invite, ask_to_take_back, take_back)
