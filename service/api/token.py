"""`POST /oauth/token`, client credentials (RFC 6749, section 4.4), and its metadata (RFC 8414)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.status_codes import HTTP_200_OK, HTTP_401_UNAUTHORIZED
from msgspec import Meta, Struct

from domain.refusals import ClientNotValid, ScopeMissing
from domain.wallets import Wallet
from service import openapi
from service.oauth import NO_STORE, OAuthRefused, form, refused
from service.operations import clients
from service.operations.clients import Caller
from service.operations.house import House
from service.security import authorization
from service.security.authorization import Basic
from service.storage.values import Scope

_GRANT = "client_credentials"


class TokenAnswer(Struct, frozen=True, kw_only=True):
    access_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds.")]
    scope: Annotated[str, Meta(description="What was granted, separated by spaces.")]


class ServerMetadata(Struct, frozen=True, kw_only=True):
    """RFC 8414, section 2."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: tuple[str, ...]
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: tuple[str, ...]
    grant_types_supported: tuple[str, ...]
    # Required, and empty: nobody signs in to anything here.
    response_types_supported: tuple[str, ...]
    scopes_supported: tuple[str, ...]


@dataclass
class _Described(Operation):
    def __post_init__(self) -> None:
        self.request_body = openapi.form_body(
            required={"grant_type": Schema(type=OpenAPIType.STRING, enum=[_GRANT])},
            optional={
                "scope": Schema(
                    type=OpenAPIType.STRING,
                    description="Words separated by spaces; without them all of the client's.",
                    examples=["accounts sessions"],
                )
            },
        )


@post(
    "/oauth/token",
    status_code=HTTP_200_OK,
    operation_class=_Described,
    tags=["tokens"],
    security=[{openapi.CLIENT: []}],
    responses={
        **openapi.problems_at(413),
        **openapi.oauth_errors(
            {
                400: ("invalid_request", "invalid_scope", "unsupported_grant_type"),
                401: ("invalid_client",),
            }
        ),
    },
)
async def give_token(
    request: Request[Any, Any, Any],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[TokenAnswer]:
    """A bearer token of at most 60 minutes for a client with its secret."""
    client = await _authenticated(request, house, wallet)
    fields = await form(request)
    if "grant_type" not in fields:
        raise OAuthRefused("invalid_request")
    if fields["grant_type"] != _GRANT:
        raise OAuthRefused("unsupported_grant_type")
    try:
        issued = await clients.issue_token(house, wallet, client, _scopes(fields.get("scope")))
    except ScopeMissing:
        raise OAuthRefused("invalid_scope") from None
    answer = TokenAnswer(
        access_token=issued.access_token,
        token_type="Bearer",  # noqa: S106
        expires_in=issued.expires_in,
        scope=" ".join(issued.scopes),
    )
    return Response(answer, media_type="application/json", headers=NO_STORE)


@get("/.well-known/oauth-authorization-server", tags=["tokens"], responses=openapi.problems_at())
async def metadata(wallet: NamedDependency[Wallet]) -> ServerMetadata:
    """Where tokens are got, from the wallet's configured origin."""
    return ServerMetadata(
        issuer=wallet.origin,
        token_endpoint=f"{wallet.origin}/oauth/token",
        token_endpoint_auth_methods_supported=("client_secret_basic",),
        introspection_endpoint=f"{wallet.origin}/oauth/introspect",
        introspection_endpoint_auth_methods_supported=("client_secret_basic", "Bearer"),
        grant_types_supported=(_GRANT,),
        response_types_supported=(),
        scopes_supported=tuple(Scope),
    )


async def _authenticated(request: Request[Any, Any, Any], house: House, wallet: Wallet) -> Caller:
    known = authorization.read(request.headers.get("authorization"))
    if isinstance(known, Basic):
        with suppress(ClientNotValid):
            return await clients.client_by_secret(house, wallet, known.client_id, known.secret)
    raise OAuthRefused(
        "invalid_client", status=HTTP_401_UNAUTHORIZED, challenge='Basic realm="resguardo"'
    )


def _scopes(asked: str | None) -> tuple[Scope, ...] | None:
    """Each once, in the order asked. Raises OAuthRefused for words that are no scope."""
    if asked is None:
        return None
    try:
        return tuple(dict.fromkeys(Scope(word) for word in asked.split(" ")))
    except ValueError:
        raise OAuthRefused("invalid_scope") from None


TOKEN = Router(
    path="/",
    route_handlers=[give_token, metadata],
    exception_handlers={OAuthRefused: refused},
)
