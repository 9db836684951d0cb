"""`/.well-known/oauth-authorization-server`: what there is, and how to use it (RFC 8414)."""

from typing import Final

from litestar import get
from litestar.di import NamedDependency
from msgspec import Struct

from domain.wallets import Wallet
from service import openapi
from service.api.token.authenticating import BASIC, PRIVATE_KEY
from service.api.token.giving import GRANT
from service.operations.clients import token_endpoint
from service.security.assertions import ALGORITHMS
from service.storage.values import Scope

# By the name of its kind: introspection is asked with an access token too.
_BEARER: Final = "Bearer"


class ServerMetadata(Struct, frozen=True, kw_only=True):
    """RFC 8414, section 2."""

    issuer: str
    token_endpoint: str
    token_endpoint_auth_methods_supported: tuple[str, ...]
    token_endpoint_auth_signing_alg_values_supported: tuple[str, ...]
    revocation_endpoint: str
    revocation_endpoint_auth_methods_supported: tuple[str, ...]
    introspection_endpoint: str
    introspection_endpoint_auth_methods_supported: tuple[str, ...]
    grant_types_supported: tuple[str, ...]
    # Required, and empty: nobody signs in to anything here.
    response_types_supported: tuple[str, ...]
    scopes_supported: tuple[str, ...]


@get("/.well-known/oauth-authorization-server", tags=["tokens"], responses=openapi.problems_at())
async def metadata(wallet: NamedDependency[Wallet]) -> ServerMetadata:
    """Where tokens are got and given back, from the wallet's configured origin."""
    return ServerMetadata(
        issuer=wallet.origin,
        token_endpoint=token_endpoint(wallet),
        token_endpoint_auth_methods_supported=(BASIC, PRIVATE_KEY),
        token_endpoint_auth_signing_alg_values_supported=tuple(ALGORITHMS),
        revocation_endpoint=f"{wallet.origin}/oauth/revoke",
        # With its token as bearer a client may come as well, but the standard has no word for it.
        revocation_endpoint_auth_methods_supported=(BASIC,),
        introspection_endpoint=f"{wallet.origin}/oauth/introspect",
        introspection_endpoint_auth_methods_supported=(BASIC, _BEARER),
        grant_types_supported=(GRANT,),
        response_types_supported=(),
        scopes_supported=tuple(Scope),
    )
