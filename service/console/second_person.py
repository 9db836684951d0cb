"""What all pages share on which a second person decides: what yes will do, signing in again, yes
or no.

Each has a template that extends `templates/console/second_person.html`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from litestar import Response
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain.ids import TicketId
from domain.refusals import NotFound, Refused
from service.console.frame import Me, language_of, me
from service.console.frame import show as show_page
from service.console.proving import Proving, shown_in
from service.operations import agents
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.reinstatement_seen import ReinstatementSeen
from service.operations.ticket_page import TicketSeen
from service.operations.verdict_seen import VerdictSeen
from service.pages import AnyRequest, go
from service.problems import STATUS
from service.wording import zone_said

_NOTHING: Final[Mapping[str, str]] = {}
# The ticket itself, or what of it is decided.
Decided = TicketSeen | VerdictSeen | ReinstatementSeen


class DecisionPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: TicketSeen
    # The same as `seen` where the ticket itself is decided.
    asked: Decided
    zone: str
    act: str = ""
    refusal: str = ""
    # What a refused no held.
    typed: Mapping[str, str] = {}


class Decision(Struct, frozen=True, kw_only=True):
    """One such page, for whoever asks for it now."""

    request: AnyRequest
    house: House
    ticket_id: TicketId
    by: SignedIn
    template: str
    # Read anew for each answer: what was refused is shown as it stands by then.
    see: Callable[[], Awaitable[Decided]]

    async def after_proving(
        self, form: Proving, decides: Callable[[SignedIn], Awaitable[object]]
    ) -> None:
        """Two factors again first: a browser that was left open must not be enough."""
        shown = shown_in(self.request, form)
        proved = await agents.prove_again(self.house, self.by, shown, to_decide=True)
        await decides(proved)

    async def done_or_told(
        self, work: Awaitable[object], *, act: str, typed: Mapping[str, str] = _NOTHING
    ) -> Response[Any]:
        """To the ticket, or the page again with why not. Raises NotFound."""
        try:
            await work
        except NotFound:
            raise
        except Refused as no:
            return await self.shown(act=act, refusal=no.code, typed=typed, status=STATUS[type(no)])
        return go(f"/console/tickets/{self.ticket_id}?done={act}")

    async def incomplete(self, *, act: str, typed: Mapping[str, str] = _NOTHING) -> Response[str]:
        status = HTTP_422_UNPROCESSABLE_ENTITY
        return await self.shown(act=act, refusal="incomplete", typed=typed, status=status)

    async def shown(
        self,
        *,
        act: str = "",
        refusal: str = "",
        typed: Mapping[str, str] = _NOTHING,
        status: int = HTTP_200_OK,
    ) -> Response[str]:
        asked = await self.see()
        seen = asked if isinstance(asked, TicketSeen) else asked.ticket
        language, zone = language_of(self.by), seen.wallet.time_zone
        shown = DecisionPage(
            me=me(self.by),
            seen=seen,
            asked=asked,
            zone=zone_said(zone, language),
            act=act,
            refusal=refusal,
            typed=typed,
        )
        return show_page(
            self.request,
            self.template,
            shown,
            language=language,
            time_zone=zone,
            now=seen.now,
            status=status,
        )
