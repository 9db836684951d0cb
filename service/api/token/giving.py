"""`POST /oauth/token`, client credentials (RFC 6749, section 4.4)."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Request, Response, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta, Struct

from domain.refusals import ScopeMissing
from domain.wallets import Wallet
from service import openapi
from service.api.token.authenticating import by_secret_or_key
from service.oauth import NO_STORE, OAuthRefused, form
from service.operations import clients
from service.operations.house import House
from service.security.assertions import ALGORITHMS, JWT_BEARER
from service.storage.values import Scope

GRANT: Final = "client_credentials"


class TokenAnswer(Struct, frozen=True, kw_only=True):
    access_token: str
    token_type: str
    expires_in: Annotated[int, Meta(description="Seconds.")]
    scope: Annotated[str, Meta(description="What was granted, separated by spaces.")]


@dataclass
class _Described(Operation):
    def __post_init__(self) -> None:
        self.request_body = openapi.form_body(
            required={"grant_type": Schema(type=OpenAPIType.STRING, enum=[GRANT])},
            optional={
                "scope": Schema(
                    type=OpenAPIType.STRING,
                    description="Words separated by spaces; without them all of the client's.",
                    examples=["accounts sessions"],
                ),
                "client_assertion_type": Schema(type=OpenAPIType.STRING, enum=[JWT_BEARER]),
                "client_assertion": Schema(
                    type=OpenAPIType.STRING,
                    description=(
                        "Instead of a secret (RFC 7523): a JWT signed with a registered key. Its "
                        f"header has `kid` and one of {', '.join(ALGORITHMS)}; `iss` and `sub` are "
                        "the client id, `aud` is the issuer or the token endpoint and nothing "
                        "else, `exp` is at most 5 minutes ahead, `jti` is new each time."
                    ),
                ),
                "client_id": Schema(
                    type=OpenAPIType.STRING,
                    description="May stand beside an assertion; then it is its `sub`.",
                ),
            },
        )


@post(
    "/oauth/token",
    status_code=HTTP_200_OK,
    operation_class=_Described,
    tags=["tokens"],
    # What stands in the body instead of the header has no name here.
    security=[{openapi.CLIENT: []}, {}],
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
    """A bearer token of at most 60 minutes for a client with its secret or its signature."""
    fields = await form(request)
    client = await by_secret_or_key(request, fields, house, wallet)
    if "grant_type" not in fields:
        raise OAuthRefused("invalid_request")
    if fields["grant_type"] != GRANT:
        raise OAuthRefused("unsupported_grant_type")
    try:
        issued = await clients.issue_token(house, wallet, client, _scopes(fields.get("scope")))
    except ScopeMissing:
        raise OAuthRefused("invalid_scope") from None
    answer = TokenAnswer(
        access_token=issued.access_token,
        token_type="Bearer",  # noqa: S106  # a kind of token
        expires_in=issued.expires_in,
        scope=" ".join(issued.scopes),
    )
    return Response(answer, media_type="application/json", headers=NO_STORE)


def _scopes(asked: str | None) -> tuple[Scope, ...] | None:
    """Each once, in the order asked. Raises OAuthRefused for words that are no scope."""
    if asked is None:
        return None
    try:
        return tuple(dict.fromkeys(Scope(word) for word in asked.split(" ")))
    except ValueError:
        raise OAuthRefused("invalid_scope") from None
