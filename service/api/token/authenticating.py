"""A client proves who it is: by its secret, by what it signed, or by a token it was given."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request
from litestar.status_codes import HTTP_401_UNAUTHORIZED

from domain.refusals import ClientNotValid
from domain.wallets import Wallet
from service.oauth import OAuthRefused
from service.operations import clients
from service.operations.clients import Caller
from service.operations.house import House
from service.security import authorization
from service.security.assertions import JWT_BEARER
from service.security.authorization import Basic, Bearer

BASIC: Final = "client_secret_basic"
PRIVATE_KEY: Final = "private_key_jwt"
_CHALLENGE: Final = 'Basic realm="resguardo"'


async def by_secret_or_key(
    request: Request[Any, Any, Any], fields: Mapping[str, str], house: House, wallet: Wallet
) -> Caller:
    """`client_secret_basic` or `private_key_jwt`. Raises OAuthRefused, the same for all reasons."""
    header = request.headers.get("authorization")
    signed = "client_assertion" in fields or "client_assertion_type" in fields
    if (header is not None) + signed + ("client_secret" in fields) > 1:
        # One way in each request (RFC 6749, section 2.3).
        raise OAuthRefused("invalid_request")
    known = authorization.read(header)
    try:
        if isinstance(known, Basic):
            return await clients.client_by_secret(house, wallet, known.client_id, known.secret)
        if fields.get("client_assertion_type") == JWT_BEARER and "client_assertion" in fields:
            return await clients.client_by_assertion(
                house, wallet, fields["client_assertion"], client_id=fields.get("client_id")
            )
    except ClientNotValid:
        pass
    raise OAuthRefused("invalid_client", status=HTTP_401_UNAUTHORIZED, challenge=_CHALLENGE)


async def by_secret_or_token(
    request: Request[Any, Any, Any], house: House, wallet: Wallet
) -> Caller:
    """For what a client does once it has a token: signing again would spend another assertion.

    Raises OAuthRefused.
    """
    known = authorization.read(request.headers.get("authorization"))
    try:
        match known:
            case Basic(client_id, secret):
                return await clients.client_by_secret(house, wallet, client_id, secret)
            case Bearer(token):
                return await clients.client_by_token(house, wallet, token)
            case None:
                pass
    except ClientNotValid:
        if isinstance(known, Bearer):
            raise OAuthRefused(
                "invalid_token",
                status=HTTP_401_UNAUTHORIZED,
                challenge='Bearer error="invalid_token"',
            ) from None
    raise OAuthRefused(
        "invalid_client",
        status=HTTP_401_UNAUTHORIZED,
        challenge=f'{_CHALLENGE}, Bearer realm="resguardo"',
    )
