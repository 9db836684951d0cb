"""Where a wallet's program is told what happens: Standard Webhooks 1.0.0."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Request, Router, delete, get, patch, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK, HTTP_202_ACCEPTED

from domain.ids import SignalId, StreamId
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.repeating import repeatable
from service.api.shapes import IdempotencyKey
from service.api.webhook_shapes import (
    NewWebhookEndpoint,
    WebhookDelivery,
    WebhookDeliveryList,
    WebhookEndpoint,
    WebhookEndpointChange,
    WebhookEndpointList,
    WebhookEndpointWithSecret,
)
from service.operations import webhooks
from service.operations.clients import Caller
from service.operations.house import House
from service.storage.values import Scope, SignalState


@post(
    "/v1/webhook-endpoints",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 422, 429),
)
async def add_webhook_endpoint(
    *,
    request: Request[Any, Any, Any],
    data: JSONBody[NewWebhookEndpoint],
    state: State,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> WebhookEndpointWithSecret:
    """Say where to send. The answer holds the secret that signs, and no later one does.

    409 `too-many-endpoints`, 422 `url-not-allowed`.
    """
    made = await webhooks.add_endpoint(
        house,
        wallet,
        caller,
        data.told(),
        loopback=state.http_on_loopback,
        request=repeatable(request, wallet, caller, idempotency_key, await request.body()),
    )
    return WebhookEndpointWithSecret.made(made)


@get("/v1/webhook-endpoints", responses=openapi.problems_at(400, 401, 403, 404, 429))
async def see_webhook_endpoints(
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
) -> WebhookEndpointList:
    """This client's own, in the order in which they were made."""
    after = None if cursor is None else StreamId(cursor)
    page = await webhooks.see_endpoints(house, wallet, caller, after=after, limit=limit)
    return WebhookEndpointList(
        items=tuple(WebhookEndpoint.of(one) for one in page.items), next=page.next
    )


@get(
    "/v1/webhook-endpoints/{endpoint_id:uuid}",
    responses=openapi.problems_at(400, 401, 403, 404, 429),
)
async def see_webhook_endpoint(
    endpoint_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> WebhookEndpoint:
    """One endpoint; another client's does not exist."""
    found = await webhooks.see_endpoint(house, wallet, caller, StreamId(endpoint_id))
    return WebhookEndpoint.of(found)


@patch(
    "/v1/webhook-endpoints/{endpoint_id:uuid}",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 422, 429),
)
async def change_webhook_endpoint(
    *,
    endpoint_id: FromPath[UUID],
    data: JSONBody[WebhookEndpointChange],
    state: State,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> WebhookEndpoint:
    """Change what is named. Disabling parks what was still to be sent.

    422 `url-not-allowed`.
    """
    changed = await webhooks.change_endpoint(
        house,
        wallet,
        caller,
        StreamId(endpoint_id),
        data.told(),
        loopback=state.http_on_loopback,
    )
    return WebhookEndpoint.of(changed)


@delete(
    "/v1/webhook-endpoints/{endpoint_id:uuid}",
    responses=openapi.problems_at(400, 401, 403, 404, 429),
)
async def end_webhook_endpoint(
    endpoint_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
) -> None:
    """Nothing is sent there any more, not even what was waiting."""
    await webhooks.end_endpoint(house, wallet, caller, StreamId(endpoint_id))


@post(
    "/v1/webhook-endpoints/{endpoint_id:uuid}/secret",
    status_code=HTTP_200_OK,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 422, 429),
)
async def renew_webhook_secret(
    *,
    request: Request[Any, Any, Any],
    endpoint_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> WebhookEndpointWithSecret:
    """A new secret, shown this once. For 24 hours the one before signs as well."""
    made = await webhooks.renew_secret(
        house,
        wallet,
        caller,
        StreamId(endpoint_id),
        request=repeatable(request, wallet, caller, idempotency_key, b""),
    )
    return WebhookEndpointWithSecret.made(made)


@post(
    "/v1/webhook-endpoints/{endpoint_id:uuid}/test",
    status_code=HTTP_202_ACCEPTED,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 422, 429),
)
async def send_webhook_test(
    *,
    request: Request[Any, Any, Any],
    endpoint_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> WebhookDelivery:
    """Queue a `webhook.test`; what became of it stands among the deliveries.

    409 `endpoint-not-enabled`.
    """
    queued = await webhooks.send_test(
        house,
        wallet,
        caller,
        StreamId(endpoint_id),
        request=repeatable(request, wallet, caller, idempotency_key, b""),
    )
    return WebhookDelivery.of(queued)


@get(
    "/v1/webhook-endpoints/{endpoint_id:uuid}/deliveries",
    responses=openapi.problems_at(400, 401, 403, 404, 429),
)
async def see_webhook_deliveries(
    *,
    endpoint_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    cursor: Annotated[UUID | None, QueryParameter(description="`next` of the page before.")] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=100)] = 50,
    state_is: Annotated[
        SignalState | None, QueryParameter(name="state", description="Only those.")
    ] = None,
) -> WebhookDeliveryList:
    """What was and what will be sent there, the newest first; kept for 90 days."""
    page = await webhooks.see_deliveries(
        house,
        wallet,
        caller,
        StreamId(endpoint_id),
        before=None if cursor is None else SignalId(cursor),
        state=state_is,
        limit=limit,
    )
    return WebhookDeliveryList(
        items=tuple(WebhookDelivery.of(one) for one in page.items), next=page.next
    )


@post(
    "/v1/webhook-endpoints/{endpoint_id:uuid}/deliveries/{delivery_id:uuid}/send-again",
    status_code=HTTP_202_ACCEPTED,
    responses=openapi.problems_at(400, 401, 403, 404, 409, 422, 429),
)
async def send_webhook_again(
    *,
    request: Request[Any, Any, Any],
    endpoint_id: FromPath[UUID],
    delivery_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: IdempotencyKey = None,
) -> WebhookDelivery:
    """The same body under the same `webhook-id`. One that is still to be sent stays as it is.

    409 `endpoint-not-enabled`.
    """
    again = await webhooks.send_again(
        house,
        wallet,
        caller,
        StreamId(endpoint_id),
        SignalId(delivery_id),
        request=repeatable(request, wallet, caller, idempotency_key, b""),
    )
    return WebhookDelivery.of(again)


WEBHOOK_ENDPOINTS = Router(
    path="/",
    route_handlers=[
        add_webhook_endpoint,
        see_webhook_endpoints,
        see_webhook_endpoint,
        change_webhook_endpoint,
        end_webhook_endpoint,
        renew_webhook_secret,
        send_webhook_test,
        see_webhook_deliveries,
        send_webhook_again,
    ],
    guards=[needs(Scope.WEBHOOKS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.WEBHOOKS]}],
    tags=["webhooks"],
)
