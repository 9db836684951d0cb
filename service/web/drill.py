"""A contact rehearses: link, code, whose, what, check, receipt. Nothing is stopped by it.

"This is real" stands on each page and leads into a real report with what was typed.
"""

from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect
from litestar.status_codes import HTTP_422_UNPROCESSABLE_ENTITY
from msgspec.structs import replace

from domain.challenges import Purpose
from domain.refusals import LinkNotValid, PageExpired
from domain.wallets import Wallet
from service.operations import drills, reports
from service.operations.addresses import plain_text
from service.operations.drills import Rehearsal
from service.operations.house import House
from service.operations.visits import Draft
from service.pages import AnyRequest, go, host_cookie, our_form
from service.storage.values import BrowserSession
from service.web import report
from service.web.code import send_code
from service.web.code_step import CodeStep
from service.web.drill_pages import DonePage, as_visit, check_page, what_page, whose_page
from service.web.frame import (
    CONTACT_COOKIE,
    DRILL_COOKIE,
    contact_here,
    go_on,
    last_visit_here,
    show,
    spoken,
)
from service.web.link import LinkPage, flaw_of, pasted_key
from service.web.telling import LONGEST_NOTE, Told, understood

CODE, WHOSE, WHAT = "/drill/code", "/drill/whose", "/drill/what"
CHECK, RECEIPT = "/drill/check", "/drill/receipt"
# Whoever cannot go on from a rehearsal reports without a link.
_WITHOUT_LINK: Final = "/report"

STEP: Final = CodeStep(purpose=Purpose.DRILL, template="drill/code.html", path=CODE, leads_to=WHOSE)


@get("/drill", include_in_schema=False)
async def open_link(request: AnyRequest) -> Response[str]:
    return show(request, "drill/open.html", LinkPage())


@post("/drill", include_in_schema=False)
async def press_link(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    key = pasted_key(await our_form(request))
    problem = flaw_of(key)
    if problem is None:
        before = request.cookies.get(DRILL_COOKIE)
        try:
            opened = await drills.open_link(house, wallet, key, cookie=before)
        except LinkNotValid:
            problem = "bad-key"
        else:
            await send_code(request, house, wallet, opened.session)
            return go(CODE, host_cookie(DRILL_COOKIE, opened.cookie))
    page = LinkPage(problem=problem)
    return show(request, "drill/open.html", page, status=HTTP_422_UNPROCESSABLE_ENTITY)


@get("/drill/code", include_in_schema=False)
async def type_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.see(request, house, wallet)


@post("/drill/code", include_in_schema=False)
async def ask_code_again(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    return await STEP.ask_again(request, house, wallet)


@post("/drill/code/check", include_in_schema=False)
async def check_code(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    return await STEP.check(request, house, wallet)


@get("/drill/whose", include_in_schema=False)
async def choose_whose(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session, seen = await _here(request, house, wallet)
    if seen.done_at is not None:
        return go(RECEIPT)
    return show(request, "drill/whose.html", whose_page(seen, session.expires_at), now=seen.now)


@post("/drill/whose", include_in_schema=False)
async def say_whose(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    chosen = (await our_form(request)).get("contact", "")
    _, seen = await _here(request, house, wallet)
    return go(WHAT if chosen == str(seen.contact_id) else WHOSE)


@get("/drill/what", include_in_schema=False)
async def ask_what(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session, seen = await _here(request, house, wallet)
    if seen.done_at is not None:
        return go(RECEIPT)
    page = what_page(seen, Told.again(seen.draft), session.expires_at)
    return show(request, "drill/what.html", page, now=seen.now)


@post("/drill/what", include_in_schema=False)
async def say_what(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    told = Told.of(await our_form(request))
    # Also when its time is over: what was typed must be there again after a new code.
    session = await last_visit_here(request, house, wallet, Purpose.DRILL)
    seen = await drills.see(house, wallet, session)
    if seen.done_at is not None:
        return go(RECEIPT)
    draft, problems = understood(told, as_visit(seen), wallet)
    if not await reports.save(house, wallet, session, draft):
        raise PageExpired
    if not problems:
        return go(CHECK)
    page = what_page(seen, told, session.expires_at, problems)
    status = HTTP_422_UNPROCESSABLE_ENTITY
    return show(request, "drill/what.html", page, now=seen.now, status=status)


@get("/drill/check", include_in_schema=False)
async def check(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    session, seen = await _here(request, house, wallet)
    if seen.done_at is not None:
        return go(RECEIPT)
    if seen.draft.kind is None:
        return go(WHAT)
    return show(request, "drill/check.html", check_page(seen, session.expires_at), now=seen.now)


@post("/drill/confirm", include_in_schema=False)
async def finish(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    session, seen = await _here(request, house, wallet)
    if seen.draft.kind is None and seen.done_at is None:
        return go(WHAT)
    await drills.finish(house, wallet, session)
    return go(RECEIPT)


@get("/drill/receipt", include_in_schema=False)
async def read_receipt(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    # It names nobody, so this browser may read it longer than it may rehearse.
    session = await last_visit_here(request, house, wallet, Purpose.DRILL)
    seen = await drills.see(house, wallet, session)
    if seen.reference is None or seen.done_at is None:
        return go(CHECK)
    page = DonePage.of(seen.reference, seen.done_at, spoken(request))
    return show(request, "drill/receipt.html", page, now=seen.now)


@post("/drill/real", include_in_schema=False)
async def make_real(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    """A phone is really missing. Never a dead end: what cannot go on begins without a link."""
    fields = await our_form(request)
    try:
        session = await _rehearsing(request, house, wallet, fields)
        if session.verified_at is not None and "note" in fields:
            await _keep(house, wallet, session, Told.of(fields))
        before = request.cookies.get(CONTACT_COOKIE)
        opened = await drills.make_real(house, wallet, session, cookie=before)
    except (LinkNotValid, PageExpired):
        return go(_WITHOUT_LINK)
    await send_code(request, house, wallet, opened.session)
    return go(report.CODE, host_cookie(CONTACT_COOKIE, opened.cookie))


@get(["/drill/code/check", "/drill/confirm", "/drill/real"], include_in_schema=False)
async def back(request: AnyRequest) -> Redirect:
    """Where the answer to a refused form comes to when it is reloaded or its language changed."""
    pages = {"/drill/code/check": CODE, "/drill/confirm": CHECK}
    return go_on(request, pages.get(request.url.path, "/drill"))


async def _here(
    request: AnyRequest, house: House, wallet: Wallet
) -> tuple[BrowserSession, Rehearsal]:
    """Raises PageExpired, and CodeNeeded before the code."""
    session = await contact_here(request, house, wallet, Purpose.DRILL)
    return session, await drills.see(house, wallet, session)


async def _rehearsing(
    request: AnyRequest, house: House, wallet: Wallet, fields: dict[str, str]
) -> BrowserSession:
    """Whose rehearsal turns real: that of the link on its first page, else the one at this
    browser, even when its time is over. Raises LinkNotValid, PageExpired."""
    key = pasted_key(fields)
    if flaw_of(key) is None:
        before = request.cookies.get(DRILL_COOKIE)
        return (await drills.open_link(house, wallet, key, cookie=before)).session
    return await last_visit_here(request, house, wallet, Purpose.DRILL)


async def _keep(house: House, wallet: Wallet, session: BrowserSession, told: Told) -> None:
    """What stood in the form when it turned real; nothing is sent back to be corrected now."""
    seen = await drills.see(house, wallet, session)
    draft, _ = understood(told, as_visit(seen), wallet)
    draft: Draft = replace(draft, note=plain_text(told.note, longest=LONGEST_NOTE))
    await reports.save(house, wallet, session, draft)


ROUTES = (
    open_link,
    press_link,
    type_code,
    ask_code_again,
    check_code,
    choose_whose,
    say_whose,
    ask_what,
    say_what,
    check,
    finish,
    read_receipt,
    make_real,
    back,
)
