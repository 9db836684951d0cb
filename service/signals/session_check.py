"""`GET /v1/session-check`: the same question for gateways that understand only status codes.

nginx's `auth_request` and its like pass the visitor's own `Authorization` header on; the gateway
says who it is in a header of its own. Everything but 204 means: do not let them through.
"""

from typing import Any, Final

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency
from litestar.status_codes import HTTP_204_NO_CONTENT, HTTP_401_UNAUTHORIZED

from domain.wallets import Wallet
from service import openapi, problems
from service.problems import Problem
from service.security import authorization
from service.security.authorization import Bearer
from service.signals.asking import NO_ANSWER, ask, unavailable
from service.storage.introspection import Introspection
from service.storage.values import Scope

CLIENT_HEADER: Final = "Resguardo-Client"
# Why is nobody's business at a gateway's door.
NOT_ACTIVE: Final = Problem(
    type="urn:resguardo:problem:session-not-active",
    title="The session is not active",
    status=HTTP_401_UNAUTHORIZED,
    code="session-not-active",
)
_NO_STORE: Final = {"Cache-Control": "no-store"}


class SessionNotActive(Exception):
    """The session does not live, or whoever asks may not know."""


@get(
    "/v1/session-check",
    status_code=HTTP_204_NO_CONTENT,
    tags=["gateways"],
    security=[{openapi.SESSION: [], openapi.GATEWAY: []}],
    response_description="The session is alive",
    response_headers=_NO_STORE,
    responses={
        **openapi.problems_at(),
        HTTP_401_UNAUTHORIZED: openapi.problem("Do not let them through", NOT_ACTIVE),
    },
)
async def check_session(
    request: Request[Any, Any, Any],
    wallet: NamedDependency[Wallet],
    introspection: NamedDependency[Introspection],
) -> None:
    """204 while the session lives, else 401."""
    session = authorization.read(request.headers.get("authorization"))
    client = authorization.read(request.headers.get(CLIENT_HEADER))
    if not isinstance(session, Bearer):
        raise SessionNotActive
    asked = await ask(introspection, wallet.id, client, session.token)
    if asked is None or Scope.INTROSPECT not in asked.scopes or asked.session is None:
        raise SessionNotActive


def not_active(_: Request[Any, Any, Any], __: SessionNotActive) -> Response[Problem]:
    return problems.document(
        NOT_ACTIVE,
        {**_NO_STORE, "WWW-Authenticate": 'Bearer realm="resguardo", error="invalid_token"'},
    )


SESSION_CHECK = Router(
    path="/",
    route_handlers=[check_session],
    exception_handlers={
        SessionNotActive: not_active,
        **dict.fromkeys(NO_ANSWER, unavailable),
    },
)
