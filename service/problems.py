"""Every refusal's answer, decided once: its status here, its words in the pages' template.

API answers are problem documents (RFC 9457); pages show the same refusal in words. Unknown
errors say nothing about the inside.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from math import ceil
from typing import Any, Final, cast

from litestar import Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.status_codes import (
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_409_CONFLICT,
    HTTP_410_GONE,
    HTTP_412_PRECONDITION_FAILED,
    HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_428_PRECONDITION_REQUIRED,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_500_INTERNAL_SERVER_ERROR,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from msgspec import Struct

from domain import refusals as r
from domain.refusals import Refused

STATUS: Final[Mapping[type[Refused], int]] = {
    r.NotFound: HTTP_404_NOT_FOUND,
    r.ChangedMeanwhile: HTTP_409_CONFLICT,
    r.LinkNotValid: HTTP_410_GONE,
    r.PageExpired: HTTP_401_UNAUTHORIZED,
    r.CodeNeeded: HTTP_401_UNAUTHORIZED,
    r.TooSoon: HTTP_429_TOO_MANY_REQUESTS,
    r.TooMany: HTTP_429_TOO_MANY_REQUESTS,
    r.TooManyWrongCodes: HTTP_429_TOO_MANY_REQUESTS,
    r.AccountIsFrozen: HTTP_409_CONFLICT,
    r.AccountNotFrozen: HTTP_409_CONFLICT,
    r.DeviceReported: HTTP_409_CONFLICT,
    r.AlreadyPaused: HTTP_409_CONFLICT,
    r.NotPaused: HTTP_409_CONFLICT,
    r.PauseTooLong: HTTP_422_UNPROCESSABLE_ENTITY,
    r.PausesUsedUp: HTTP_409_CONFLICT,
    r.NothingToPause: HTTP_409_CONFLICT,
    r.NothingRings: HTTP_409_CONFLICT,
    r.TokenUsed: HTTP_409_CONFLICT,
    r.VersionMismatch: HTTP_409_CONFLICT,
    r.NoPlaceLeft: HTTP_409_CONFLICT,
    r.AlreadyInvited: HTTP_409_CONFLICT,
    r.OwnAddress: HTTP_422_UNPROCESSABLE_ENTITY,
    r.NameNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    r.AddressNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    r.NotOpen: HTTP_409_CONFLICT,
    r.NoRehearsalNow: HTTP_409_CONFLICT,
    r.CannotTakeBack: HTTP_409_CONFLICT,
    r.PlaceNotFree: HTTP_409_CONFLICT,
    r.NotAContact: HTTP_409_CONFLICT,
    r.NoRemovalPending: HTTP_409_CONFLICT,
    r.RemovalsUndecided: HTTP_409_CONFLICT,
    r.NotSuspended: HTTP_409_CONFLICT,
    r.AccountIsClosed: HTTP_409_CONFLICT,
    r.TicketIsOpen: HTTP_409_CONFLICT,
    r.CannotTakeTicket: HTTP_409_CONFLICT,
    r.OwnLineNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    r.WrittenOften: HTTP_429_TOO_MANY_REQUESTS,
    r.NoWayToWrite: HTTP_409_CONFLICT,
    r.MayNotReport: HTTP_403_FORBIDDEN,
    r.CannotWithdraw: HTTP_409_CONFLICT,
    r.StrongSignInNeeded: HTTP_401_UNAUTHORIZED,
    r.CodeUsed: HTTP_409_CONFLICT,
    r.DuressNotAsked: HTTP_409_CONFLICT,
    r.OwnerNotFree: HTTP_409_CONFLICT,
    r.TicketClosed: HTTP_409_CONFLICT,
    r.WordsMissing: HTTP_422_UNPROCESSABLE_ENTITY,
    r.TooManyWatch: HTTP_429_TOO_MANY_REQUESTS,
    r.ProofsMissing: HTTP_409_CONFLICT,
    r.ChecklistOpen: HTTP_409_CONFLICT,
    r.AddressDoesNotCount: HTTP_409_CONFLICT,
    r.LineTooFresh: HTTP_409_CONFLICT,
    r.LineReplacedBefore: HTTP_409_CONFLICT,
    r.NoticesHeld: HTTP_409_CONFLICT,
    r.LevelNotCounted: HTTP_409_CONFLICT,
    r.PerformedBeforeFreeze: HTTP_409_CONFLICT,
    r.PerformedInFuture: HTTP_409_CONFLICT,
    r.LevelTooLow: HTTP_403_FORBIDDEN,
    r.TooNewToApprove: HTTP_403_FORBIDDEN,
    r.OwnProposal: HTTP_403_FORBIDDEN,
    r.NothingPending: HTTP_409_CONFLICT,
    r.NotPicked: HTTP_403_FORBIDDEN,
    r.KeptFrozen: HTTP_409_CONFLICT,
    r.NotKeptFrozen: HTTP_409_CONFLICT,
    r.OwnDecision: HTTP_403_FORBIDDEN,
    r.Involved: HTTP_403_FORBIDDEN,
    r.WindowNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    r.AlreadyProposed: HTTP_409_CONFLICT,
    r.EvidenceChanged: HTTP_409_CONFLICT,
    r.AlreadyDecided: HTTP_409_CONFLICT,
    r.OwnerNotVerified: HTTP_409_CONFLICT,
    r.ReporterNotHeard: HTTP_409_CONFLICT,
    r.OwnerNotTried: HTTP_409_CONFLICT,
    r.SignInFailed: HTTP_401_UNAUTHORIZED,
    r.ClientNotValid: HTTP_401_UNAUTHORIZED,
    r.ScopeMissing: HTTP_403_FORBIDDEN,
    r.TokenNotValid: HTTP_401_UNAUTHORIZED,
    r.SignInVoid: HTTP_401_UNAUTHORIZED,
    r.IssuerAway: HTTP_503_SERVICE_UNAVAILABLE,
    r.TooManyStreams: HTTP_409_CONFLICT,
    # As SSF 1.0 has it (section 8.1.1.3).
    r.StreamDiffers: HTTP_400_BAD_REQUEST,
    r.UrlNotAllowed: HTTP_422_UNPROCESSABLE_ENTITY,
    r.TooManyEndpoints: HTTP_409_CONFLICT,
    r.EndpointNotEnabled: HTTP_409_CONFLICT,
    r.KeyReused: HTTP_422_UNPROCESSABLE_ENTITY,
    r.IfMatchNeeded: HTTP_428_PRECONDITION_REQUIRED,
    r.ChangedSinceRead: HTTP_412_PRECONDITION_FAILED,
    r.NothingSaid: HTTP_422_UNPROCESSABLE_ENTITY,
    r.StillRunning: HTTP_409_CONFLICT,
    r.FormNotOurs: HTTP_403_FORBIDDEN,
    r.AgentHasEnded: HTTP_409_CONFLICT,
    r.TooManyPasskeys: HTTP_409_CONFLICT,
    r.PasskeyNotValid: HTTP_422_UNPROCESSABLE_ENTITY,
    r.ProveAgainFirst: HTTP_401_UNAUTHORIZED,
    r.OwnAddressesNeeded: HTTP_422_UNPROCESSABLE_ENTITY,
}
# For engineers, who read API answers in English; people read the pages.
TITLES: Final[Mapping[str, str]] = {
    "bad-request": "The request is not of the documented form.",
    "too-large": "The body is larger than 64 kB.",
    "not-found": "There is nothing here.",
    "method-not-allowed": "This resource has no such method.",
    "unavailable": "Storing is not possible at the moment. Try again later.",
    "internal": "Something went wrong on our side.",
}

# What is tried again after some seconds, when nothing is known but that it does not work now.
SOON: Final = {"Retry-After": "5"}


class FieldProblem(Struct, frozen=True, kw_only=True):
    pointer: str
    detail: str


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A problem document."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    errors: tuple[FieldProblem, ...] = ()


def of_refusal(refusal: Refused) -> Problem:
    """A refusal as a problem document; its docstring is the detail."""
    told = (type(refusal).__doc__ or "").strip()
    title = refusal.code.replace("-", " ").capitalize()
    return Problem(
        type=f"urn:resguardo:problem:{refusal.code}",
        title=title,
        status=STATUS[type(refusal)],
        code=refusal.code,
        detail=told,
    )


def of_code(code: str, status: int, errors: tuple[FieldProblem, ...] = ()) -> Problem:
    return Problem(
        type=f"urn:resguardo:problem:{code}",
        title=TITLES[code],
        status=status,
        code=code,
        errors=errors,
    )


def of_http(error: HTTPException) -> Problem:
    """What the framework refuses: unknown paths, wrong methods, bodies that do not fit."""
    match error.status_code:
        case 404:
            return of_code("not-found", 404)
        case 405:
            return of_code("method-not-allowed", 405)
        case 413:
            return of_code("too-large", 413)
        case status if status < 500:
            fields = field_problems(error) if isinstance(error, ValidationException) else ()
            return of_code("bad-request", HTTP_400_BAD_REQUEST, fields)
        case _:
            return of_code("internal", HTTP_500_INTERNAL_SERVER_ERROR)


def field_problems(error: ValidationException) -> tuple[FieldProblem, ...]:
    """Which members are wrong, as JSON pointers; never what was sent."""
    extra: Any = error.extra
    listed = cast("list[dict[str, str]]", extra) if isinstance(extra, list) else []
    return tuple(
        FieldProblem(
            pointer="/" + str(one.get("key", "")).replace(".", "/"),
            detail=str(one.get("message", "")),
        )
        for one in listed
    )


def document(problem: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    return Response(
        problem,
        status_code=problem.status,
        media_type="application/problem+json",
        headers=dict(headers or {}),
    )


def headers_of(refusal: Refused) -> dict[str, str]:
    """What a refusal adds: how to authenticate, or when to come back."""
    if isinstance(refusal, r.ClientNotValid):
        return {"WWW-Authenticate": 'Basic realm="resguardo", Bearer realm="resguardo"'}
    if isinstance(refusal, r.ScopeMissing):
        return {"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
    return retry_after(refusal)


def retry_after(refusal: Refused) -> dict[str, str]:
    """Whole seconds, rounded up: whoever waits that long is not refused again for a moment."""
    if isinstance(refusal, r.IssuerAway):
        return {"Retry-After": "10"}
    if not isinstance(refusal, r.TooSoon | r.TooMany):
        return {}
    wait = refusal.retry_at - (refusal.refused_at or datetime.now(UTC))
    return {"Retry-After": str(max(1, ceil(wait.total_seconds())))}


# Only the API says this one: no page asks for JSON.
NOT_JSON: Final = Problem(
    type="urn:resguardo:problem:unsupported-media-type",
    title="The body must be JSON in UTF-8.",
    status=HTTP_415_UNSUPPORTED_MEDIA_TYPE,
    code="unsupported-media-type",
)
UNAVAILABLE: Final = of_code("unavailable", HTTP_503_SERVICE_UNAVAILABLE)
INTERNAL: Final = of_code("internal", HTTP_500_INTERNAL_SERVER_ERROR)
