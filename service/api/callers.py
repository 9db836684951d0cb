"""Who may come in: a bearer token of this wallet with the scope the resource needs."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler

from domain.refusals import ClientNotValid, ScopeMissing
from service import problems
from service.api.bodies import BodyRefused, parameter_refused
from service.api.bodies import refused as body_refused
from service.api.rates import count_call
from service.operations import clients
from service.operations.clients import Caller
from service.problems import Problem
from service.security import authorization
from service.security.authorization import Bearer
from service.storage.values import Scope

AnyConnection = ASGIConnection[Any, Any, Any, Any]


def needs(*scopes: Scope) -> Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]:
    """A guard: it stands before the body is read. Any one of the scopes is enough.

    Raises ClientNotValid, TooMany, ScopeMissing.
    """

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        known = authorization.read(connection.headers.get("authorization"))
        if not isinstance(known, Bearer):
            raise ClientNotValid
        state = connection.scope["state"]
        caller = await clients.client_by_token(
            connection.app.state.house, state["wallet"], known.token
        )
        await count_call(connection.app.state.house, caller, state)
        if not set(scopes) & set(caller.scopes):
            raise ScopeMissing
        state["caller"] = caller

    return guard


def the_caller(request: Request[Any, Any, Any]) -> Caller:
    """Whom the guard let in."""
    return request.scope["state"]["caller"]


def not_valid(request: Request[Any, Any, Any], refusal: ClientNotValid) -> Response[Problem]:
    """A token that was shown is called invalid; without one there is no error to name."""
    shown = authorization.read(request.headers.get("authorization")) is not None
    error = ', error="invalid_token"' if shown else ""
    return problems.document(
        problems.of_refusal(refusal), {"WWW-Authenticate": f'Bearer realm="resguardo"{error}'}
    )


def without_scope(_: Request[Any, Any, Any], refusal: ScopeMissing) -> Response[Problem]:
    return problems.document(
        problems.of_refusal(refusal),
        {"WWW-Authenticate": 'Bearer realm="resguardo", error="insufficient_scope"'},
    )


REFUSALS: dict[int | type[Exception], Callable[[Request[Any, Any, Any], Any], Response[Any]]] = {
    ClientNotValid: not_valid,
    ScopeMissing: without_scope,
    BodyRefused: body_refused,
    ValidationException: parameter_refused,
}
