"""Where a wallet's backends get tokens, give them back, and read how (RFC 6749, 7009, 8414)."""

from litestar import Router

from service.api.token.giving import give_token
from service.api.token.metadata import metadata
from service.api.token.revoking import revoke
from service.oauth import OAuthRefused, refused

TOKEN = Router(
    path="/",
    route_handlers=[give_token, revoke, metadata],
    exception_handlers={OAuthRefused: refused},
)
