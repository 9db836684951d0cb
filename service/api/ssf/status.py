"""`/ssf/status` and `/ssf/verify`: does it flow, and does it arrive (SSF 1.0, 8.1.2 and 8.1.4)."""

from typing import Annotated

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK, HTTP_204_NO_CONTENT
from msgspec import UNSET, Meta, Struct, UnsetType

from domain.wallets import Wallet
from service import openapi
from service.api.shapes import Word
from service.api.ssf.doors import MANAGES, READS, managing, reading
from service.api.ssf.shapes import StreamInQuery, StreamKey
from service.operations import ssf_status, ssf_streams
from service.operations.clients import Caller
from service.operations.house import House
from service.storage.values import Stream, StreamStatus


class NewStatus(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    stream_id: StreamKey
    status: Annotated[
        StreamStatus,
        Meta(
            description="`paused`: what happens is kept, and told in order once it is enabled. "
            "`disabled`: what waits is dropped, and what happens is not kept."
        ),
    ]
    reason: Annotated[Word | None, Meta(description="A short text for people.")] = None


class StatusAnswer(Struct, frozen=True, kw_only=True):
    stream_id: str
    status: StreamStatus
    reason: str | UnsetType = UNSET

    @classmethod
    def of(cls, stream: Stream) -> "StatusAnswer":
        reason = UNSET if stream.status_reason is None else stream.status_reason
        return cls(stream_id=str(stream.id), status=stream.status, reason=reason)


class Verification(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    stream_id: StreamKey
    state: Annotated[
        Annotated[str, Meta(max_length=1024)] | None,
        Meta(description="Repeated in the event, whatever it is."),
    ] = None


@get(
    "/status",
    guards=[reading],
    security=READS,
    responses=openapi.problems_at(400, 401, 403, 404, 429),
)
async def see_status(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    stream_id: StreamInQuery,
) -> StatusAnswer:
    """Whether the stream flows, and why not."""
    return StatusAnswer.of(await ssf_streams.see_stream(house, wallet, caller, stream_id))


@post(
    "/status",
    guards=[managing],
    security=MANAGES,
    status_code=HTTP_200_OK,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def set_status(
    data: JSONBody[NewStatus],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> StatusAnswer:
    """Stop or start the stream. A `stream-updated` event says it in the stream itself, too."""
    stream = await ssf_status.set_status(
        house, wallet, caller, data.stream_id, status=data.status, reason=data.reason
    )
    return StatusAnswer.of(stream)


@post(
    "/verify",
    guards=[managing],
    security=MANAGES,
    status_code=HTTP_204_NO_CONTENT,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 429),
)
async def ask_verification(
    data: JSONBody[Verification],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> None:
    """Send a verification event. 429 within the stream's `min_verification_interval`."""
    await ssf_status.verify(house, wallet, caller, data.stream_id, state=data.state)
