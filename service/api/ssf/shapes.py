"""What is said of a stream, on both sides."""

from enum import StrEnum
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import QueryParameter
from msgspec import UNSET, Meta, Struct, UnsetType

from domain.wallets import Wallet
from service import openapi
from service.api.shapes import Word
from service.api.ssf.metadata import POLL, PUSH
from service.operations.ssf_events import SUPPORTED
from service.operations.ssf_status import VERIFIED_APART
from service.operations.ssf_streams import Change, Receiver
from service.security.signing import Algorithm
from service.storage.values import Stream, StreamKind


class Method(StrEnum):
    """How tokens come: sent by us (RFC 8935), or asked for (RFC 8936)."""

    PUSH = PUSH
    POLL = POLL


Url = Annotated[str, Meta(min_length=1, max_length=2000)]
StreamKey = Annotated[Word, Meta(description="`stream_id` of the stream's configuration.")]
StreamInQuery = Annotated[str, QueryParameter(name="stream_id", min_length=1, max_length=255)]
Events = Annotated[list[Word], Meta(max_length=100)]
Requested = Annotated[
    Events,
    Meta(
        min_length=1,
        description="Event types; those not known here are ignored. Without it, all supported.",
        examples=[[SUPPORTED[0]]],
    ),
]
# Header fields are sent as they are: nothing that could end one.
Authorization = Annotated[
    str, Meta(min_length=1, max_length=4096, pattern=r"^[\u0020-\u007e]+(?![\s\S])")
]
Description = Annotated[Word, Meta(description="For the people who look after it.")]
Audience = Word | Events


class Delivery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    method: Method
    endpoint_url: Annotated[
        Url | None,
        Meta(
            description="Of a stream that is pushed to: https, reachable from everywhere. Of one "
            "that is polled we say it.",
        ),
    ] = None
    authorization_header: Annotated[
        Authorization | UnsetType | None,
        Meta(
            description="What we send as `Authorization`. Kept sealed, and never shown again. Not "
            "named in a change it stays, unless the `endpoint_url` moves to another host."
        ),
    ] = UNSET

    rules_told: ClassVar = [
        openapi.where(
            "method",
            [PUSH],
            Schema(
                required=["endpoint_url"],
                properties={"endpoint_url": Schema(type=OpenAPIType.STRING)},
            ),
        ),
        openapi.where(
            "method",
            [POLL],
            Schema(properties={"authorization_header": Schema(type=OpenAPIType.NULL)}),
        ),
    ]

    def __post_init__(self) -> None:
        if self.method is Method.PUSH and self.endpoint_url is None:
            raise ValueError("A stream that is pushed to needs an endpoint_url")
        if self.method is Method.POLL and self.authorization_header:
            raise ValueError("Nothing is sent to a stream that is polled")

    def authorization(self, before: Stream | None) -> str | UnsetType | None:
        """What was sealed for one host must not be shown to another because nobody named it."""
        named = self.authorization_header
        if named is UNSET and self.method is Method.PUSH and before is not None and before.url:
            return UNSET if _host_of(before.url) == _host_of(self.endpoint_url or "") else None
        return None if named is UNSET else named


class _Said(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a receiver says of its stream."""

    delivery: Delivery | UnsetType = UNSET
    events_requested: Requested | UnsetType = UNSET
    description: Description | UnsetType | None = UNSET
    signing_algorithm: Annotated[
        Algorithm | UnsetType,
        Meta(
            description="An extension: how this stream's tokens are signed. RS256 unless asked "
            "otherwise; ES256 is shorter and quicker."
        ),
    ] = UNSET

    def told(self, before: Stream | None = None) -> Receiver:
        told: dict[str, Any] = {"description": self.description}
        if self.delivery is not UNSET:
            is_push = self.delivery.method is Method.PUSH
            told["kind"] = StreamKind.PUSH if is_push else StreamKind.POLL
            told["url"] = self.delivery.endpoint_url if is_push else None
            told["authorization"] = self.delivery.authorization(before)
        if self.events_requested is not UNSET:
            told["events_requested"] = tuple(dict.fromkeys(self.events_requested))
        if self.signing_algorithm is not UNSET:
            told["algorithm"] = self.signing_algorithm
        return Receiver(**told)


class NewStream(_Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything may be left out: such a stream is polled, and told of everything."""


class _Repeated(_Said, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The transmitter's own members may stand here if they say what it says."""

    stream_id: StreamKey
    iss: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET
    aud: Annotated[Audience | UnsetType, Meta(description="A name, or a list of them.")] = UNSET
    events_supported: Events | UnsetType = UNSET
    events_delivered: Events | UnsetType = UNSET
    min_verification_interval: int | UnsetType = UNSET

    def fits(self, wallet: Wallet) -> bool:
        """Of what is the same for all streams of a wallet."""
        interval = self.min_verification_interval
        return (
            (self.iss is UNSET or self.iss == wallet.origin)
            and (self.events_supported is UNSET or set(self.events_supported) == set(SUPPORTED))
            and (interval is UNSET or interval == _INTERVAL)
            and self._polled_at(wallet)
        )

    def change(self, before: Stream, *, replaces: bool) -> Change:
        audience = self.aud
        if isinstance(audience, str):
            audience = [audience]
        return Change(
            told=self.told(before),
            replaces=replaces,
            audience=None if audience is UNSET else tuple(audience),
            events_delivered=(
                None if self.events_delivered is UNSET else tuple(self.events_delivered)
            ),
        )

    def _polled_at(self, wallet: Wallet) -> bool:
        if self.delivery is UNSET or self.delivery.method is Method.PUSH:
            return True
        said = self.delivery.endpoint_url
        return said is None or said == poll_address(wallet, self.stream_id)


class StreamChange(_Repeated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named stays as it is."""


class WholeStream(_Repeated, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not named is taken away, the `authorization_header` too."""


class DeliveryAnswer(Struct, frozen=True, kw_only=True):
    method: Method
    endpoint_url: str


class StreamAnswer(Struct, frozen=True, kw_only=True):
    """SSF 1.0, section 8.1.1."""

    stream_id: str
    iss: str
    aud: tuple[str, ...]
    delivery: DeliveryAnswer
    events_supported: tuple[str, ...]
    events_requested: tuple[str, ...] | UnsetType = UNSET
    events_delivered: tuple[str, ...]
    min_verification_interval: Annotated[int, Meta(description="Seconds.")]
    description: str | UnsetType = UNSET
    signing_algorithm: Algorithm

    @classmethod
    def of(cls, stream: Stream, wallet: Wallet) -> "StreamAnswer":
        key = str(stream.id)
        delivery = (
            DeliveryAnswer(method=Method.POLL, endpoint_url=poll_address(wallet, key))
            if stream.url is None
            else DeliveryAnswer(method=Method.PUSH, endpoint_url=stream.url)
        )
        return cls(
            stream_id=key,
            iss=wallet.origin,
            aud=stream.audience,
            delivery=delivery,
            events_supported=SUPPORTED,
            events_requested=stream.events_requested or UNSET,
            events_delivered=stream.events,
            min_verification_interval=_INTERVAL,
            description=UNSET if stream.description is None else stream.description,
            signing_algorithm=Algorithm(stream.algorithm),
        )


_INTERVAL = int(VERIFIED_APART.total_seconds())


def _host_of(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()


def poll_address(wallet: Wallet, stream_id: str) -> str:
    return f"{wallet.origin}/ssf/poll/{stream_id}"
