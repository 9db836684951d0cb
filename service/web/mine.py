"""The owner without a phone: one form, one answer, whoever types and whatever is right in it."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY, HTTP_429_TOO_MANY_REQUESTS
from msgspec import Struct
from msgspec.structs import replace

from domain.recovery import GoodTime, Voice, read_code
from domain.refusals import AddressNotAllowed, TooMany
from domain.wallets import Wallet
from service.operations import hints
from service.operations.addresses import reachable_phone
from service.operations.hints import Asked, Said
from service.operations.house import House
from service.operations.without_link import Address, read_address
from service.pages import AnyRequest, go, our_form
from service.security.forms import SEED_COOKIE
from service.web.frame import show, spoken
from service.wording import LANGUAGES

_FORM: Final = "mine/open.html"


class MinePage(Struct, frozen=True, kw_only=True):
    """mine/open.html: the form as it was typed; a choice that was not offered is not taken."""

    address: str = ""
    code: str = ""
    number: str = ""
    language: str
    # Code and name of each language the wallet speaks.
    languages: tuple[tuple[str, str], ...]
    good_time: str = GoodTime.ANY.value
    voice: str = Voice.CALL.value
    # "no-address", "bad-address", "bad-code", "bad-number", "nothing", "too-many"
    problems: tuple[str, ...] = ()
    # With "too-many": from when this browser may try again.
    retry_at: datetime | None = None

    def typed(self, fields: dict[str, str]) -> "MinePage":
        language = fields.get("language", "")
        good_time, voice = fields.get("good_time", ""), fields.get("voice", "")
        return replace(
            self,
            address=fields.get("address", ""),
            code=fields.get("code", ""),
            number=fields.get("number", ""),
            language=language if language in dict(self.languages) else self.language,
            good_time=good_time if good_time in set(GoodTime) else self.good_time,
            voice=voice if voice in set(Voice) else self.voice,
        )


class DonePage(Struct, frozen=True):
    """mine/done.html reads nothing: it is the same for everyone."""


@get("/mine", include_in_schema=False)
async def ask(request: AnyRequest, wallet: NamedDependency[Wallet]) -> Response[str]:
    return show(request, _FORM, _empty(request, wallet))


@post("/mine", include_in_schema=False)
async def ask_for_help(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    page = _empty(request, wallet).typed(await our_form(request))
    asked, problems = _understood(page, wallet)
    if asked is None:
        page = replace(page, problems=problems)
        return show(request, _FORM, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    browser = request.cookies[SEED_COOKIE]
    try:
        await hints.ask_for_help(house, wallet, asked, browser=browser)
    except TooMany as waits:
        page = replace(page, problems=("too-many",), retry_at=waits.retry_at)
        return show(request, _FORM, page, status=HTTP_429_TOO_MANY_REQUESTS)
    return go("/mine/done")


@get("/mine/done", include_in_schema=False)
async def done(request: AnyRequest) -> Response[str]:
    return show(request, "mine/done.html", DonePage())


def _understood(page: MinePage, wallet: Wallet) -> tuple[Asked | None, tuple[str, ...]]:
    """What can be done with it, or why nothing can: only what the form itself shows."""
    problems: list[str] = []
    address: Address | None = None
    try:
        address = read_address(page.address, wallet)
    except AddressNotAllowed:
        problems.append("bad-address" if page.address.strip() else "no-address")
    code = read_code(page.code)
    if code is None and page.code.strip():
        problems.append("bad-code")
    number = ""
    try:
        number = reachable_phone(page.number, country=wallet.country) if page.number.strip() else ""
    except AddressNotAllowed:
        problems.append("bad-number")
    if not page.code.strip() and not page.number.strip():
        problems.append("nothing")
    if address is None or problems:
        return None, tuple(problems)
    said = Said(
        number=number,
        language=page.language,
        good_time=GoodTime(page.good_time),
        voice=Voice(page.voice),
    )
    return Asked(kind=address.kind, written=address.written, code=code, said=said), ()


def _empty(request: AnyRequest, wallet: Wallet) -> MinePage:
    return MinePage(
        language=spoken(request),
        languages=tuple((code, LANGUAGES[code]) for code in wallet.languages),
    )


ROUTES = (ask, ask_for_help, done)
