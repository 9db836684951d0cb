"""New personal links: a card to print, and "my phone is gone, too"."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect
from msgspec import Struct

from domain.ids import ContactId
from domain.wallets import Wallet
from service.operations import own_links, space
from service.operations.house import House
from service.operations.space import SpaceSeen
from service.pages import AnyRequest, go, our_form
from service.web.frame import show, spoken
from service.web.qr import drawn
from service.web.space import OwnerShown, here, one_of
from service.wording import day_said

GONE = "/contact/phone-gone"


class NewLink(Struct, frozen=True, kw_only=True):
    owner: str
    link: str
    key: str


class CardPage(Struct, frozen=True, kw_only=True):
    """space/card.html: before, and with its link on it."""

    owner: OwnerShown
    made: NewLink | None
    qr: str
    # On paper "today" is soon wrong.
    made_on: str


class GonePage(Struct, frozen=True, kw_only=True):
    """space/gone.html"""

    # Whether every link is stopped.
    stopped: bool
    second: str | None
    links: tuple[NewLink, ...]


@get("/contact/people/{contact_id:uuid}/card", include_in_schema=False)
async def see_card(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Response[str]:
    """Shown again while this visit lasts, so that a jammed printer costs no other link."""
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    owner = one_of(seen, contact_id)
    made = next((link for link in _links(seen, wallet, only=owner.id)), None)
    page = CardPage(
        owner=owner,
        made=made,
        qr=drawn(made.link) if made else "",
        made_on=day_said(seen.now, language=spoken(request), time_zone=wallet.time_zone),
    )
    return show(request, "space/card.html", page, now=seen.now)


@post("/contact/people/{contact_id:uuid}/card", include_in_schema=False)
async def make_card(
    request: AnyRequest,
    contact_id: FromPath[UUID],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
) -> Redirect:
    await our_form(request)
    session = await here(request, house, wallet)
    await own_links.renew_for_card(house, wallet, session, ContactId(contact_id))
    return go(f"/contact/people/{contact_id}/card")


@get("/contact/phone-gone", include_in_schema=False)
async def see_gone(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Response[Any]:
    seen = await space.see_space(house, wallet, await here(request, house, wallet))
    page = GonePage(
        stopped=not any(owner.has_link for owner in seen.owners),
        second=seen.second,
        links=tuple(_links(seen, wallet)),
    )
    return show(request, "space/gone.html", page, now=seen.now)


@post("/contact/phone-gone", include_in_schema=False)
async def stop(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await own_links.stop(house, wallet, await here(request, house, wallet))
    return go(GONE)


@post("/contact/phone-gone/link", include_in_schema=False)
async def renew(
    request: AnyRequest, house: NamedDependency[House], wallet: NamedDependency[Wallet]
) -> Redirect:
    await our_form(request)
    await own_links.renew_after_loss(house, wallet, await here(request, house, wallet))
    return go(GONE)


def _links(seen: SpaceSeen, wallet: Wallet, *, only: str | None = None) -> list[NewLink]:
    """Those made in this visit that still open something."""
    made: list[NewLink] = []
    for owner in seen.owners:
        token = seen.new_links.get(str(owner.contact_id))
        if token is None or not owner.has_link or only not in {None, str(owner.contact_id)}:
            continue
        link = f"{wallet.origin}/r#{token}"
        made.append(NewLink(owner=owner.label or owner.owner_name, link=link, key=token))
    return made


ROUTES = (see_card, make_card, see_gone, stop, renew)
