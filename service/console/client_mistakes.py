"""What one API client froze by mistake or with a stolen key: the supervisors' pages."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Struct

from domain import access
from domain.client_mistakes import MistakeReason
from domain.ids import ClientId, ClientMistakeId
from domain.refusals import LevelTooLow, NotFound, Refused
from service.console.frame import Me, language_of, me, signed_in
from service.console.frame import show as show_page
from service.console.proving import ProvingForm, shown_in
from service.console.ticket import filled_in
from service.operations import agents, client_mistakes, mistakes_seen
from service.operations.agents import SignedIn
from service.operations.client_mistakes import Window
from service.operations.house import House
from service.operations.mistakes_seen import MistakeSeen, MistakesSeen, Preview
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS

PATH: Final = "/console/client-mistakes"


async def _supervising(request: AnyRequest, house: NamedDependency[House]) -> SignedIn:
    """To whoever does not supervise there is no such page, whatever its address names: nothing is
    looked up for them, and nothing locked. Raises NotFound, PageExpired."""
    by = await signed_in(request, house)
    try:
        access.require_level(by.agent, access.SUPERVISES)
    except LevelTooLow:
        raise NotFound from None
    return by


_BY: Final = {"by": Provide(_supervising)}


class WindowAsked(Struct, frozen=True, kw_only=True):
    """As the page's fields have it: instants of the wallet's wall clock, without a zone."""

    client: UUID
    since: str
    until: str

    def __post_init__(self) -> None:
        # Raises ValueError: the form is not whole.
        _ = self.window

    @property
    def window(self) -> Window:
        since, until = datetime.fromisoformat(self.since), datetime.fromisoformat(self.until)
        return Window(
            client_id=ClientId(self.client),
            since=since.replace(tzinfo=None),
            until=until.replace(tzinfo=None),
        )


class ProposalForm(WindowAsked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: MistakeReason


class MistakesPage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: MistakesSeen
    preview: Preview | None
    # What the window's form held.
    typed: Mapping[str, str]
    act: str = ""
    refusal: str = ""


class MistakePage(Struct, frozen=True, kw_only=True):
    me: Me
    seen: MistakeSeen
    act: str = ""
    refusal: str = ""


@get(PATH, include_in_schema=False, dependencies=_BY)
async def show_all(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    """With a client and a window in the address: what would be undone."""
    return await _all(request, house, by, dict(request.query_params))


@post(PATH, include_in_schema=False, dependencies=_BY)
async def propose(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    fields = await our_form(request)
    form = filled_in(fields, ProposalForm)
    if form is None:
        return await _all(request, house, by, fields, refusal="incomplete")
    try:
        made = await client_mistakes.propose(house, form.window, form.reason, by=by)
    except NotFound:
        raise
    except Refused as no:
        return await _all(
            request, house, by, fields, refusal=no.code, status=STATUS[type(no)], act="propose"
        )
    return go(f"{PATH}/{made}")


@get(f"{PATH}/{{mistake_id:uuid}}", include_in_schema=False, dependencies=_BY)
async def show(
    request: AnyRequest,
    mistake_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[str]:
    return await _one(request, house, ClientMistakeId(mistake_id), by)


@post(f"{PATH}/{{mistake_id:uuid}}/approval", include_in_schema=False, dependencies=_BY)
async def approve(
    request: AnyRequest,
    mistake_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    """Signing in again first, as before a release."""
    mistake = ClientMistakeId(mistake_id)
    form = filled_in(await our_form(request), ProvingForm)
    if form is None:
        return await _one(request, house, mistake, by, act="approve", refusal="incomplete")
    try:
        proved = await agents.prove_again(house, by, shown_in(request, form), to_decide=True)
        await client_mistakes.approve(house, mistake, by=proved)
    except NotFound:
        raise
    except Refused as no:
        return await _refused(request, house, mistake, by, no, act="approve")
    return go(f"{PATH}/{mistake}")


@post(f"{PATH}/{{mistake_id:uuid}}/rejection", include_in_schema=False, dependencies=_BY)
async def reject(
    request: AnyRequest,
    mistake_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    mistake = ClientMistakeId(mistake_id)
    await our_form(request)
    try:
        await client_mistakes.reject(house, mistake, by=by)
    except NotFound:
        raise
    except Refused as no:
        return await _refused(request, house, mistake, by, no, act="reject")
    return go(f"{PATH}/{mistake}")


async def _all(
    request: AnyRequest,
    house: House,
    by: SignedIn,
    typed: dict[str, str],
    *,
    act: str = "",
    refusal: str = "",
    status: int = HTTP_200_OK,
) -> Response[str]:
    seen = await mistakes_seen.see_all(house, by)
    asked = filled_in(typed, WindowAsked) if typed.get("client") else None
    preview = None
    if asked is not None and not refusal:
        try:
            preview = await mistakes_seen.preview(house, asked.window, by=by)
        except NotFound:
            raise
        except Refused as no:
            act, refusal, status = "preview", no.code, STATUS[type(no)]
    elif typed.get("client") and not refusal:
        act, refusal, status = "preview", "incomplete", HTTP_422_UNPROCESSABLE_ENTITY
    if refusal and status == HTTP_200_OK:
        status = HTTP_422_UNPROCESSABLE_ENTITY
    shown = MistakesPage(
        me=me(by), seen=seen, preview=preview, typed=typed, act=act, refusal=refusal
    )
    zone = preview.client.time_zone if preview is not None else "UTC"
    return show_page(
        request,
        "client-mistakes.html",
        shown,
        language=language_of(by),
        time_zone=zone,
        now=seen.now,
        status=status,
    )


async def _refused(
    request: AnyRequest,
    house: House,
    mistake_id: ClientMistakeId,
    by: SignedIn,
    no: Refused,
    *,
    act: str,
) -> Response[str]:
    return await _one(
        request, house, mistake_id, by, act=act, refusal=no.code, status=STATUS[type(no)]
    )


async def _one(
    request: AnyRequest,
    house: House,
    mistake_id: ClientMistakeId,
    by: SignedIn,
    *,
    act: str = "",
    refusal: str = "",
    status: int = HTTP_200_OK,
) -> Response[str]:
    if refusal and status == HTTP_200_OK:
        status = HTTP_422_UNPROCESSABLE_ENTITY
    seen = await mistakes_seen.see(house, mistake_id, by=by)
    return show_page(
        request,
        "client-mistake.html",
        MistakePage(me=me(by), seen=seen, act=act, refusal=refusal),
        language=language_of(by),
        time_zone=seen.client.time_zone,
        now=seen.now,
        status=status,
    )
