"""How much a caller may ask, and the fields that tell it how much is left.

`RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10: structured field
lists (RFC 9651) with one item, the policy's name. Introspection and the session check stand
outside: a gateway's question depends on no limiter.
"""

from datetime import timedelta
from math import ceil
from typing import Any, Final

from litestar.types import Message, Scope

from domain.ids import WalletId
from domain.limits import API_CALLS, OWNER_CALLS, Limit
from domain.refusals import TooMany
from service.operations import limits
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.owners import Owner

_TOLD: Final = "rate-limit"


async def count_call(house: House, caller: Caller, state: dict[str, Any]) -> None:
    """Count a call of a known client; what is left is told with the answer, whatever that is.

    Raises TooMany. Fails open: without an answer of the limiter the call goes on untold.
    """
    await _count(house, caller.wallet_id, API_CALLS, caller.client_id.bytes, state)


async def count_owners_call(
    house: House, wallet_id: WalletId, owner: Owner, state: dict[str, Any]
) -> None:
    """The same for a call with an owner's token: all tokens of one owner share it."""
    await _count(house, wallet_id, OWNER_CALLS, owner.account_id.bytes, state)


async def tell_limit(message: Message, scope: Scope) -> None:
    """Add the fields to an answer to a counted call."""
    if message["type"] != "http.response.start":
        return
    told: tuple[str, str] | None = scope["state"].get(_TOLD)
    if told is None:
        return
    policy, left = told
    message["headers"] = [
        *message["headers"],
        (b"ratelimit-policy", policy.encode()),
        (b"ratelimit", left.encode()),
    ]


async def _count(
    house: House, wallet_id: WalletId, limit: Limit, counted: bytes, state: dict[str, Any]
) -> None:
    of = limits.subject_of(house.keys, wallet_id, limit, counted)
    try:
        left = await limits.count_if_possible(house, of, limit.rate)
    except TooMany as refusal:
        if refusal.refused_at is not None:
            state[_TOLD] = _told(limit, 0, refusal.retry_at - refusal.refused_at)
        raise
    if left is not None:
        state[_TOLD] = _told(limit, left.remaining, left.whole_at - left.at)


def _told(limit: Limit, remaining: int, until: timedelta) -> tuple[str, str]:
    """`t`: after how many seconds it is as good as new; when nothing is left, when one is."""
    window = max(1, ceil(limit.rate.whole_after.total_seconds()))
    policy = f'"{limit.name}";q={limit.rate.burst};w={window}'
    return policy, f'"{limit.name}";r={remaining};t={max(0, ceil(until.total_seconds()))}'
