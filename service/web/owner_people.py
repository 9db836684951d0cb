"""The owner invites someone, sends again, takes back; and sees who counts on them."""

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_422_UNPROCESSABLE_ENTITY,
    HTTP_429_TOO_MANY_REQUESTS,
)
from msgspec import Struct
from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.contacts import allowed_name
from domain.ids import ContactId
from domain.refusals import (
    AddressNotAllowed,
    AlreadyInvited,
    CannotTakeBack,
    NameNotAllowed,
    NotOpen,
    OwnAddress,
    TooMany,
    TooSoon,
)
from domain.wallets import Wallet
from service.operations import people, trusting
from service.operations.addresses import normal_email, normal_phone
from service.operations.house import House
from service.operations.people import NewContact
from service.pages import AnyRequest, go, our_form
from service.security.tokens import new_token
from service.storage.values import BrowserSession
from service.web.countries import countries
from service.web.frame import owner_here, show, spoken
from service.web.notice import noticed
from service.web.owner_frame import LIST, manager_here, one_of, person_here
from service.web.owner_pages import InvitePage, SendAgainPage, TakeBackPage

_INVITE = "owner/invite.html"


class TrustingPage(Struct, frozen=True, kw_only=True):
    """owner/trusting.html"""

    # First names.
    names: tuple[str, ...]


@get("/owner/invite", include_in_schema=False)
async def ask_whom(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    await manager_here(request, house, wallet)
    return show(request, _INVITE, _empty(request, wallet))


@post("/owner/invite", include_in_schema=False)
async def invite(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    page = _empty(request, wallet).typed(fields)
    new = NewContact(
        name=page.name,
        kind=AddressKind(page.way),
        address=page.email if page.way == AddressKind.EMAIL else page.phone,
        country=page.country,
    )
    if problems := _flaws(new, wallet):
        return _again(request, replace(page, problems=problems))
    # The same form sent twice invites once; changed on the way back, it is another invitation.
    written = "|".join((fields.get("idempotency_key", ""), new.name, new.kind, new.address))
    key = sha256(written.encode()).hexdigest()
    try:
        contact_id = await people.invite(house, wallet, session, new, key=key)
    except OwnAddress:
        return _again(request, replace(page, problems=("own-address",)))
    except AlreadyInvited:
        return _again(request, replace(page, problems=("already-there",)))
    except (TooSoon, TooMany) as waits:
        seen = await people.see_people(house, wallet, session)
        page = replace(page, problems=("too-soon",), retry_at=waits.retry_at)
        return show(
            request,
            _INVITE,
            page,
            now=seen.now,
            time_zone=seen.time_zone,
            status=HTTP_429_TOO_MANY_REQUESTS,
        )
    person = await person_here(house, wallet, session, contact_id)
    return go(LIST, noticed("invited", person.name))


@get("/owner/people/{contact_id:uuid}/send-again", include_in_schema=False)
async def ask_to_send_again(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Response[str]:
    session = await manager_here(request, house, wallet)
    return await _ask_to_send_again(request, house, wallet, session, contact_id)


@post("/owner/people/{contact_id:uuid}/send-again", include_in_schema=False)
async def send_again(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Response[Any]:
    fields = await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    key = sha256(fields.get("idempotency_key", "").encode()).hexdigest()
    try:
        await people.send_again(house, wallet, session, person.contact_id, key=key)
    except (TooSoon, TooMany) as waits:
        return await _ask_to_send_again(
            request, house, wallet, session, contact_id, retry_at=waits.retry_at
        )
    return go(LIST, noticed("sent-again", person.name))


@get("/owner/people/{contact_id:uuid}/take-back", include_in_schema=False)
async def ask_to_take_back(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Response[str]:
    session = await manager_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    if not person.may_be_taken_back:
        raise CannotTakeBack
    page = TakeBackPage(id=str(contact_id), name=person.name, state=person.status.value)
    return show(request, "owner/take_back.html", page)


@post("/owner/people/{contact_id:uuid}/take-back", include_in_schema=False)
async def take_back(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    await people.take_back(house, wallet, session, person.contact_id)
    return go(LIST, noticed("taken-back", person.name))


@get("/owner/trusting", include_in_schema=False)
async def see_who_trusts(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    seen = await trusting.see_who_trusts(house, wallet, session)
    page = TrustingPage(names=seen.names)
    return show(request, "owner/trusting.html", page, now=seen.now, time_zone=seen.time_zone)


async def _ask_to_send_again(
    request: AnyRequest,
    house: House,
    wallet: Wallet,
    session: BrowserSession,
    contact_id: UUID,
    *,
    retry_at: datetime | None = None,
) -> Response[str]:
    """The question; with `retry_at`, that it is too soon for it."""
    seen = await people.see_people(house, wallet, session)
    person = one_of(seen, ContactId(contact_id))
    if not person.may_be_sent_again:
        raise NotOpen
    page = SendAgainPage(
        id=str(contact_id),
        name=person.name,
        address_masked=person.masked,
        lapses_at=person.lapses_at,
        retry_at=retry_at,
        idempotency_key=new_token(),
    )
    return show(
        request,
        "owner/send_again.html",
        page,
        now=seen.now,
        time_zone=seen.time_zone,
        status=HTTP_200_OK if retry_at is None else HTTP_429_TOO_MANY_REQUESTS,
    )


def _flaws(new: NewContact, wallet: Wallet) -> tuple[str, ...]:
    """Everything that is wrong with what was typed, at once; the operation checks it again."""
    problems: list[str] = []
    try:
        allowed_name(new.name)
    except NameNotAllowed:
        problems.append("bad-name" if new.name.strip() else "no-name")
    try:
        if new.kind is AddressKind.EMAIL:
            normal_email(new.address)
        else:
            normal_phone(
                new.address,
                country=new.country or wallet.country,
                dialling_codes=wallet.dialling_codes,
            )
    except AddressNotAllowed:
        problems.append(f"bad-{new.kind.value}")
    return tuple(problems)


def _again(request: AnyRequest, page: InvitePage) -> Response[str]:
    return show(request, _INVITE, page, status=HTTP_422_UNPROCESSABLE_ENTITY)


def _empty(request: AnyRequest, wallet: Wallet) -> InvitePage:
    return InvitePage(
        country=wallet.country,
        countries=countries(wallet.dialling_codes, spoken(request)),
        idempotency_key=new_token(),
    )


ROUTES = (
    ask_whom,
    invite,
    ask_to_send_again,
    send_again,
    ask_to_take_back,
    take_back,
    see_who_trusts,
)
