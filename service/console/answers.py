"""What the console says when it cannot do what was asked; no page here needs the database."""

from typing import Any

from litestar import Response
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.refusals import PageExpired, Refused
from service import problems
from service.console.again import Again
from service.console.frame import QUEUE, SIGN_IN, Me, address_of, show, sign_in_path
from service.console.signing_in import away, session_ended
from service.operations import unsent
from service.pages import AnyRequest, go, typed
from service.problems import Problem


class AnswerPage(Struct, frozen=True, kw_only=True):
    """`code` chooses the words; see templates/console/answer.html."""

    code: str
    # What was sent, where it may be sent once more; else the page that may be asked for again.
    again: Again | None = None
    back: str = QUEUE
    # Nobody is greeted: who asks has not been looked up.
    me: Me | None = None


def refused(request: AnyRequest, refusal: Refused) -> Response[Any]:
    """Whoever is not signed in is sent to the door, and from there back to where they were."""
    if isinstance(refusal, PageExpired):
        sealed = request.scope["state"].get("unsent")
        return session_ended(request, sealed) if sealed else go(sign_in_path(request))
    return _said(request, refusal.code, problems.STATUS[type(refusal)])


def problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    if problem.code == problems.INTERNAL.code and not request.url.path.startswith(SIGN_IN):
        return _not_stored(request, problem)
    return _said(request, problem.code, problem.status)


def unavailable(request: AnyRequest) -> Response[Any]:
    if request.url.path.startswith(SIGN_IN):
        answer = away(request, typed(request))
    else:
        answer = _not_stored(request, problems.UNAVAILABLE)
    answer.headers.update(problems.SOON)
    return answer


def _not_stored(request: AnyRequest, problem: Problem) -> Response[str]:
    """Nothing that was typed is lost: it stands on the page that says so, ready to be sent."""
    sent, path = typed(request), address_of(request)
    proves, login = unsent.proves(sent), sent.get("username", "")
    again = Again.of(path, sent, proves=proves, login=login)
    page = AnswerPage(
        code=problem.code,
        again=again if again.said else None,
        back=path if request.method == "GET" else again.back,
    )
    return show(request, "answer.html", page, language=None, status=problem.status)


def _said(request: AnyRequest, code: str, status: int = HTTP_200_OK) -> Response[str]:
    return show(request, "answer.html", AnswerPage(code=code), language=None, status=status)
