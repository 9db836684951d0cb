"""Answering with a page: what every template needs, cookies, and the forms' protection."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.exceptions import ClientException
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_303_SEE_OTHER
from msgspec import Struct

from domain.wallets import Wallet
from service.operations.house import House
from service.security import forms
from service.security.networks import source_network
from service.wording import LANGUAGES, choose, templates

AnyRequest = Request[Any, Any, Any]
LANGUAGE_COOKIE: Final = "__Host-lang"
# More than any of our forms has.
_MOST_FIELDS: Final = 30


class Brand(Struct, frozen=True, kw_only=True):
    """What a template shows of the wallet."""

    name: str
    origin_host: str
    # Where numbers are written as people there write them; "" for nowhere.
    country: str = ""
    support_number: str
    support_hours: str
    text_channel: str | None
    emergency_number: str
    theme_css: str


def language_of(request: AnyRequest, spoken: tuple[str, ...]) -> str:
    """Asked for in the address, chosen before, else the browser's best."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE)
    return choose(asked, request.headers.get("accept-language"), spoken)


class Reader(Struct, frozen=True, kw_only=True):
    """For whom a page is rendered: which brand, languages and clock are theirs."""

    brand: Brand
    languages: tuple[str, ...]
    time_zone: str
    # An agent's own language; others choose by address, cookie or browser.
    language: str | None = None


def page(
    request: AnyRequest,
    template: str,
    shown: object,
    *,
    reader: Reader,
    now: datetime,
    status: int = HTTP_200_OK,
) -> Response[str]:
    """Render a template for the reader. Pages are never stored by browsers or proxies."""
    house: House = request.app.state.house
    languages = reader.languages
    lang = reader.language or language_of(request, languages)
    seed = request.cookies.get(forms.SEED_COOKIE) or forms.new_seed()
    body = (
        templates(lang)
        .get_template(template)
        .render(
            wallet=reader.brand,
            lang=lang,
            languages=[(code, LANGUAGES[code], _in_language(request, code)) for code in languages],
            csrf=forms.token_for(house.keys, seed),
            csp_nonce=request.scope["state"]["csp_nonce"],
            time_zone=reader.time_zone,
            now=now,
            page=shown,
        )
    )
    cookies = [_arriving_cookie(forms.SEED_COOKIE, seed)]
    if request.query_params.get("lang") == lang:
        cookies.append(_arriving_cookie(LANGUAGE_COOKIE, lang))
    return Response(body, media_type="text/html", status_code=status, cookies=cookies)


async def our_form(request: AnyRequest) -> dict[str, str]:
    """The fields of a form that our own page sent; each once, none of them a file. They are kept
    for the page that may have to say that nothing was stored, see `typed`.

    Raises FormNotOurs, and a 400 for what none of our forms would send.
    """
    house: House = request.app.state.house
    fields = _fields(request, await request.body())
    forms.require_ours(
        house.keys,
        seed=request.cookies.get(forms.SEED_COOKIE),
        token=fields.pop("csrf_token", ""),
        origin=request.headers.get("origin"),
        own_origin=request.scope["state"]["origin"],
    )
    # For the answer alone, see `sent_fields`: no form asks for it.
    fields.pop("made_at", None)
    request.scope["state"]["typed"] = fields
    return fields


def typed(request: AnyRequest) -> dict[str, str]:
    """What came with this request in a form of ours; empty if nothing did."""
    return request.scope["state"].get("typed", {})


async def sent_fields(request: AnyRequest) -> dict[str, str]:
    """All that a form held when it was sent, also when its page was made."""
    return _fields(request, await request.body())


def network_of(request: AnyRequest) -> str:
    """The network this request comes from, as limits count it: /24 or /48."""
    client = request.client
    return source_network(
        client.host if client else None,
        request.headers.getall("x-forwarded-for", []),
        request.app.state.trusted_proxies,
    )


def go(path: str, *cookies: Cookie) -> Redirect:
    """After a press, to the next page: reloading it presses nothing again."""
    return Redirect(path, status_code=HTTP_303_SEE_OTHER, cookies=list(cookies))


def host_cookie(name: str, value: str) -> Cookie:
    """Only this host, only https (or localhost), only our own pages, never a script."""
    return Cookie(key=name, value=value, path="/", secure=True, httponly=True, samesite="strict")


def _arriving_cookie(name: str, value: str) -> Cookie:
    """Also sent by a browser that comes from a message: were it not, a link opened a second time
    would replace the seed, and the forms of the first tab would no longer be ours. It opens
    nothing, and other sites' forms arrive without it all the same."""
    return Cookie(key=name, value=value, path="/", secure=True, httponly=True, samesite="lax")


def no_cookie(name: str) -> Cookie:
    return Cookie(
        key=name, value="", max_age=0, path="/", secure=True, httponly=True, samesite="strict"
    )


def brand_of(wallet: Wallet, theme_css: str) -> Brand:
    return Brand(
        name=wallet.name,
        origin_host=urlsplit(wallet.origin).netloc,
        country=wallet.country,
        support_number=wallet.support_number,
        support_hours=wallet.support_hours,
        text_channel=wallet.text_channel,
        emergency_number=wallet.emergency_number,
        theme_css=theme_css,
    )


def _in_language(request: AnyRequest, code: str) -> str:
    """The same page in another language."""
    return f"{request.url.path}?{urlencode({**request.query_params, 'lang': code})}"


def _fields(request: AnyRequest, body: bytes) -> dict[str, str]:
    kind, _ = request.content_type
    if kind != RequestEncodingType.URL_ENCODED:
        raise ClientException
    try:
        pairs = parse_qsl(
            body.decode(errors="replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise ClientException from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ClientException
    return fields
