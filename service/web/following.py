"""A contact follows their reports: link or address, code, the list."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from domain.challenges import CodeResult, Purpose
from domain.wallets import Wallet
from service.operations import following, reports
from service.operations.following import Following
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie
from service.web.code import flaw_of as flaw_of_code
from service.web.code import send_code, show_code, typed_code
from service.web.frame import FOLLOW_COOKIE, contact_here, form_of, show
from service.web.link import Door, LinkPage, press
from service.web.report_pages import STATES

CODE, LIST = "/status/code", "/status/reports"


class FollowedShown(Struct, frozen=True, kw_only=True):
    report_id: str
    reference: str
    owner: str
    filed_at: datetime
    withdrawn_at: datetime | None
    # "received", "handled", "closed"
    state: str
    may_withdraw: bool


class ReportsPage(Struct, frozen=True, kw_only=True):
    reports: tuple[FollowedShown, ...]
    open_until: datetime

    @classmethod
    def of(cls, seen: Following, until: datetime) -> "ReportsPage":
        shown = tuple(
            FollowedShown(
                report_id=str(report.report_id),
                reference=report.reference,
                owner=report.label or report.owner_name,
                filed_at=report.filed_at,
                withdrawn_at=report.withdrawn_at,
                state=STATES[report.progress],
                may_withdraw=report.may_be_withdrawn,
            )
            for report in seen.reports
        )
        return cls(reports=shown, open_until=until)


DOOR: Final = Door(
    purpose=Purpose.FOLLOW, cookie=FOLLOW_COOKIE, template="status/open.html", code_page=CODE
)


@get("/status", include_in_schema=False)
async def open_link(request: AnyRequest) -> Response[str]:
    return show(request, DOOR.template, LinkPage())


@post("/status", include_in_schema=False)
async def press_link(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await press(request, house, wallet, DOOR)


@get("/status/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await contact_here(request, house, wallet, Purpose.FOLLOW)
    if session.verified_at is not None:
        return go(LIST)
    return await show_code(request, house, wallet, session, template="status/code.html")


@post("/status/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    to = (await form_of(request)).get("to", "")
    session = await contact_here(request, house, wallet, Purpose.FOLLOW)
    if session.verified_at is not None:
        return go(LIST)
    was_sent = await send_code(request, house, wallet, session, to=to)
    return go(f"{CODE}?again=1" if was_sent else CODE)


@post("/status/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    code = typed_code(await form_of(request))
    session = await contact_here(request, house, wallet, Purpose.FOLLOW)
    if session.verified_at is not None:
        return go(LIST)
    problem = flaw_of_code(code, wallet, session.way)
    if problem is None:
        match await reports.spend_code(house, wallet, session, code):
            # First, because a result is text as well.
            case CodeResult() as result:
                problem = result.value
            case cookie:
                return go(LIST, host_cookie(FOLLOW_COOKIE, cookie))
    template = "status/code.html"
    return await show_code(request, house, wallet, session, template=template, problem=problem)


@get("/status/code/check", include_in_schema=False)
async def back_to_code() -> Redirect:
    """Where a reloaded, or translated, answer to a wrong code comes to."""
    return go(CODE)


@get("/status/reports", include_in_schema=False)
async def list_reports(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await contact_here(request, house, wallet, Purpose.FOLLOW)
    seen = await following.see_reports(house, wallet, session)
    page = ReportsPage.of(seen, session.expires_at)
    return show(request, "status/reports.html", page, now=seen.now)


ROUTES = (
    open_link,
    press_link,
    type_code,
    ask_code_again,
    check_code,
    back_to_code,
    list_reports,
)
