"""`POST /oauth/revoke` (RFC 7009): a client gives a token back before its time."""

from dataclasses import dataclass
from typing import Any

from litestar import MediaType, Request, post
from litestar.di import NamedDependency
from litestar.openapi.spec import Operation, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.status_codes import HTTP_200_OK

from domain.wallets import Wallet
from service import openapi
from service.api.token.authenticating import by_secret_or_token
from service.oauth import NO_STORE, OAuthRefused, form
from service.operations import clients
from service.operations.house import House


@dataclass
class _Described(Operation):
    def __post_init__(self) -> None:
        self.request_body = openapi.form_body(
            required={
                "token": Schema(
                    type=OpenAPIType.STRING,
                    min_length=1,
                    description="The access token.",
                    examples=["YWNjZXNzLXRva2Vu"],
                )
            },
            optional={
                "token_type_hint": Schema(type=OpenAPIType.STRING, description="Has no effect.")
            },
        )


@post(
    "/oauth/revoke",
    status_code=HTTP_200_OK,
    # An empty body: as JSON there would be a `null`.
    media_type=MediaType.TEXT,
    response_headers=NO_STORE,
    operation_class=_Described,
    tags=["tokens"],
    security=[{openapi.CLIENT: []}, {openapi.TOKEN: []}],
    response_description="The token, if it was the client's own, is worth nothing any more",
    responses={
        **openapi.problems_at(413),
        **openapi.oauth_errors(
            {400: ("invalid_request",), 401: ("invalid_client", "invalid_token")}
        ),
    },
)
async def revoke(
    request: Request[Any, Any, Any],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> None:
    """End an access token now, everywhere. Unknown and foreign tokens are the same answer."""
    fields = await form(request)
    client = await by_secret_or_token(request, house, wallet)
    if "token" not in fields:
        raise OAuthRefused("invalid_request")
    await clients.revoke_token(house, client, fields["token"])
