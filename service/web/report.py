"""A contact reports a lost or stolen phone: link, code, whose, what, check, receipt."""

from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY

from domain.challenges import CodeResult, Purpose
from domain.ids import ContactId
from domain.refusals import ChangedMeanwhile, MayNotReport, PageExpired
from domain.wallets import Wallet
from service.operations import filing, reports, unconfirmed
from service.operations.house import House
from service.operations.reports import Visit
from service.operations.visits import Draft
from service.pages import AnyRequest, go, host_cookie, network_of, our_form
from service.security.tokens import new_token
from service.storage.values import BrowserSession
from service.web.code import show_code, typed_code
from service.web.code_step import CodeStep
from service.web.frame import (
    CONTACT_COOKIE,
    contact_here,
    cookie_here,
    go_on,
    last_visit_here,
    show,
    spoken,
)
from service.web.link import Door, LinkPage, press
from service.web.report_pages import CheckPage, ReceiptPage, WhatPage, WhosePage
from service.web.telling import Told, understood

CODE, WHOSE, WHAT, CHECK, RECEIPT = "/r/code", "/r/whose", "/r/what", "/r/check", "/r/receipt"


DOOR: Final = Door(
    purpose=Purpose.REPORT, cookie=CONTACT_COOKIE, template="report/open.html", code_page=CODE
)


async def _session(request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
    """The contact's visit. One that reported is found even when its time is over, so that nobody
    is told that nothing was stopped. Raises PageExpired."""
    last = await last_visit_here(request, house, wallet, Purpose.REPORT)
    if last.report_id is not None:
        return last
    return await contact_here(request, house, wallet, Purpose.REPORT)


STEP: Final = CodeStep(
    purpose=Purpose.REPORT,
    template="report/code.html",
    path=CODE,
    leads_to=WHOSE,
    visit=_session,
)


@get("/r", include_in_schema=False)
async def open_link(request: AnyRequest) -> Response[str]:
    return show(request, DOOR.template, LinkPage())


@post("/r", include_in_schema=False)
async def press_link(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await press(request, house, wallet, DOOR)


@get("/r/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.see(request, house, wallet)


@post("/r/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    return await STEP.ask_again(request, house, wallet)


@post("/r/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.check(request, house, wallet)


@post("/r/code/app", include_in_schema=False)
async def check_app_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    """A code of the contact's authenticator app, in place of the one that was sent."""
    code = typed_code(await our_form(request))
    session = await _session(request, house, wallet)
    if session.verified_at is not None:
        return go(WHOSE)
    problem = "app-wrong"
    if code:
        match await reports.use_app_code(house, wallet, session, code):
            case CodeResult.WRONG:
                pass
            case CodeResult() as result:
                problem = result.value
            case cookie:
                return go(WHOSE, host_cookie(CONTACT_COOKIE, cookie))
    template = "report/code.html"
    return await show_code(request, house, wallet, session, template=template, problem=problem)


@get("/r/code/app", include_in_schema=False)
async def back_from_app(request: AnyRequest) -> Redirect:
    return go_on(request, CODE)


@get("/r/whose", include_in_schema=False)
async def choose_whose(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await _session(request, house, wallet)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    if len(visit.choices) == 1:
        return go(WHAT)
    page = WhosePage.of(visit, session.expires_at)
    return show(request, "report/whose.html", page, now=visit.now)


@post("/r/whose", include_in_schema=False)
async def say_whose(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    chosen = _contact_id((await our_form(request)).get("contact", ""))
    session = await _session(request, house, wallet)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    if chosen is None or chosen not in {choice.contact_id for choice in visit.choices}:
        return go(WHOSE)
    # What was said of one person's phone says nothing about another's.
    if chosen != visit.draft.contact_id:
        await reports.save(house, wallet, session, Draft(contact_id=chosen))
    return go(WHAT)


@get("/r/what", include_in_schema=False)
async def ask_what(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await _session(request, house, wallet)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    if visit.chosen is None:
        return go(WHOSE)
    page = WhatPage.of(visit, visit.chosen, Told.again(visit.draft), session.expires_at)
    return show(request, "report/what.html", page, now=visit.now)


@post("/r/what", include_in_schema=False)
async def say_what(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    told = Told.of(await our_form(request))
    # Also when its time is over: what was typed must be there again after a new code.
    session = await last_visit_here(request, house, wallet, Purpose.REPORT)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    draft, problems = understood(told, visit, wallet)
    if not await reports.save(house, wallet, session, draft):
        raise PageExpired
    if visit.chosen is None:
        return go(WHOSE)
    if not problems:
        return go(CHECK)
    page = WhatPage.of(visit, visit.chosen, told, session.expires_at, problems)
    status = HTTP_422_UNPROCESSABLE_ENTITY
    return show(request, "report/what.html", page, now=visit.now, status=status)


@get("/r/check", include_in_schema=False)
async def check(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session = await _session(request, house, wallet)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    if visit.chosen is None:
        return go(WHOSE)
    if visit.draft.kind is None:
        return go(WHAT)
    page = CheckPage.of(visit, visit.chosen, session.expires_at, key=new_token())
    return show(request, "report/check.html", page, now=visit.now)


@post("/r/confirm", include_in_schema=False)
async def confirm(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    fields = await our_form(request)
    shown = _contact_id(fields.get("contact", ""))
    if shown is None:
        return await _back(request, house, wallet) or go(CHECK)
    # Looked up with everything else, under its lock.
    visit = cookie_here(request, Purpose.REPORT)
    key = sha256(fields.get("idempotency_key", "").encode()).hexdigest()
    network = network_of(request)
    try:
        try:
            await filing.file_report(house, wallet, visit, key=key, shown=shown, network=network)
        except MayNotReport:
            # Whoever cannot freeze just now is heard all the same.
            session = await _session(request, house, wallet)
            await unconfirmed.file_unconfirmed(
                house, wallet, session, key=key, shown=shown, network=network
            )
    except ChangedMeanwhile:
        # In another tab the choice became another one: what the button does is shown again.
        return go(CHECK)
    except MayNotReport:
        if (back := await _back(request, house, wallet)) is not None:
            return back
        raise
    return go(RECEIPT)


@get("/r/receipt", include_in_schema=False)
async def read_receipt(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    # It names nobody, so this browser may read it longer than it may report.
    session = await last_visit_here(request, house, wallet, Purpose.REPORT)
    if session.report_id is None:
        return go(CHECK)
    receipt = await reports.see_receipt(house, wallet, session)
    template = "report/receipt.html"
    if receipt.unconfirmed:
        template = "report/not_stopped_here.html"
    page = ReceiptPage.of(receipt, spoken(request))
    return show(request, template, page, now=receipt.now)


@get("/r/code/check", include_in_schema=False)
async def back_to_code(request: AnyRequest) -> Redirect:
    """Where the answer to a wrong code comes to when its language is changed."""
    return go_on(request, CODE)


@get("/r/confirm", include_in_schema=False)
async def back_to_check(request: AnyRequest) -> Redirect:
    return go_on(request, CHECK)


async def _visit(house: House, wallet: Wallet, session: BrowserSession) -> Visit:
    """Raises CodeNeeded before the code, MayNotReport when nobody is left to report for."""
    visit = await reports.see_visit(house, wallet, session)
    if not visit.choices:
        raise MayNotReport
    return visit


async def _back(request: AnyRequest, house: House, wallet: Wallet) -> Redirect | None:
    """Where a visit belongs that has nothing to confirm yet, or no more."""
    session = await _session(request, house, wallet)
    if session.report_id is not None:
        return go(RECEIPT)
    visit = await _visit(house, wallet, session)
    return go(CHECK) if visit.chosen is None or visit.draft.kind is None else None


def _contact_id(typed: str) -> ContactId | None:
    try:
        return ContactId(UUID(typed))
    except ValueError:
        return None


ROUTES = (
    open_link,
    press_link,
    type_code,
    ask_code_again,
    check_code,
    back_to_code,
    check_app_code,
    back_from_app,
    choose_whose,
    say_whose,
    ask_what,
    say_what,
    check,
    confirm,
    back_to_check,
    read_receipt,
)
