"""The step of a journey on which a code is typed; what opens it and where it leads is a value."""

from collections.abc import Awaitable, Callable
from typing import Any

from litestar import Response
from litestar.response import Redirect
from msgspec import Struct

from domain.challenges import CodeResult, Purpose
from domain.wallets import Wallet
from service.operations import reports
from service.operations.house import House
from service.pages import AnyRequest, go, host_cookie, our_form
from service.storage.values import BrowserSession
from service.web.code import flaw_of, send_code, show_code, typed_code
from service.web.frame import COOKIE_FOR, contact_here


class CodeStep(Struct, frozen=True, kw_only=True):
    """Once the code was right, every way into the step leads on."""

    purpose: Purpose
    template: str
    path: str
    leads_to: str
    # Where the journey has a way of its own to find the visit.
    visit: Callable[[AnyRequest, House, Wallet], Awaitable[BrowserSession]] | None = None

    async def see(self, request: AnyRequest, house: House, wallet: Wallet) -> Response[Any]:
        session = await self._visit(request, house, wallet)
        if session.verified_at is not None:
            return go(self.leads_to)
        return await show_code(request, house, wallet, session, template=self.template)

    async def ask_again(self, request: AnyRequest, house: House, wallet: Wallet) -> Redirect:
        to = (await our_form(request)).get("to", "")
        session = await self._visit(request, house, wallet)
        if session.verified_at is not None:
            return go(self.leads_to)
        was_sent = await send_code(request, house, wallet, session, to=to)
        return go(f"{self.path}?again=1" if was_sent else self.path)

    async def check(self, request: AnyRequest, house: House, wallet: Wallet) -> Response[Any]:
        code = typed_code(await our_form(request))
        session = await self._visit(request, house, wallet)
        if session.verified_at is not None:
            return go(self.leads_to)
        problem = flaw_of(code, wallet, session.way)
        if problem is None:
            match await reports.spend_code(house, wallet, session, code):
                # First, because a result is text as well.
                case CodeResult() as result:
                    problem = result.value
                case cookie:
                    return go(self.leads_to, host_cookie(COOKIE_FOR[self.purpose], cookie))
        return await show_code(
            request, house, wallet, session, template=self.template, problem=problem
        )

    async def _visit(self, request: AnyRequest, house: House, wallet: Wallet) -> BrowserSession:
        if self.visit is not None:
            return await self.visit(request, house, wallet)
        return await contact_here(request, house, wallet, self.purpose)
