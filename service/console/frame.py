"""What every page of the console shares: who is signed in, in which words, under which clock."""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_datetime
from litestar import Response
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.access import Role
from domain.refusals import PageExpired
from domain.wallets import Wallet
from service.operations import agents, unsent
from service.operations.agents import SignedIn
from service.operations.house import House
from service.pages import AnyRequest, Brand, Reader, our_form, page
from service.wording import LANGUAGES

AGENT_COOKIE: Final = "__Host-agent"
QUEUE: Final = "/console"
SIGN_IN: Final = "/console/sign-in"
OWN_PAGE: Final = "/console/me"
SOURCE_LANGUAGE: Final = "en"

# The console speaks for the house, not for a wallet; its colours stand in its own style sheet.
_HOUSE: Final = Brand(
    name="Resguardo",
    origin_host="",
    support_number="",
    support_hours="",
    text_channel=None,
    emergency_number="",
    theme_css="",
)
_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Forms of buttons and scripts alone.
_NOTHING_TYPED: Final = ("/sign-out", "/passkey-question", "/presence")
_SECOND_PERSON: Final = rf"(?:/reports/{_ID}/verdict|/contacts/{_ID}/reinstatement)?/approval"
_RETURN: Final = re.compile(
    rf"/console/(?:tickets/{_ID}(?:{_SECOND_PERSON})?|safety/{_ID}|me(?![a-z])"
    rf"|board|reviews|client-mistakes(?:/{_ID})?)"
)


class Me(Struct, frozen=True, kw_only=True):
    """The agent as the head of each page names them."""

    # Not shown: a password store finds the right entry by it.
    login: str
    name: str
    role: Role
    level: int


async def signed_in(request: AnyRequest, house: NamedDependency[House]) -> SignedIn:
    """The agent at this browser. Raises PageExpired for whoever has to sign in (again)."""
    cookie = request.cookies.get(AGENT_COOKIE)
    if not cookie:
        raise PageExpired
    try:
        return await agents.signed_in(house, cookie)
    except PageExpired:
        await _keep_what_was_typed(request, house, cookie)
        raise
    except Exception:
        # The database is away, most likely: what was typed goes with the answer that says so.
        await _what_was_typed(request)
        raise


async def _keep_what_was_typed(request: AnyRequest, house: House, cookie: str) -> None:
    """For `answers.refused`, which shows the door: nobody types a page twice."""
    fields = await _what_was_typed(request)
    if fields:
        kept = await unsent.seal(house, cookie, address_of(request), fields)
        request.scope["state"]["unsent"] = kept


async def _what_was_typed(request: AnyRequest) -> dict[str, str]:
    """Empty where nobody types anything."""
    if request.method != "POST" or request.url.path.endswith(_NOTHING_TYPED):
        return {}
    if request.content_type[0] != RequestEncodingType.URL_ENCODED:
        return {}
    return await our_form(request)


def address_of(request: AnyRequest) -> str:
    """Where a form was sent to: whom a message goes to stands behind the question mark."""
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


def me(by: SignedIn) -> Me:
    return Me(login=by.agent.login, name=by.name, role=by.agent.role, level=by.agent.level)


def show(
    request: AnyRequest,
    template: str,
    shown: object,
    *,
    language: str | None,
    time_zone: str = "UTC",
    now: datetime | None = None,
    status: int = HTTP_200_OK,
) -> Response[str]:
    """A page of the console; without a language, the one this browser asks for.

    `now` is the instant of what the page shows; without it, it shows no instant.
    """
    reader = Reader(
        brand=_HOUSE, languages=tuple(LANGUAGES), time_zone=time_zone, language=language
    )
    instant = now or datetime.now(UTC)
    return page(request, f"console/{template}", shown, reader=reader, now=instant, status=status)


def language_of(by: SignedIn) -> str:
    return by.agent.language if by.agent.language in LANGUAGES else SOURCE_LANGUAGE


def way_back(asked: str) -> str:
    """Where sign-in returns to: a ticket's page, the agent's own or the queue, nowhere else."""
    found = _RETURN.match(asked)
    return found.group() if found else QUEUE


def sign_in_path(request: AnyRequest) -> str:
    back = way_back(request.url.path)
    return SIGN_IN if back == QUEUE else f"{SIGN_IN}?{urlencode({'next': back})}"


def zone_of(wallets: Collection[Wallet]) -> str:
    """One clock for a page: that of the wallets where they share one, else everyone's."""
    zones = {wallet.time_zone for wallet in wallets}
    return zones.pop() if len(zones) == 1 else "UTC"


def country_said(code: str, language: str) -> str:
    names: Any = Locale.parse(language, sep="-").territories
    return str(names.get(code, code))


def language_said(code: str, language: str) -> str:
    names: Any = Locale.parse(language, sep="-").languages
    return str(names.get(code.partition("-")[0], code))


def to_the_second(instant: datetime, *, time_zone: str, language: str) -> str:
    locale = Locale.parse(language, sep="-")
    return format_datetime(instant, "HH:mm:ss", tzinfo=ZoneInfo(time_zone), locale=locale)
