"""When a backend's request is the same one again."""

from typing import Any, overload

from litestar import Request

from domain.wallets import Wallet
from service.operations import idempotency
from service.operations.clients import Caller


@overload
def repeatable(
    request: Request[Any, Any, Any], wallet: Wallet, caller: Caller, key: str, body: bytes
) -> idempotency.Request: ...


@overload
def repeatable(
    request: Request[Any, Any, Any], wallet: Wallet, caller: Caller, key: str | None, body: bytes
) -> idempotency.Request | None: ...


def repeatable(
    request: Request[Any, Any, Any], wallet: Wallet, caller: Caller, key: str | None, body: bytes
) -> idempotency.Request | None:
    """Each resource by itself: a key that was used for one account must not stop another's freeze.

    `body` is empty where no body is asked for: none is read.
    """
    if key is None:
        return None
    return idempotency.Request(
        wallet_id=wallet.id,
        caller=str(caller.client_id),
        route=f"{request.method} {request.url.path}",
        key=key,
        body=body,
    )
