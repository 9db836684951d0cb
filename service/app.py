"""The web process: where its parts are joined."""

import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from asyncpg import PostgresConnectionError
from litestar import Litestar, Request, Response
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.static_files import create_static_files_router  # pyright: ignore[reportUnknownVariableType]  # half annotated
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from domain.refusals import NotFound, Refused
from domain.wallets import Wallet
from service import api, console, openapi, operators, problems, web
from service.after_answers import AfterAnswers
from service.hosts import HostDoor, Hosts
from service.operations.house import House
from service.operations.ssf_poll import Waiting
from service.operations.wallets import require_usable_policies
from service.operations.watching import Watching
from service.options import tell_methods
from service.rsgi import Entrance
from service.security.headers import SecurityHeaders
from service.security.issuers import Issuers
from service.security.keys import load as load_keys
from service.security.outgoing import Outgoing
from service.security.passwords import Passwords
from service.settings import Settings
from service.signals.fast_lane import FastLane
from service.signals.routes import ROUTES
from service.signals.ssf import Sets
from service.storage.bell import Bell
from service.storage.engine import open_engine
from service.storage.introspection import Introspection
from service.storage.migrations import require_humble_role
from service.warming import warm_up

log = structlog.get_logger("service.app")

_LARGEST_BODY = 64 * 1024
POOL: Final = 16
# One bar of signal: a whole first view fits into what a new connection may send at once. What pages
# hold of secrets is no prey to guessing by length (BREACH): other sites' requests come without the
# cookies that would put them there.
_COMPRESSION = CompressionConfig(
    backend="gzip",
    minimum_size=1_000,
    gzip_compress_level=6,
    # What is told as it happens must not wait for more to be worth compressing.
    exclude=["^/console/live$"],
)
_API = ("/v1/", "/oauth/", "/schema", "/ssf/", "/health/", "/metrics", "/.well-known/")


def create_app(settings: Settings) -> Litestar:
    """One installation's web process. Its database and keys are opened when it starts."""
    app = unfurnished()
    furnish(app, settings)
    return app


def unfurnished() -> Litestar:
    """Every route of the web process, and nothing of any installation yet.

    Reading all handlers' signatures is what takes long. Whoever needs one web process after the
    other, as the tests do, has it done once.
    """
    app = Litestar(
        route_handlers=[
            *operators.ROUTES,
            *api.ROUTES,
            *web.ROUTES,
            *console.ROUTES,
            *ROUTES,
            create_static_files_router(
                path="/static",
                directories=[Path(__file__).parent / "static"],
                cache_control=_for_ever(),
                include_in_schema=False,
            ),
        ],
        lifespan=[_lifespan],
        before_send=[api.tell_limit, tell_methods],
        dependencies={
            "house": Provide(_house, sync_to_thread=False),
            "wallet": Provide(_wallet, sync_to_thread=False),
            "introspection": Provide(_introspection, sync_to_thread=False),
        },
        exception_handlers={
            Refused: refused,
            HTTPException: not_of_this_form,
            Exception: fault,
        },
        request_max_body_size=_LARGEST_BODY,
        compression_config=_COMPRESSION,
        openapi_config=openapi.description(),
        plugins=[openapi.ClosedShapes()],
        debug=False,
    )
    # Around the router, not around each route: an address that leads nowhere goes through the same
    # door, and its answer carries the same headers.
    app.asgi_handler = AfterAnswers(SecurityHeaders(HostDoor(app.asgi_handler)))
    return app


def furnish(app: Litestar, settings: Settings) -> None:
    """What this installation brings: database, keys, hosts. Before the app starts."""
    house = open_house(settings)
    app.state = State(
        {
            "house": house,
            "hosts": Hosts(house, settings.console_origin),
            "database": plain_url(settings.database_url),
            "trusted_proxies": settings.trusted_proxies,
            "metrics_token": settings.metrics_token,
            "security_contact": settings.security_contact,
            "http_on_loopback": settings.http_on_loopback,
            # What polled streams hand out, and who waits for it in this process.
            "sets": Sets(house.keys.signing),
            "polling": Waiting(house),
            # Agents who watch the queue.
            "watching": Watching(house),
        }
    )


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncGenerator[None]:
    state = app.state
    house: House = state.house
    async with house.engine.connect() as db:
        await require_humble_role(db)
        await require_usable_policies(db)
    bell = Bell(state.database, house.engine)
    bell.start()
    state.introspection = await Introspection.connect(state.database)
    state.issuers = Issuers(Outgoing(loopback=state.http_on_loopback))
    try:
        yield
    finally:
        await bell.close()
        await _let_go(state)
        await state.issuers.close()
        await state.introspection.close()
        await house.engine.dispose()


def create_entrance(settings: Settings, *, settle: Callable[[], None]) -> Entrance:
    """What the server calls in a web process; `settle` once everything is loaded and open."""
    app = create_app(settings)
    lane = FastLane(app.state.hosts, app.state)
    return Entrance(
        app,
        lane,
        settle=settle,
        warm_up=lambda: warm_up(app.state.house.engine, POOL),
        let_go=lambda: _let_go(app.state),
    )


async def _let_go(state: State) -> None:
    """Whoever waits for something to happen hears that it will not happen here."""
    await state.polling.close()
    await state.watching.close()


def open_house(settings: Settings) -> House:
    """Engine, keys and password hashing of one process."""
    engine = open_engine(settings.database_url, connections=POOL, waits=5)
    return House(engine=engine, keys=load_keys(settings.keys), passwords=Passwords())


def plain_url(url: str) -> str:
    """The same address for the driver itself."""
    return url.replace("postgresql+asyncpg://", "postgresql://", 1)


def _house(state: State) -> House:
    return state.house


def _introspection(state: State) -> Introspection:
    return state.introspection


def _wallet(request: Request[Any, Any, Any]) -> Wallet:
    found: Wallet | None = request.scope["state"].get("wallet")
    if found is None:
        raise NotFound
    return found


def refused(request: Request[Any, Any, Any], refusal: Refused) -> Response[Any]:
    if _is_api(request):
        return problems.document(problems.of_refusal(refusal), problems.headers_of(refusal))
    answer: Response[Any] = _pages(request).refused(request, refusal)
    answer.headers.update(problems.retry_after(refusal))
    return answer


def not_of_this_form(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    problem = problems.of_http(error)
    return (
        problems.document(problem, error.headers)
        if _is_api(request)
        else _pages(request).problem(request, problem)
    )


def fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The database is away, or the fault is ours. Either way nothing was stored, and it is said.

    The line in the log names kind and place: the error's own text may hold what a person typed.
    """
    away = is_database_away(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error(
        "request.database-away" if away else "request.fault",
        error=type(error).__name__,
        at=f"{Path(frame.filename).name}:{frame.lineno}",
        path=request.url.path,
    )
    if not _is_api(request):
        pages = _pages(request)
        return pages.unavailable(request) if away else pages.problem(request, problems.INTERNAL)
    again = problems.SOON if away else None
    return problems.document(problems.UNAVAILABLE if away else problems.INTERNAL, again)


def is_database_away(error: Exception) -> bool:
    """No connection, none free, or lost on the way: try again later. All else is a fault."""
    if isinstance(error, DBAPIError):
        # Let in by nobody, for a reason of no other kind: it takes no connections just now.
        shut_out = type(error) is DBAPIError and error.statement is None
        lost = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        return lost or shut_out
    return isinstance(error, OSError | TimeoutError | PoolTimeout | PostgresConnectionError)


def _is_api(request: Request[Any, Any, Any]) -> bool:
    return request.url.path.startswith(_API)


def _pages(request: Request[Any, Any, Any]) -> Any:
    """Which pages say it: the console's to agents, the wallet's to everyone else."""
    return console.answers if request.url.path.startswith("/console") else web.answers


def _for_ever() -> CacheControlHeader:
    """The address changes with the content."""
    return CacheControlHeader(public=True, max_age=31_536_000, immutable=True)
