"""An agent's own page: whom they serve, their passkeys, their recovery codes."""

from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY
from msgspec import Meta, Struct

from domain.ids import PasskeyId
from domain.refusals import NotFound, PageExpired, Refused
from service.console.frame import OWN_PAGE, Me, language_of, language_said, me, show, zone_of
from service.console.proving import answered, shown_in
from service.console.ticket import BY, filled_in
from service.operations import agents, passkeys
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.passkeys import MeSeen
from service.pages import AnyRequest, go, our_form
from service.problems import STATUS


class ProofForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # For the password store, which finds its entry by it; never read.
    username: str = ""
    password: str
    code: str
    passkey: str = ""


class NewPasskeyForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=r"\S", max_length=40)]
    passkey: str


class Said(Struct, frozen=True, kw_only=True):
    """What the page says besides how things stand."""

    done: str = ""
    # New recovery codes, told this once.
    codes: tuple[str, ...] = ()
    typed: str = ""
    act: str = ""
    refusal: str = ""


class MePage(Said, frozen=True, kw_only=True):
    me: Me
    seen: MeSeen
    # The languages of owners they speak to, in the agent's words.
    speaks: tuple[str, ...]


@get(OWN_PAGE, include_in_schema=False, dependencies=BY)
async def show_me(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    return await _page(request, house, by, Said(done=request.query_params.get("done", "")))


@post(f"{OWN_PAGE}/proof", include_in_schema=False, dependencies=BY)
async def prove(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    form = filled_in(await our_form(request), ProofForm)
    if form is None:
        return await _incomplete(request, house, by, act="me-proof")
    try:
        await agents.prove_again(house, by, shown_in(request, form))
    except PageExpired:
        raise
    except Refused as refusal:
        return await _told(request, house, by, refusal, act="me-proof")
    return go(f"{OWN_PAGE}?done=proof")


@post("/console/passkey-question", include_in_schema=False, dependencies=BY)
async def ask_again(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    """For the page's script: what one of the agent's authenticators is to sign."""
    await our_form(request)
    return _options(await passkeys.ask_again(house, by, origin=request.scope["state"]["origin"]))


@post(f"{OWN_PAGE}/passkey-question", include_in_schema=False, dependencies=BY)
async def ask_for_new(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[str]:
    """The same for a new one."""
    await our_form(request)
    return _options(await passkeys.ask_for_new(house, by, origin=request.scope["state"]["origin"]))


@post(f"{OWN_PAGE}/passkeys", include_in_schema=False, dependencies=BY)
async def add(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    fields = await our_form(request)
    form = filled_in(fields, NewPasskeyForm)
    if form is None:
        return await _incomplete(request, house, by, act="add-passkey")
    try:
        await passkeys.add(house, by, answered(request, form.passkey), name=form.name)
    except PageExpired:
        raise
    except Refused as refusal:
        return await _told(request, house, by, refusal, act="add-passkey", typed=form.name)
    return go(f"{OWN_PAGE}?done=added")


@post(f"{OWN_PAGE}/passkeys/{{passkey_id:uuid}}/end", include_in_schema=False, dependencies=BY)
async def end(
    request: AnyRequest,
    passkey_id: FromPath[UUID],
    house: NamedDependency[House],
    by: NamedDependency[SignedIn],
) -> Response[Any]:
    await our_form(request)
    try:
        await passkeys.end(house, by, PasskeyId(passkey_id))
    except (NotFound, PageExpired):
        raise
    except Refused as refusal:
        return await _told(request, house, by, refusal, act="end-passkey")
    return go(f"{OWN_PAGE}?done=ended")


@post(f"{OWN_PAGE}/recovery-codes", include_in_schema=False, dependencies=BY)
async def make_codes(
    request: AnyRequest, house: NamedDependency[House], by: NamedDependency[SignedIn]
) -> Response[Any]:
    """Shown in the answer itself: they are stored nowhere that they could be read from again."""
    await our_form(request)
    try:
        codes = await passkeys.make_codes(house, by)
    except PageExpired:
        raise
    except Refused as refusal:
        return await _told(request, house, by, refusal, act="make-codes")
    return await _page(request, house, by, Said(codes=codes))


def _options(told: str) -> Response[str]:
    return Response(told, media_type="application/json", status_code=HTTP_200_OK)


async def _incomplete(
    request: AnyRequest, house: House, by: SignedIn, *, act: str
) -> Response[str]:
    said = Said(act=act, refusal="incomplete")
    return await _page(request, house, by, said, status=HTTP_422_UNPROCESSABLE_ENTITY)


async def _told(
    request: AnyRequest, house: House, by: SignedIn, no: Refused, *, act: str, typed: str = ""
) -> Response[str]:
    said = Said(act=act, refusal=no.code, typed=typed)
    return await _page(request, house, by, said, status=STATUS[type(no)])


async def _page(
    request: AnyRequest, house: House, by: SignedIn, said: Said, *, status: int = HTTP_200_OK
) -> Response[str]:
    seen = await passkeys.see_me(house, by)
    language = language_of(by)
    shown = MePage(
        me=me(by),
        seen=seen,
        speaks=tuple(language_said(code, language) for code in seen.speaks),
        done=said.done,
        codes=said.codes,
        typed=said.typed,
        act=said.act,
        refusal=said.refusal,
    )
    return show(
        request,
        "me.html",
        shown,
        language=language,
        time_zone=zone_of(seen.wallets),
        now=seen.now,
        status=status,
    )
