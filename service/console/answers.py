"""What the console says when it cannot do what was asked; no page here needs the database."""

from typing import Any

from litestar import Response
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct

from domain.refusals import PageExpired, Refused
from service import problems
from service.console.frame import Me, show, sign_in_path
from service.console.signing_in import session_ended
from service.pages import AnyRequest, go
from service.problems import Problem


class AnswerPage(Struct, frozen=True, kw_only=True):
    """`code` chooses the words; see templates/console/answer.html."""

    code: str
    # Nobody is greeted: who asks has not been looked up.
    me: Me | None = None


def refused(request: AnyRequest, refusal: Refused) -> Response[Any]:
    """Whoever is not signed in is sent to the door, and from there back to where they were."""
    if isinstance(refusal, PageExpired):
        typed = request.scope["state"].get("unsent")
        return session_ended(request, typed) if typed else go(sign_in_path(request))
    return _said(request, refusal.code, problems.STATUS[type(refusal)])


def problem(request: AnyRequest, problem: Problem) -> Response[Any]:
    return _said(request, problem.code, problem.status)


def unavailable(request: AnyRequest) -> Response[Any]:
    return _said(request, problems.UNAVAILABLE.code, problems.UNAVAILABLE.status)


def _said(request: AnyRequest, code: str, status: int = HTTP_200_OK) -> Response[str]:
    return show(request, "answer.html", AnswerPage(code=code), language=None, status=status)
