"""Who asks for a session, and the one round trip that answers."""

from typing import Any, Final

import asyncpg
import structlog
from litestar import Request, Response

from domain.ids import WalletId
from service import problems
from service.security.authorization import Basic, Bearer
from service.security.tokens import digest
from service.storage.introspection import Asked, Introspection

log = structlog.get_logger("service.signals")
_driver: Any = asyncpg
# The driver's own ways of saying that the database cannot answer.
NO_ANSWER: Final[tuple[type[Exception], ...]] = (_driver.PostgresError, _driver.InterfaceError)


async def ask(
    introspection: Introspection,
    wallet_id: WalletId,
    client: Basic | Bearer | None,
    session_token: str,
) -> Asked | None:
    """What the client may do and the session, if it lives; None if the client is not valid."""
    match client:
        case Basic(client_id, secret):
            return await introspection.ask_as_client(
                wallet_id,
                digest(session_token),
                client_id=client_id,
                secret_sha256=digest(secret),
            )
        case Bearer(token):
            return await introspection.ask_with_token(
                wallet_id, digest(session_token), access_token_sha256=digest(token)
            )
        case None:
            return None


def unavailable(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """No answer is not "active": a gateway must fail closed."""
    log.error("request.database-away", error=type(error).__name__, path=request.url.path)
    return problems.document(problems.UNAVAILABLE, {"Retry-After": "5"})
