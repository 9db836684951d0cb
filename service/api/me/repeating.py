"""When an owner's request is the same one again."""

from typing import Any

from litestar import Request

from domain.wallets import Wallet
from service.operations import idempotency
from service.operations.owners import Owner


def repeatable(
    wallet: Wallet, owner: Owner, request: Request[Any, Any, Any], key: str | None, body: bytes
) -> idempotency.Request | None:
    """By the account and not by its token, which lives shorter than the key."""
    if key is None:
        return None
    return idempotency.Request(
        wallet_id=wallet.id,
        caller=f"owner:{owner.account_id}",
        route=f"{request.method} {request.url.path}",
        key=key,
        body=body,
    )
