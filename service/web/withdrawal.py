"""A report is taken back: with a new code, or because another owner was meant."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from msgspec import Struct

from domain.challenges import CodeResult, Purpose
from domain.ids import ReportId
from domain.refusals import NotFound, PageExpired
from domain.wallets import Wallet
from service.operations import withdrawals
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie, our_form
from service.storage.values import BrowserSession
from service.web.code import flaw_of, send_code, show_code, typed_code
from service.web.frame import WITHDRAW_COOKIE, contact_here, last_visit_here, show

EXPLAINED, CODE, DONE = "/withdraw", "/withdraw/code", "/withdraw/done"


class WithdrawPage(Struct, frozen=True, kw_only=True):
    """withdraw/explained.html and withdraw/done.html."""

    reference: str
    filed_at: datetime
    withdrawn_at: datetime | None


@post("/r/other", include_in_schema=False)
async def report_the_other(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    """The wrong person was reported, as the receipt shows."""
    report_id = _report_id(await our_form(request))
    session = await contact_here(request, house, wallet, Purpose.REPORT)
    await withdrawals.report_the_other(house, wallet, session, report_id)
    return go("/r/whose")


@get("/r/other", include_in_schema=False)
async def back_to_the_receipt() -> Redirect:
    return go("/r/receipt")


@post("/withdraw", include_in_schema=False)
async def begin(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    report_id = _report_id(await our_form(request))
    visit = await _where_it_was_seen(request, house, wallet, report_id)
    opened = await withdrawals.begin(house, wallet, visit, report_id)
    return go(EXPLAINED, host_cookie(WITHDRAW_COOKIE, opened.cookie))


@get("/withdraw", include_in_schema=False)
async def explain(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await contact_here(request, house, wallet, Purpose.WITHDRAW)
    return await _show(request, house, wallet, session, "withdraw/explained.html")


@post("/withdraw/code", include_in_schema=False)
async def ask_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    fields = await our_form(request)
    again, to = "again" in fields or "to" in fields, fields.get("to", "")
    session = await contact_here(request, house, wallet, Purpose.WITHDRAW)
    was_sent = await send_code(request, house, wallet, session, to=to)
    return go(f"{CODE}?again=1" if was_sent and again else CODE)


@get("/withdraw/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await contact_here(request, house, wallet, Purpose.WITHDRAW)
    return await show_code(request, house, wallet, session, template="withdraw/code.html")


@post("/withdraw/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    code = typed_code(await our_form(request))
    session = await contact_here(request, house, wallet, Purpose.WITHDRAW)
    problem = flaw_of(code, wallet, session.way)
    if problem is None:
        outcome = await withdrawals.withdraw(house, wallet, session, code)
        if not isinstance(outcome, CodeResult):
            return go(DONE)
        problem = outcome.value
    template = "withdraw/code.html"
    return await show_code(request, house, wallet, session, template=template, problem=problem)


@get("/withdraw/code/check", include_in_schema=False)
async def back_to_code() -> Redirect:
    """Where a reloaded, or translated, answer to a wrong code comes to."""
    return go(CODE)


@get("/withdraw/done", include_in_schema=False)
async def done(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await last_visit_here(request, house, wallet, Purpose.WITHDRAW)
    return await _show(request, house, wallet, session, "withdraw/done.html")


async def _show(
    request: AnyRequest, house: House, wallet: Wallet, session: BrowserSession, template: str
) -> Response[Any]:
    """Before it was taken back, and after."""
    seen = await withdrawals.see_withdrawal(house, wallet, session)
    own = "withdraw/explained.html" if seen.withdrawn_at is None else "withdraw/done.html"
    if own != template:
        return go(EXPLAINED if seen.withdrawn_at is None else DONE)
    page = WithdrawPage(
        reference=seen.reference, filed_at=seen.filed_at, withdrawn_at=seen.withdrawn_at
    )
    return show(request, template, page, now=seen.now)


async def _where_it_was_seen(
    request: AnyRequest, house: House, wallet: Wallet, report_id: ReportId
) -> BrowserSession:
    """The visit that filed it, also when its time is over; else the one that follows it."""
    try:
        visit = await last_visit_here(request, house, wallet, Purpose.REPORT)
    except PageExpired:
        pass
    else:
        if visit.report_id == report_id:
            return visit
    return await contact_here(request, house, wallet, Purpose.FOLLOW)


def _report_id(fields: dict[str, str]) -> ReportId:
    try:
        return ReportId(UUID(fields.get("report", "")))
    except ValueError:
        raise NotFound from None


ROUTES = (
    report_the_other,
    back_to_the_receipt,
    begin,
    explain,
    ask_code,
    type_code,
    check_code,
    back_to_code,
    done,
)
