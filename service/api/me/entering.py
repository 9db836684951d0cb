"""Who may come in: an owner with an access token of the wallet's own identity provider."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from litestar import Request, Response, Router
from litestar.connection import ASGIConnection
from litestar.di import Provide
from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler
from litestar.openapi import ResponseSpec
from litestar.types import ControllerRouterHandler

from domain import refusals as r
from domain.refusals import PageExpired, Refused, SignInVoid, StrongSignInNeeded, TokenNotValid
from domain.wallets import Wallet
from service import openapi, problems
from service.api.bodies import ApiRequest, BodyRefused, parameter_refused
from service.api.bodies import refused as body_refused
from service.api.rates import count_owners_call
from service.operations.owners import Owner, owner_by_token
from service.operations.people import require_strong
from service.problems import Problem

AnyConnection = ASGIConnection[Any, Any, Any, Any]
Refusing = Callable[[Request[Any, Any, Any], Any], Response[Any]]

_REALM: Final = 'Bearer realm="resguardo"'
_TOLD: Final = {
    401: ("No token, a void one, or a sign-in that is not enough", r.TokenNotValid()),
    503: ("Not stored; or the wallet's identity provider cannot be asked", r.IssuerAway()),
}


def problems_at(*statuses: int) -> dict[int, ResponseSpec]:
    """As for a backend, but with an owner's 401 and 503."""
    mine = {
        status: openapi.problem(told, problems.of_refusal(refusal))
        for status, (told, refusal) in _TOLD.items()
    }
    return {**openapi.problems_at(*statuses, 429), **mine}


def router(
    *handlers: ControllerRouterHandler,
    tag: str,
    while_frozen: bool = False,
    needs_strong: bool = False,
) -> Router:
    """Routes of an owner; those that stay open `while_frozen` are the narrow door.

    With `needs_strong` the sign-in must be recent and strong for all of them; elsewhere the
    operation asks for it where it is needed.
    """
    return Router(
        path="/",
        route_handlers=handlers,
        guards=[_guard(while_frozen=while_frozen, needs_strong=needs_strong)],
        dependencies={"owner": Provide(_the_owner, sync_to_thread=False)},
        request_class=ApiRequest,
        exception_handlers=_REFUSALS,
        security=[{openapi.OWNER: []}],
        tags=[tag],
    )


def _guard(
    *, while_frozen: bool, needs_strong: bool
) -> Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]:
    """It stands before the body is read.

    Raises TokenNotValid, SignInVoid, StrongSignInNeeded, AccountIsFrozen, IssuerAway, TooMany.
    """

    async def guard(connection: AnyConnection, _: BaseRouteHandler) -> None:
        token = _token(connection)
        if token is None:
            raise TokenNotValid
        state, app = connection.scope["state"], connection.app.state
        wallet: Wallet = state["wallet"]
        owner = await owner_by_token(
            app.house, app.issuers, wallet, token, while_frozen=while_frozen
        )
        await count_owners_call(app.house, wallet.id, owner, state)
        if needs_strong:
            require_strong(owner)
        state["owner"] = owner

    return guard


def _the_owner(request: Request[Any, Any, Any]) -> Owner:
    """Whom the guard let in."""
    return request.scope["state"]["owner"]


def _token(connection: AnyConnection) -> str | None:
    scheme, _, token = connection.headers.get("authorization", "").strip().partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _void(request: Request[Any, Any, Any], refusal: Refused) -> Response[Problem]:
    """A token that was shown is called invalid; without one there is no error to name.

    To a token it is all the same whether the account froze before the call or during it.
    """
    said = SignInVoid() if isinstance(refusal, PageExpired) else refusal
    error = ', error="invalid_token"' if _token(request) is not None else ""
    return problems.document(problems.of_refusal(said), {"WWW-Authenticate": _REALM + error})


def _step_up(request: Request[Any, Any, Any], refusal: StrongSignInNeeded) -> Response[Problem]:
    """What sign-in would be enough (RFC 9470, section 3): how strong, and how old at the most."""
    wallet: Wallet = request.scope["state"]["wallet"]
    most = int(wallet.policy.sessions.strong_sign_in_lasts.total_seconds())
    challenge = (
        f'{_REALM}, error="insufficient_user_authentication", '
        'error_description="A recent strong sign-in is needed", '
        f'acr_values="{" ".join(wallet.strong_acr)}", max_age="{most}"'
    )
    return problems.document(problems.of_refusal(refusal), {"WWW-Authenticate": challenge})


_REFUSALS: Final[dict[int | type[Exception], Refusing]] = {
    TokenNotValid: _void,
    SignInVoid: _void,
    PageExpired: _void,
    StrongSignInNeeded: _step_up,
    BodyRefused: body_refused,
    ValidationException: parameter_refused,
}
