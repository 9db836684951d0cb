"""An owner does not feel safe with someone here: asked quietly, and left at once.

The address, the title and the notice of these pages say nothing to whoever looks over a shoulder
or through the browser's history.
"""

from hashlib import sha256
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_303_SEE_OTHER, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct
from msgspec.structs import replace

from domain.recovery import GoodTime, Voice
from domain.refusals import AddressNotAllowed
from domain.safety import Wish
from domain.wallets import Wallet
from service.operations import safety
from service.operations.addresses import reachable_phone
from service.operations.house import House
from service.pages import AnyRequest, go, no_cookie, our_form
from service.security.tokens import new_token
from service.web.frame import OWNER_COOKIE, owner_here, show
from service.web.notice import NOTICE_COOKIE

_FORM: Final = "owner/safety.html"
_LONGEST: Final = 1000
# A page that anybody may have open, in any of our languages, and that watches nobody.
_SOMEWHERE_ELSE: Final = "https://www.wikipedia.org/"


class SafetyPage(Struct, frozen=True, kw_only=True):
    """owner/safety.html: the form as it was typed; a choice that was not offered is not taken."""

    voice: str = Voice.TEXT.value
    good_time: str = GoodTime.ANY.value
    number: str = ""
    words: str = ""
    # "bad-number", "long-words"
    problems: tuple[str, ...] = ()
    idempotency_key: str

    def typed(self, fields: dict[str, str]) -> "SafetyPage":
        good_time, voice = fields.get("good_time", ""), fields.get("voice", "")
        return replace(
            self,
            voice=voice if voice in set(Voice) else self.voice,
            good_time=good_time if good_time in set(GoodTime) else self.good_time,
            number=fields.get("number", ""),
            words=fields.get("words", ""),
        )


class SafetyDonePage(Struct, frozen=True):
    """owner/safety_done.html reads nothing: what was asked stands on no page."""


@get("/owner/help", include_in_schema=False)
async def ask(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    await owner_here(request, house, wallet)
    return show(request, _FORM, SafetyPage(idempotency_key=new_token()))


@post("/owner/help", include_in_schema=False)
async def ask_for_help(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    page = SafetyPage(idempotency_key=new_token()).typed(fields)
    wish, problems = _understood(page, wallet)
    if problems:
        page = replace(page, problems=problems)
        return show(request, _FORM, page, status=HTTP_422_UNPROCESSABLE_ENTITY)
    written = "|".join((fields.get("idempotency_key", ""), wish.number, wish.words))
    key = sha256(f"{written}|{wish.voice}|{wish.good_time}".encode()).hexdigest()
    await safety.ask(house, wallet, session, wish, key=key)
    return go("/owner/help/done")


@get("/owner/help/done", include_in_schema=False)
async def done(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    await owner_here(request, house, wallet)
    return show(request, "owner/safety_done.html", SafetyDonePage())


@get("/owner/away", include_in_schema=False)
async def leave() -> Redirect:
    """Away from here at once, without asking who it is. The browser forgets who was here, so that
    the way back shows nothing; nothing else changes."""
    cookies = [no_cookie(OWNER_COOKIE), no_cookie(NOTICE_COOKIE)]
    return Redirect(_SOMEWHERE_ELSE, status_code=HTTP_303_SEE_OTHER, cookies=cookies)


def _understood(page: SafetyPage, wallet: Wallet) -> tuple[Wish, tuple[str, ...]]:
    problems: list[str] = []
    number = ""
    try:
        number = reachable_phone(page.number, country=wallet.country) if page.number.strip() else ""
    except AddressNotAllowed:
        problems.append("bad-number")
    if len(page.words) > _LONGEST:
        problems.append("long-words")
    wish = Wish(
        voice=Voice(page.voice),
        good_time=GoodTime(page.good_time),
        number=number,
        words=page.words,
    )
    return wish, tuple(problems)


ROUTES = (ask, ask_for_help, done, leave)
