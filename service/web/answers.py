"""What contacts and owners see when it did not go as it should. No page here needs a database.

On the way to a report the first thing said is whether anything was stopped.
"""

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response
from litestar.status_codes import HTTP_503_SERVICE_UNAVAILABLE
from msgspec import Struct

from domain.refusals import (
    AccountIsFrozen,
    CodeNeeded,
    LinkNotValid,
    MayNotReport,
    NotFound,
    PageExpired,
    Refused,
)
from domain.reports import LossKind, OwnerSafe
from service import problems
from service.pages import AnyRequest, go, typed
from service.problems import Problem
from service.web.frame import show, spoken, wallet_of
from service.web.refusals import (
    BACK_TO_LIST,
    NOT_NOW,
    OPEN_AGAIN,
    PROBLEMS,
    Words,
    in_words,
    words_of,
)
from service.web.telling import Noticed
from service.wording import translations

# Seconds after which trying again makes sense.
_ABOUT_A_RECEIPT: Final = frozenset({"/r/receipt", "/r/other"})
_AFTER_THE_CODE: Final = frozenset({"/i/label", "/i/done"})


class ExpiredPage(Struct, frozen=True, kw_only=True):
    # "invitation", "invitation-page", "accepted", "report", "receipt", "owner", "follow",
    # "withdraw", "space"
    what: str


class NothingHerePage(Struct, frozen=True):
    pass


class RefusalPage(Struct, frozen=True, kw_only=True):
    title: str
    explanation: str
    next_step: str | None
    url: str | None
    action: str


class NotStoppedPage(Struct, frozen=True, kw_only=True):
    typed: tuple[tuple[str, str], ...]
    again: str


def refused(request: AnyRequest, refusal: Refused) -> Response[Any]:
    status = problems.STATUS[type(refusal)]
    if isinstance(refusal, CodeNeeded):
        return go(_code_page(request))
    if isinstance(refusal, PageExpired | LinkNotValid):
        page = ExpiredPage(what=_what_ended(request, refusal))
        template = "drill/over.html" if _rehearsing(request) else "expired.html"
        return show(request, template, page, status=status)
    if isinstance(refusal, NotFound):
        return show(request, "not_found.html", NothingHerePage(), status=status)
    if request.url.path == "/r/confirm" and not isinstance(refusal, MayNotReport):
        return _not_stopped(request, status)
    wallet, language = wallet_of(request), spoken(request)
    if isinstance(refusal, AccountIsFrozen) and _is_under(request, "/i"):
        return _refusal(request, in_words(NOT_NOW, wallet, language), status)
    words = words_of(refusal, wallet, language, datetime.now(UTC))
    return _refusal(request, words, status)


def problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    if problem.status == problems.STATUS[NotFound]:
        return show(request, "not_found.html", NothingHerePage(), status=problem.status)
    if _reporting(request) and problem.code == problems.INTERNAL.code:
        return _not_stopped(request, HTTP_503_SERVICE_UNAVAILABLE)
    if request.url.path == "/r/confirm":
        return _not_stopped(request, problem.status)
    words = in_words(PROBLEMS[problem.code], wallet_of(request), spoken(request))
    return _refusal(request, words, problem.status)


def unavailable(request: AnyRequest) -> Response[Any]:
    if _reporting(request):
        return _not_stopped(request, HTTP_503_SERVICE_UNAVAILABLE)
    answer = problem(request, problems.UNAVAILABLE)
    answer.headers.update(problems.SOON)
    return answer


def _refusal(request: AnyRequest, words: Words, status: int) -> Response[str]:
    url, action = _way_on(request)
    page = RefusalPage(
        title=words.title,
        explanation=words.explanation,
        next_step=words.next_step,
        url=url,
        action=translations(spoken(request)).gettext(action) if url else "",
    )
    template = "drill/refusal.html" if _rehearsing(request) else "refusal.html"
    return show(request, template, page, status=status)


def _not_stopped(request: AnyRequest, status: int) -> Response[str]:
    path = request.url.path
    page = NotStoppedPage(
        typed=tuple(_readable(typed(request))),
        again={
            "/r/confirm": "/r/check",
            "/r/check": "/r/check",
            "/r/what": "/r/what",
            "/report": "/report",
            "/report/address": "/report/address",
            "/mine": "/mine",
        }.get(path, "/r"),
    )
    answer = show(request, "not_stopped.html", page, status=status)
    answer.headers.update(problems.SOON)
    return answer


def _readable(fields: dict[str, str]) -> list[tuple[str, str]]:
    """What a person typed or chose, in the order of the questions; choices only if they are."""
    offered = {
        "kind": set(LossKind),
        "safe": set(OwnerSafe),
        "noticed": set(Noticed),
    }
    return [
        (name, fields[name])
        for name in ("kind", "safe", "noticed", "reach", "note", "address", "number")
        if fields.get(name) and fields[name] in offered.get(name, {fields[name]})
    ]


def _what_ended(request: AnyRequest, refusal: Refused) -> str:
    path = request.url.path
    if _is_under(request, "/owner"):
        return "owner-link" if isinstance(refusal, LinkNotValid) else "owner"
    if _is_under(request, "/status"):
        return "follow"
    if _is_under(request, "/withdraw"):
        return "withdraw"
    if _is_under(request, "/contact"):
        return "space"
    if path in _ABOUT_A_RECEIPT:
        return "receipt"
    if _reporting(request):
        return "report"
    if isinstance(refusal, LinkNotValid):
        return "invitation"
    return "accepted" if path in _AFTER_THE_CODE else "invitation-page"


def _way_on(request: AnyRequest) -> tuple[str | None, str]:
    """Where the button leads, and what it says."""
    if _is_under(request, "/owner") and not _is_under(request, "/owner/dispute"):
        return "/owner", BACK_TO_LIST
    for start in ("/i", "/r", "/status", "/mine", "/contact", "/drill"):
        if _is_under(request, start):
            return start, OPEN_AGAIN
    return None, ""


def _code_page(request: AnyRequest) -> str:
    for start in ("/status", "/contact", "/drill"):
        if _is_under(request, start):
            return f"{start}/code"
    return "/r/code" if _reporting(request) else "/i/code"


def _reporting(request: AnyRequest) -> bool:
    """On the way to a report; a receipt's own buttons come after it."""
    on_the_way = any(_is_under(request, start) for start in ("/r", "/report", "/mine"))
    # A rehearsal that turns real is on the way, too.
    on_the_way |= request.url.path == "/drill/real"
    return on_the_way and request.url.path != "/r/other"


def _rehearsing(request: AnyRequest) -> bool:
    return _is_under(request, "/drill")


def _is_under(request: AnyRequest, start: str) -> bool:
    return f"{request.url.path}/".startswith(f"{start}/")
