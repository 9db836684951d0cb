"""`/ssf/poll/{stream_id}`: poll delivery (RFC 8936)."""

from typing import Annotated

from litestar import post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Meta, Struct, field

from domain.wallets import Wallet
from service import openapi
from service.api.ssf.doors import READS, reading
from service.operations import ssf_poll
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.ssf_events import refusal
from service.operations.ssf_poll import MOST_EVENTS, Asked

# Names of tokens as they were handed out; what is no such name has no effect.
Jti = Annotated[str, Meta(max_length=255)]


class SetError(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a token was not taken (RFC 8936, section 2.6). It is not handed out again."""

    err: Annotated[str, Meta(max_length=255)]
    description: Annotated[str, Meta(max_length=4096)] = ""


class Poll(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    max_events: Annotated[
        int,
        Meta(
            ge=0,
            le=2**31 - 1,
            description=f"At most {MOST_EVENTS} come at once; 0 only acknowledges.",
        ),
    ] = MOST_EVENTS
    return_immediately: Annotated[
        bool,
        Meta(description="Without it the answer waits for an event, for 30 seconds at the most."),
    ] = False
    ack: Annotated[list[Jti], Meta(max_length=1000)] = []
    set_errs: Annotated[dict[Jti, SetError], Meta(max_length=1000)] = field(default_factory=dict)


class PollAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """Tokens by their `jti`, in the order in which things happened. What is not acknowledged comes
    again in the same bytes; a later event of the same account comes after that."""

    sets: dict[str, str]
    more_available: bool


@post(
    "/poll/{stream_id:str}",
    guards=[reading],
    security=READS,
    status_code=HTTP_200_OK,
    responses=openapi.problems_at(400, 401, 403, 404, 413, 415, 429),
)
async def poll_stream(
    *,
    stream_id: FromPath[str],
    state: State,
    data: JSONBody[Poll],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> PollAnswer:
    """Acknowledge what was taken, and get what waits."""
    said: dict[str, str | None] = dict.fromkeys(data.ack)
    # Both at once: whoever could not use it did not take it.
    said |= {jti: refusal(error.err) for jti, error in data.set_errs.items()}
    asked = Asked(
        most=min(data.max_events, MOST_EVENTS), at_once=data.return_immediately, said=said
    )
    polled = await ssf_poll.poll(
        house, wallet, caller, stream_id, asked, kind=state.sets, waiting=state.polling
    )
    return PollAnswer(sets=dict(polled.sets), more_available=polled.more)
