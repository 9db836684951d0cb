"""Webhook endpoints and deliveries as they are told and shown."""

from datetime import datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from domain.ids import SignalId, StreamId
from service.api.shapes import in_utc
from service.operations.webhooks import EndpointChange, EventType, MadeSecret, NewEndpoint
from service.storage.values import Signal, SignalState, Stream, StreamStatus

_URL = Meta(
    min_length=1,
    max_length=2000,
    pattern=r"^[\u0021-\u007e]+(?![\s\S])",
    description="https, reachable from everywhere, without user name or fragment.",
    examples=["https://hooks.norte.example/resguardo"],
)
_SOME = Meta(min_length=1)
_EVENTS = Meta(min_length=1, max_length=len(EventType), description="What is told there.")
_DESCRIPTION = Meta(
    max_length=200, pattern=r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\ufffd])", examples=["Gateway"]
)


class NewWebhookEndpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: Annotated[str, _URL]
    events: Annotated[
        Annotated[list[EventType], _SOME] | None, Meta(description="null: all there are today.")
    ] = None
    description: Annotated[str, _DESCRIPTION] | None = None

    def told(self) -> NewEndpoint:
        events = None if self.events is None else tuple(self.events)
        return NewEndpoint(url=self.url, events=events, description=self.description)


class WebhookEndpointChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    url: Annotated[str, _URL] | UnsetType = UNSET
    events: Annotated[list[EventType], _EVENTS] | UnsetType = UNSET
    description: Annotated[str, _DESCRIPTION] | UnsetType | None = UNSET
    status: StreamStatus | UnsetType = UNSET

    def told(self) -> EndpointChange:
        return EndpointChange(
            url=self.url,
            events=UNSET if self.events is UNSET else tuple(self.events),
            description=self.description,
            status=self.status,
        )


class WebhookEndpoint(Struct, frozen=True, kw_only=True):
    id: StreamId
    url: str
    events: tuple[str, ...]
    description: str | None
    status: Annotated[
        StreamStatus,
        Meta(
            description=(
                "`paused`: what happens is kept until it is enabled again. `disabled`: it is not; "
                "an endpoint that answers 410 becomes so."
            )
        ),
    ]
    status_reason: Annotated[str | None, Meta(description="`gone`: it answered 410.")]
    failing_since: Annotated[
        datetime | None, Meta(description="Since when no sending was answered with 2xx.")
    ]
    earlier_secret_until: Annotated[
        datetime | None, Meta(description="How long the secret before signs too.")
    ]
    created_at: datetime

    @classmethod
    def of(cls, endpoint: Stream) -> "WebhookEndpoint":
        return cls(**_endpoint(endpoint))


class WebhookEndpointWithSecret(WebhookEndpoint, frozen=True, kw_only=True):
    secret: Annotated[
        str,
        Meta(
            description="Shown this once; its part after `whsec_` is the base64 of the HMAC's key."
        ),
    ]

    @classmethod
    def made(cls, made: MadeSecret) -> "WebhookEndpointWithSecret":
        return cls(**_endpoint(made.endpoint), secret=made.secret)


class WebhookEndpointList(Struct, frozen=True, kw_only=True):
    items: tuple[WebhookEndpoint, ...]
    next: Annotated[StreamId | None, Meta(description="For `cursor`; null on the last page.")]


class WebhookDelivery(Struct, frozen=True, kw_only=True):
    id: Annotated[SignalId, Meta(description="The `webhook-id` of each of its sendings.")]
    type: str
    state: Annotated[
        SignalState,
        Meta(description="`parked`: given up, or its endpoint was disabled; may be sent again."),
    ]
    attempts: int
    queued_at: datetime
    next_attempt_at: datetime | None
    sent_at: datetime | None
    last_status: int | None
    last_error: str | None

    @classmethod
    def of(cls, signal: Signal) -> "WebhookDelivery":
        return cls(
            id=signal.id,
            type=signal.type,
            state=signal.state,
            attempts=signal.attempts,
            queued_at=in_utc(signal.queued_at),
            next_attempt_at=in_utc(signal.due_at) if signal.state is SignalState.DUE else None,
            sent_at=None if signal.sent_at is None else in_utc(signal.sent_at),
            last_status=signal.status_code,
            last_error=signal.last_error,
        )


class WebhookDeliveryList(Struct, frozen=True, kw_only=True):
    items: tuple[WebhookDelivery, ...]
    next: Annotated[SignalId | None, Meta(description="For `cursor`; null on the last page.")]


def _endpoint(endpoint: Stream) -> dict[str, Any]:
    def utc(instant: datetime | None) -> datetime | None:
        return None if instant is None else in_utc(instant)

    return {
        "id": endpoint.id,
        "url": endpoint.url or "",
        "events": endpoint.events,
        "description": endpoint.description,
        "status": endpoint.status,
        "status_reason": endpoint.status_reason,
        "failing_since": utc(endpoint.failing_since),
        "earlier_secret_until": utc(endpoint.secret_before_until),
        "created_at": utc(endpoint.created_at),
    }
