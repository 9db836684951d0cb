"""The owner removes someone, slowly; changes their mind; or says that it was not them."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from domain.contacts import ContactStatus
from domain.ids import ContactId
from domain.wallets import Wallet
from service.operations import people, removals, removals_ahead
from service.operations.house import House
from service.operations.removals_ahead import RemovalAhead
from service.pages import AnyRequest, go, no_cookie, our_form
from service.web.frame import owner_here, show
from service.web.notice import NOTICE_COOKIE, notice_here, noticed
from service.web.owner_frame import LIST, person_here

_NOT_ME: Final = "/owner/not-me"


class RemovePage(Struct, frozen=True, kw_only=True):
    """owner/remove.html"""

    id: str
    name: str
    # None: they cannot report now, and go at once.
    leaves_at: datetime | None
    others_hear: bool
    hours: int

    @classmethod
    def of(cls, contact_id: UUID, ahead: RemovalAhead) -> "RemovePage":
        return cls(
            id=str(contact_id),
            name=ahead.name,
            leaves_at=ahead.leaves_at,
            others_hear=ahead.others_hear,
            hours=ahead.hours,
        )


class NotMePage(Struct, frozen=True, kw_only=True):
    """owner/not_me.html"""

    # "stays", "taken-back"; None when the page was opened later.
    what: str | None
    name: str


@get("/owner/people/{contact_id:uuid}/remove", include_in_schema=False)
async def ask_to_remove(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Response[str]:
    session = await owner_here(request, house, wallet)
    ahead = await removals_ahead.see_removal_ahead(house, wallet, session, ContactId(contact_id))
    page = RemovePage.of(contact_id, ahead)
    return show(request, "owner/remove.html", page, now=ahead.now, time_zone=ahead.time_zone)


@post("/owner/people/{contact_id:uuid}/remove", include_in_schema=False)
async def remove(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    after = await removals.remove(house, wallet, session, person.contact_id)
    is_slow = after.status is ContactStatus.LEAVING
    return go(LIST, noticed("leaving" if is_slow else "gone", person.name))


@post("/owner/people/{contact_id:uuid}/stay", include_in_schema=False)
async def stay(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    await removals.stay(house, wallet, session, person.contact_id)
    return go(LIST, noticed("stays", person.name))


@post("/owner/people/{contact_id:uuid}/not-removed-by-me", include_in_schema=False)
async def disown_removal(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    """One tap, also where the pages only show: whoever stops a removal keeps the owner safe."""
    await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    await removals.disown(house, wallet, session, person.contact_id)
    return go(_NOT_ME, noticed("stays", person.name))


@post("/owner/people/{contact_id:uuid}/not-invited-by-me", include_in_schema=False)
async def disown_invitation(
    request: AnyRequest,
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    contact_id: FromPath[UUID],
) -> Redirect:
    """One tap, after a strong sign-in: it takes somebody off the list."""
    await our_form(request)
    session = await owner_here(request, house, wallet)
    person = await person_here(house, wallet, session, ContactId(contact_id))
    await people.take_back(house, wallet, session, person.contact_id)
    return go(_NOT_ME, noticed("taken-back", person.name))


@get("/owner/not-me", include_in_schema=False)
async def not_me(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    """What was undone, and what to do when somebody else has been here."""
    await owner_here(request, house, wallet)
    notice = notice_here(request)
    page = NotMePage(what=notice.kind if notice else None, name=notice.name if notice else "")
    shown = show(request, "owner/not_me.html", page)
    if notice is not None:
        shown.cookies.append(no_cookie(NOTICE_COOKIE))
    return shown


ROUTES = (ask_to_remove, remove, stay, disown_removal, disown_invitation, not_me)
