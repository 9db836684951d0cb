"""What every page for contacts and owners shares: brand, form, and who is at this browser."""

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from litestar import Response
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK

from domain.challenges import Purpose
from domain.refusals import PageExpired
from domain.wallets import Wallet
from service.operations import page_links, visits
from service.operations.browsers import Cookie
from service.operations.house import House
from service.pages import AnyRequest, Reader, brand_of, go, language_of, page
from service.storage.values import BrowserSession
from service.web.colours import theme_css

CONTACT_COOKIE: Final = "__Host-contact"
# Of their own, so that looking at a report, or taking one back, ends no report under way.
FOLLOW_COOKIE: Final = "__Host-follow"
WITHDRAW_COOKIE: Final = "__Host-withdraw"
DRILL_COOKIE: Final = "__Host-drill"
SPACE_COOKIE: Final = "__Host-space"
COOKIE_FOR: Final = {
    Purpose.ACCEPT: CONTACT_COOKIE,
    Purpose.REPORT: CONTACT_COOKIE,
    Purpose.FOLLOW: FOLLOW_COOKIE,
    Purpose.WITHDRAW: WITHDRAW_COOKIE,
    Purpose.DRILL: DRILL_COOKIE,
    Purpose.SPACE: SPACE_COOKIE,
}
OWNER_COOKIE: Final = "__Host-owner"


def show(
    request: AnyRequest,
    template: str,
    shown: object,
    *,
    now: datetime | None = None,
    time_zone: str | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    """A page in the wallet's brand, and on its clock unless the reader has one of their own.

    `now` is the database's instant; a page that must not need a database does without.
    """
    wallet = wallet_of(request)
    reader = Reader(
        brand=brand_of(wallet, theme_css(wallet.colour)),
        languages=wallet.languages,
        time_zone=time_zone or wallet.time_zone,
    )
    instant = now or datetime.now(UTC)
    return page(request, template, shown, reader=reader, now=instant, status=status)


def wallet_of(request: AnyRequest) -> Wallet:
    """Whose pages these are: the door let nobody in without."""
    return request.scope["state"]["wallet"]


def spoken(request: AnyRequest) -> str:
    """The language this page is shown in."""
    return language_of(request, wallet_of(request).languages)


def go_on(request: AnyRequest, path: str) -> Redirect:
    """To the page that belongs to this address, in the language that was chosen on the way."""
    lang = request.query_params.get("lang")
    return go(f"{path}?{urlencode({'lang': lang})}" if lang else path)


async def contact_here(
    request: AnyRequest, house: House, wallet: Wallet, purpose: Purpose
) -> BrowserSession:
    """The contact at this browser, who came for this. Raises PageExpired."""
    session = await visits.session_of(house, wallet, _cookie(request, COOKIE_FOR[purpose]))
    if session.purpose != purpose.value:
        raise PageExpired
    return session


async def last_visit_here(
    request: AnyRequest, house: House, wallet: Wallet, purpose: Purpose
) -> BrowserSession:
    """The same, even when its time is over. Raises PageExpired when there was none."""
    cookie = _cookie(request, COOKIE_FOR[purpose])
    session = await visits.last_session_of(house, wallet, cookie)
    if session is None or session.purpose != purpose.value:
        raise PageExpired
    return session


def cookie_here(request: AnyRequest, purpose: Purpose) -> Cookie:
    """The same for an operation that looks the session up itself. Raises PageExpired without."""
    return Cookie.of(_cookie(request, COOKIE_FOR[purpose]))


async def owner_here(request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
    """The owner at this browser. Raises PageExpired."""
    return await page_links.owner_session(house, wallet.id, _cookie(request, OWNER_COOKIE))


def _cookie(request: AnyRequest, name: str) -> str:
    found = request.cookies.get(name)
    if not found:
        raise PageExpired
    return found
