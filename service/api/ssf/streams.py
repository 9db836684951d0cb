"""`/ssf/streams`: a stream's configuration (SSF 1.0, section 8.1.1)."""

from typing import Annotated, Any

from litestar import Request, delete, get, patch, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from domain.refusals import StreamDiffers
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import BodyRefused
from service.api.repeating import repeatable
from service.api.shapes import IdempotencyKey
from service.api.ssf.doors import MANAGES, READS, managing, reading
from service.api.ssf.shapes import (
    Method,
    NewStream,
    StreamAnswer,
    StreamChange,
    StreamInQuery,
    WholeStream,
)
from service.operations import ssf_streams
from service.operations.clients import Caller
from service.operations.house import House
from service.problems import FieldProblem, of_code
from service.security.outgoing import may_be_asked


@post(
    "/streams",
    guards=[managing],
    security=MANAGES,
    responses=openapi.problems_at(400, 401, 403, 409, 413, 415, 422, 429),
)
async def make_stream(
    *,
    request: Request[Any, Any, Any],
    state: State,
    data: JSONBody[NewStream],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> StreamAnswer:
    """Make a stream. It begins with what happens from now on.

    409 `too-many-streams` when the client has ten; 422 only for an Idempotency-Key used before.
    """
    _require_reachable(data, state)
    again = repeatable(request, wallet, caller, idempotency_key, await request.body())
    made = await ssf_streams.make_stream(house, wallet, caller, data.told(), request=again)
    return StreamAnswer.of(made, wallet)


@get(
    "/streams",
    guards=[reading],
    security=READS,
    responses=openapi.problems_at(400, 401, 403, 404, 429),
)
async def see_streams(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    stream_id: Annotated[
        str | None,
        QueryParameter(min_length=1, max_length=255, description="Without it, all of them."),
    ] = None,
) -> StreamAnswer | list[StreamAnswer]:
    """One stream, or without a `stream_id` always the list of the client's own."""
    if stream_id is None:
        found = await ssf_streams.see_streams(house, wallet, caller)
        return [StreamAnswer.of(one, wallet) for one in found]
    return StreamAnswer.of(await ssf_streams.see_stream(house, wallet, caller, stream_id), wallet)


@patch(
    "/streams",
    guards=[managing],
    security=MANAGES,
    status_code=HTTP_200_OK,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def change_stream(
    state: State,
    data: JSONBody[StreamChange],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> StreamAnswer:
    """Change what is named. 400 `stream-differs` when a member that only we set is another."""
    return await _change(state, data, house, wallet, caller, replaces=False)


@put(
    "/streams",
    guards=[managing],
    security=MANAGES,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def replace_stream(
    state: State,
    data: JSONBody[WholeStream],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> StreamAnswer:
    """Put this in the place of everything that the receiver said before."""
    return await _change(state, data, house, wallet, caller, replaces=True)


@delete(
    "/streams",
    guards=[managing],
    security=MANAGES,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 429),
)
async def delete_stream(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    stream_id: StreamInQuery,
) -> None:
    """End a stream. What waits in it is not told any more."""
    await ssf_streams.delete_stream(house, wallet, caller, stream_id)


async def _change(
    state: State,
    data: StreamChange | WholeStream,
    house: House,
    wallet: Wallet,
    caller: Caller,
    *,
    replaces: bool,
) -> StreamAnswer:
    _require_reachable(data, state)
    # First whether it is theirs: what only we say of a stream is said to nobody else.
    before = await ssf_streams.see_stream(house, wallet, caller, data.stream_id)
    if not data.fits(wallet):
        raise StreamDiffers
    changed = await ssf_streams.change_stream(
        house, wallet, caller, data.stream_id, data.change(before, replaces=replaces)
    )
    return StreamAnswer.of(changed, wallet)


def _require_reachable(data: NewStream | StreamChange | WholeStream, state: State) -> None:
    """Raises BodyRefused for an address that we would not connect to anyway."""
    delivery = data.delivery
    if not delivery or delivery.method is not Method.PUSH or delivery.endpoint_url is None:
        return
    if not may_be_asked(delivery.endpoint_url, loopback=state.http_on_loopback):
        field = FieldProblem(
            pointer="/delivery/endpoint_url",
            detail="Expected https and a name that is reachable from everywhere",
        )
        raise BodyRefused(of_code("bad-request", 400, (field,)))
