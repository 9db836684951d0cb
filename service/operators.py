"""What the operator asks of a web process: does it live, how is it, whom to tell of a weakness."""

import hmac
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.types import ControllerRouterHandler
from prometheus_client import CollectorRegistry, Gauge
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from domain.refusals import NotFound
from service.operations import housekeeping
from service.operations.house import House
from service.security import authorization
from service.security.authorization import Bearer
from service.storage.gauges import GAUGES
from service.storage.rows import clock

# A year is the longest that anybody may believe it (RFC 9116, section 2.5.5).
_BELIEVED_FOR: Final = timedelta(days=180)


@get("/health/live", include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "live"}


@get("/health/ready", include_in_schema=False)
async def ready(house: NamedDependency[House]) -> dict[str, str]:
    """The database answers too."""
    async with house.engine.connect() as db:
        await clock(db)
    return {"status": "ready"}


@get("/metrics", include_in_schema=False)
async def metrics(
    request: Request[Any, Any, Any], state: State, house: NamedDependency[House]
) -> Response[bytes]:
    """Gauges in the text form that Prometheus reads. Whoever has no token learns nothing."""
    given = authorization.read(request.headers.get("authorization"))
    expected: str | None = state.metrics_token
    if expected is None or not isinstance(given, Bearer):
        raise NotFound
    if not hmac.compare_digest(given.token.encode(), expected.encode()):
        raise NotFound
    registry = CollectorRegistry()
    for name, value in (await housekeeping.gauges_of(house)).items():
        Gauge(f"resguardo_{name}", GAUGES[name], registry=registry).set(value)
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


@get("/.well-known/security.txt", include_in_schema=False)
async def security_contact(
    request: Request[Any, Any, Any], state: State, house: NamedDependency[House]
) -> Response[str]:
    """Whom to tell of a weakness (RFC 9116)."""
    if state.security_contact is None:
        raise NotFound
    async with house.engine.connect() as db:
        expires: datetime = await clock(db) + _BELIEVED_FOR
    lines = (
        f"Contact: {state.security_contact}",
        f"Expires: {expires:%Y-%m-%dT00:00:00Z}",
        "Preferred-Languages: es, pt, en",
        f"Canonical: {request.scope['state']['origin']}/.well-known/security.txt",
    )
    return Response("\n".join((*lines, "")), media_type="text/plain")


ROUTES: tuple[ControllerRouterHandler, ...] = (live, ready, metrics, security_contact)
