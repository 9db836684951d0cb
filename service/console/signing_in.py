"""The door: login, password and authenticator code in one form, and the way out."""

from datetime import datetime
from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.refusals import NotFound, PageExpired, SignInFailed, TooMany
from service.console.frame import (
    AGENT_COOKIE,
    QUEUE,
    SIGN_IN,
    Me,
    language_of,
    show,
    signed_in,
    way_back,
)
from service.operations import agents, browsers
from service.operations.agents import SignedIn
from service.operations.house import House
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


class SignInPage(Struct, frozen=True, kw_only=True):
    next: str
    login: str = ""
    # A session was there and has ended: after 30 quiet minutes, or 8 hours in all.
    ended: bool = False
    failed: bool = False
    # So often tried that the next attempt counts only from then.
    from_when: datetime | None = None
    me: Me | None = None


@get("/", include_in_schema=False)
async def front_door(request: AnyRequest) -> Redirect:
    """The console's own origin; on a wallet's, nothing lives here."""
    if request.scope["state"].get("wallet") is not None:
        raise NotFound
    return go(QUEUE)


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
    back = way_back(fields.get("next", ""))
    login = fields.get("login", "")
    try:
        opened = await agents.sign_in(
            house,
            login=login,
            password=fields.get("password", ""),
            code=fields.get("code", ""),
            network=network_of(request),
        )
    except SignInFailed:
        again = SignInPage(next=back, login=login[:80], failed=True)
        return _door(request, again, status=STATUS[SignInFailed])
    except TooMany as refusal:
        again = SignInPage(next=back, login=login[:80], from_when=refusal.retry_at)
        answer = _door(request, again, status=STATUS[TooMany], now=refusal.refused_at)
        answer.headers.update(retry_after(refusal))
        return answer
    by = await agents.signed_in(house, opened.cookie)
    return go(
        back,
        host_cookie(AGENT_COOKIE, opened.cookie),
        # Pages that come before or without a session speak the agent's language too.
        host_cookie(LANGUAGE_COOKIE, language_of(by)),
    )


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


def _door(
    request: AnyRequest,
    shown: SignInPage,
    status: int = HTTP_200_OK,
    now: datetime | None = None,
) -> Response[str]:
    return show(request, "sign_in.html", shown, language=None, status=status, now=now)
