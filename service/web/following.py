"""A contact follows their reports: link or address, code, the list."""

from datetime import datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from domain.challenges import Purpose
from domain.wallets import Wallet
from service.operations import following
from service.operations.following import Following
from service.operations.house import House
from service.pages import AnyRequest, go
from service.web.code_step import CodeStep
from service.web.frame import FOLLOW_COOKIE, contact_here, show
from service.web.link import Door, LinkPage, press
from service.web.report_pages import STATES, said_obeyed

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
    # "waiting", "confirmed", "silent"; None where nothing is stopped by it, or not any more.
    confirmation: str | None
    confirmed_at: datetime | None


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
                confirmation=said_obeyed(report.obeyed),
                confirmed_at=report.obeyed.confirmed_at if report.obeyed is not None else None,
            )
            for report in seen.reports
        )
        return cls(reports=shown, open_until=until)


DOOR: Final = Door(
    purpose=Purpose.FOLLOW, cookie=FOLLOW_COOKIE, template="status/open.html", code_page=CODE
)
STEP: Final = CodeStep(
    purpose=Purpose.FOLLOW, template="status/code.html", path=CODE, leads_to=LIST
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
    return await STEP.see(request, house, wallet)


@post("/status/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    return await STEP.ask_again(request, house, wallet)


@post("/status/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.check(request, house, wallet)


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
