"""The owner's pages: the way in from the wallet's app, and the list of trusted people."""

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect

from domain.refusals import LinkNotValid
from domain.wallets import Wallet
from service.operations import page_links, people
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie, no_cookie, our_form
from service.storage.values import LinkPurpose
from service.web.frame import OWNER_COOKIE, owner_here, show
from service.web.notice import NOTICE_COOKIE, notice_here
from service.web.owner_frame import LIST
from service.web.owner_pages import EnterPage, PeoplePage

_LEADS_TO = {LinkPurpose.DISPUTE.value: "/owner/dispute"}


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
    once = (await our_form(request)).get("once", "")
    opened = await page_links.enter(house, wallet, once)
    leads_to = _LEADS_TO.get(opened.session.purpose, LIST)
    return go(leads_to, host_cookie(OWNER_COOKIE, opened.cookie))


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


ROUTES = (arrive, enter, see_people)
