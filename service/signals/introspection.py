"""`POST /oauth/introspect` (RFC 7662): is this session token alive, right now?

Void, unknown, expired and foreign tokens are the same answer: `{"active":false}`. Never cached
on either side, and no limiter stands in front.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.status_codes import HTTP_200_OK
from msgspec import UNSET, Struct, UnsetType

from domain.wallets import Wallet
from service import openapi
from service.oauth import NO_STORE, OAuthRefused, form, refused
from service.security import authorization
from service.security.authorization import Basic, Bearer
from service.signals.asking import NO_ANSWER, ask, unavailable
from service.storage.introspection import Asked, Introspection
from service.storage.values import Scope


class IntrospectionAnswer(Struct, frozen=True, kw_only=True):
    """The other members are there only while `active` is true."""

    active: bool
    # The account's subject, as the wallet named it.
    sub: str | UnsetType = UNSET
    # When the session began and ends, in seconds since 1970 (RFC 7662, section 2.2).
    iat: int | UnsetType = UNSET
    exp: int | UnsetType = UNSET


NOT_ACTIVE = IntrospectionAnswer(active=False)


@dataclass
class _Described(Operation):
    def __post_init__(self) -> None:
        self.request_body = openapi.form_body(
            required={
                "token": Schema(
                    type=OpenAPIType.STRING,
                    min_length=1,
                    description="The session token whose SHA-256 was registered.",
                    examples=["c2Vzc2lvbi10b2tlbg"],
                )
            },
            optional={
                "token_type_hint": Schema(type=OpenAPIType.STRING, description="Has no effect.")
            },
        )


@post(
    "/oauth/introspect",
    status_code=HTTP_200_OK,
    operation_class=_Described,
    tags=["gateways"],
    security=[{openapi.CLIENT: []}, {openapi.TOKEN: [Scope.INTROSPECT]}],
    responses={
        **openapi.problems_at(413),
        **openapi.oauth_errors(
            {
                400: ("invalid_request",),
                401: ("invalid_client", "invalid_token"),
                403: ("insufficient_scope",),
            }
        ),
    },
)
async def introspect(
    request: Request[Any, Any, Any],
    wallet: NamedDependency[Wallet],
    introspection: NamedDependency[Introspection],
) -> Response[IntrospectionAnswer]:
    """Whether a session token is alive. Answers JSON whatever `Accept` says."""
    client = authorization.read(request.headers.get("authorization"))
    if client is None:
        raise _not_valid(client)
    fields = await form(request)
    if "token" not in fields:
        raise OAuthRefused("invalid_request")
    asked = await ask(introspection, wallet.id, client, fields["token"])
    if asked is None:
        raise _not_valid(client)
    if Scope.INTROSPECT not in asked.scopes:
        raise OAuthRefused(
            "insufficient_scope",
            status=403,
            challenge=f'Bearer error="insufficient_scope", scope="{Scope.INTROSPECT}"',
        )
    return Response(answer_of(asked), media_type="application/json", headers=NO_STORE)


def answer_of(asked: Asked) -> IntrospectionAnswer:
    """What a client that may ask is told of the session."""
    if (session := asked.session) is None:
        return NOT_ACTIVE
    return IntrospectionAnswer(
        active=True,
        sub=session.subject,
        iat=session.began_at,
        exp=session.expires_at,
    )


def _not_valid(client: Basic | Bearer | None) -> OAuthRefused:
    """Each way of authenticating has its own refusal (RFC 7662, section 2.3)."""
    if isinstance(client, Bearer):
        return OAuthRefused("invalid_token", status=401, challenge='Bearer error="invalid_token"')
    return OAuthRefused(
        "invalid_client",
        status=401,
        challenge='Basic realm="resguardo", Bearer realm="resguardo"',
    )


INTROSPECTION = Router(
    path="/",
    route_handlers=[introspect],
    exception_handlers={OAuthRefused: refused, **dict.fromkeys(NO_ANSWER, unavailable)},
)
