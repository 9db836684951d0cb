"""How much an API client may ask, and the fields that tell it how much is left.

`RateLimit-Policy` and `RateLimit` as in draft-ietf-httpapi-ratelimit-headers-10: structured field
lists (RFC 9651) with one item, the policy's name. Introspection and the session check stand
outside: a gateway's question depends on no limiter.
"""

from datetime import timedelta
from math import ceil
from typing import Any, Final

from litestar.types import Message, Scope

from domain.limits import API_CALLS
from domain.refusals import TooMany
from service.operations import limits
from service.operations.clients import Caller
from service.operations.house import House

_POLICY: Final = (
    f'"{API_CALLS.name}";q={API_CALLS.rate.burst}'
    f";w={max(1, ceil(API_CALLS.rate.whole_after.total_seconds()))}"
)
_LEFT: Final = "rate-limit-left"


async def count_call(house: House, caller: Caller, state: dict[str, Any]) -> None:
    """Count a call of a known client; what is left is told with the answer, whatever that is.

    Raises TooMany. Fails open: without an answer of the limiter the call goes on untold.
    """
    of = limits.subject_of(house.keys, caller.wallet_id, API_CALLS, caller.client_id.bytes)
    try:
        left = await limits.count_if_possible(house, of, API_CALLS.rate)
    except TooMany as refusal:
        if refusal.refused_at is not None:
            state[_LEFT] = _told(0, refusal.retry_at - refusal.refused_at)
        raise
    if left is not None:
        state[_LEFT] = _told(left.remaining, left.whole_at - left.at)


async def tell_limit(message: Message, scope: Scope) -> None:
    """Add the fields to an answer to a counted call."""
    if message["type"] != "http.response.start":
        return
    left: str | None = scope["state"].get(_LEFT)
    if left is None:
        return
    message["headers"] = [
        *message["headers"],
        (b"ratelimit-policy", _POLICY.encode()),
        (b"ratelimit", left.encode()),
    ]


def _told(remaining: int, until: timedelta) -> str:
    """`t`: after how many seconds it is as good as new; when nothing is left, when one is."""
    return f'"{API_CALLS.name}";r={remaining};t={max(0, ceil(until.total_seconds()))}'
