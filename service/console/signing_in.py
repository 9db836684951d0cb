"""The door: login, password and code in one form, or a passkey; and the way out.

Whoever was typing when their session ended finds it again behind the door.
"""

from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_401_UNAUTHORIZED,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from msgspec import Struct
from msgspec.structs import replace

from domain.refusals import PageExpired, SignInFailed, TooMany
from service.console.again import Again
from service.console.frame import (
    AGENT_COOKIE,
    SIGN_IN,
    Me,
    language_of,
    me,
    show,
    signed_in,
    way_back,
)
from service.console.proving import answered
from service.operations import agents, browsers, passkeys, unsent
from service.operations.agents import SignedIn
from service.operations.browsers import Opened
from service.operations.house import House
from service.operations.unsent import Unsent
from service.pages import (
    LANGUAGE_COOKIE,
    AnyRequest,
    go,
    host_cookie,
    network_of,
    no_cookie,
    our_form,
)
from service.problems import STATUS, retry_after
from service.security.forms import SEED_COOKIE
from service.security.tokens import digest


class SignInPage(Struct, frozen=True, kw_only=True):
    next: str
    login: str = ""
    # What was about to be sent when the session ended, sealed.
    unsent: str = ""
    # A session was there and has ended: after 30 quiet minutes, or 8 hours in all.
    ended: bool = False
    failed: bool = False
    # So often tried that the next attempt counts only from then.
    from_when: datetime | None = None
    # The database is away: nobody was asked whether anything was right.
    away: bool = False
    me: Me | None = None


class UnsentPage(Struct, frozen=True, kw_only=True):
    me: Me
    again: Again


@get(SIGN_IN, include_in_schema=False)
async def show_sign_in(request: AnyRequest, house: NamedDependency[House]) -> Response[Any]:
    back = way_back(request.query_params.get("next", ""))
    ended = AGENT_COOKIE in request.cookies
    if ended:
        try:
            await signed_in(request, house)
        except PageExpired:
            return _door(request, SignInPage(next=back, ended=True))
        return go(back)
    return _door(request, SignInPage(next=back))


@post(SIGN_IN, include_in_schema=False)
async def sign_in(request: AnyRequest, house: NamedDependency[House]) -> Response[Any]:
    fields = await our_form(request)
    shown = _asked(fields)
    work = agents.sign_in(
        house,
        login=fields.get("login", ""),
        password=fields.get("password", ""),
        code=fields.get("recovery", "").strip() or fields.get("code", ""),
        network=network_of(request),
    )
    return await _let_in(request, house, shown, work)


@post("/console/sign-in/passkey", include_in_schema=False)
async def sign_in_with_passkey(request: AnyRequest, house: NamedDependency[House]) -> Response[Any]:
    fields = await our_form(request)
    shown = _asked(fields)
    work = agents.sign_in_with_passkey(
        house,
        answered(request, fields.get("passkey", "")),
        browser=_this_browser(request),
        network=network_of(request),
    )
    return await _let_in(request, house, shown, work)


@post("/console/sign-in/passkey-question", include_in_schema=False, status_code=HTTP_200_OK)
async def ask_for_passkey(request: AnyRequest, house: NamedDependency[House]) -> Response[str]:
    """For the page's script: what the authenticator is to sign."""
    await our_form(request)
    options = await passkeys.ask_at_the_door(
        house,
        origin=request.scope["state"]["origin"],
        browser=_this_browser(request),
        network=network_of(request),
    )
    return Response(options, media_type="application/json")


@post(
    "/console/sign-out",
    include_in_schema=False,
    dependencies={"by": Provide(signed_in)},
)
async def sign_out(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Redirect:
    await our_form(request)
    await browsers.end(house, by.session)
    return go(SIGN_IN, no_cookie(AGENT_COOKIE))


def session_ended(request: AnyRequest, sealed: str) -> Response[str]:
    """The door, holding what was about to be sent."""
    shown = SignInPage(next=way_back(request.url.path), unsent=sealed, ended=True)
    return _door(request, shown, status=HTTP_401_UNAUTHORIZED)


def away(request: AnyRequest, fields: Mapping[str, str]) -> Response[str]:
    """The door as it was filled in, while nobody can be let in."""
    return _door(request, replace(_asked(fields), away=True), status=HTTP_503_SERVICE_UNAVAILABLE)


async def _let_in(
    request: AnyRequest, house: House, shown: SignInPage, work: Awaitable[Opened]
) -> Response[Any]:
    """To where they were going, or to what they were about to send; or the door again."""
    try:
        opened = await work
    except SignInFailed:
        again = replace(shown, failed=True)
        return _door(request, again, status=STATUS[SignInFailed])
    except TooMany as refusal:
        again = replace(shown, from_when=refusal.retry_at)
        answer = _door(request, again, status=STATUS[TooMany], now=refusal.refused_at)
        answer.headers.update(retry_after(refusal))
        return answer
    by = await agents.signed_in(house, opened.cookie)
    cookies = (
        host_cookie(AGENT_COOKIE, opened.cookie),
        # Pages that come before or without a session speak the agent's language too.
        host_cookie(LANGUAGE_COOKIE, language_of(by)),
    )
    waiting = await unsent.reopen(house, by, shown.unsent) if shown.unsent else None
    again = None if waiting is None else _again(waiting, by)
    if again is None or not again.said:
        return go(shown.next, *cookies)
    page = UnsentPage(me=me(by), again=again)
    answer = show(request, "unsent.html", page, language=language_of(by))
    answer.cookies.extend(cookies)
    return answer


def _again(waiting: Unsent, by: SignedIn) -> Again:
    login = by.agent.login
    return Again.of(waiting.path, waiting.fields, proves=waiting.proves, login=login)


def _asked(fields: Mapping[str, str]) -> SignInPage:
    """The door's form as it came, but for what is typed anew each time."""
    return SignInPage(
        next=way_back(fields.get("next", "")),
        login=fields.get("login", "")[:80],
        unsent=fields.get("unsent", ""),
    )


def _this_browser(request: AnyRequest) -> bytes:
    """A form that is ours came with the seed of the browser it was given to."""
    return digest(request.cookies[SEED_COOKIE])


def _door(
    request: AnyRequest,
    shown: SignInPage,
    status: int = HTTP_200_OK,
    now: datetime | None = None,
) -> Response[str]:
    return show(request, "sign_in.html", shown, language=None, status=status, now=now)
